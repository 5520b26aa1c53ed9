"""The row of a schedule that a day of payment falls into."""

from datetime import date

from shared.policy.schedule import Assessment, PriceRow


def row_on(assessment: Assessment, day: date) -> PriceRow | None:
    """The row whose dates hold a day; the product compares dates in SQL."""
    return next((row for row in assessment.rows if row.pay_from <= day <= row.pay_until), None)
