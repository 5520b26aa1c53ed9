"""Figures of the whole county beside the table of townships, for people who keep books of their own to compare."""

from verify.report import CountyFigures
from verify.snapshot import Databases

_PEOPLE = """
    SELECT count(*) FILTER (WHERE enrolled AND paid_basis = 'CONTRIBUTION') AS paid_people,
           count(*) FILTER (WHERE state = 'HELD') AS held, count(*) FILTER (WHERE state = 'ACTIVE') AS active
    FROM proof.enrolment WHERE benefit_year = :year
"""
_MONEY = """
    SELECT (SELECT coalesce(sum(amount_fen), 0) FROM proof.payment)::bigint AS taken_online_fen,
           (SELECT coalesce(sum(amount_fen), 0) FROM proof.suspense WHERE payment_line_id IS NOT NULL)::bigint
               AS suspended_fen,
           (SELECT coalesce(sum(amount_fen), 0) FROM proof.suspense
            WHERE payment_line_id IS NOT NULL AND length(region) < 9)::bigint AS unattributed_fen,
           (SELECT coalesce(sum(amount_fen), 0) FROM proof.refund WHERE state = 'PAID')::bigint AS refunded_fen,
           (SELECT count(*) FROM proof.notice WHERE state = 'QUARANTINED') AS quarantined
"""


async def county_figures(databases: Databases, benefit_year: int) -> CountyFigures:
    """Count them, each from the rows that say it."""
    people = await databases.registration.one(_PEOPLE, year=benefit_year)
    return CountyFigures(**people, **await databases.payment.one(_MONEY))
