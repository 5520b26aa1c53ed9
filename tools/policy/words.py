"""The Chinese names of what a decision answers in codes, for clerks."""

from shared.names import chinese_names
from shared.policy.pack import Wait

RULINGS = chinese_names("ruling")
REASONS = chinese_names("ruling_reason")
FUNDERS = chinese_names("funder")
STATUSES = chinese_names("enrolment_status")


def length(wait: Wait) -> str:
    """How long a wait is, by the calendar."""
    return (f"{wait.months}个月" if wait.months else "") + (f"{wait.days}天" if wait.days else "")
