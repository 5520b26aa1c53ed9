"""The running counts that summaries read, against a recount of the rows that they stand for."""

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows
from verify.findings import Findings
from verify.snapshot import Databases

_ENROLMENT_COUNTS = """
    WITH counted AS (
        SELECT region, benefit_year, state, coalesce(reason_code, '') AS reason, coalesce(paid_on::text, '') AS day,
               sum(people) AS people
        FROM (SELECT * FROM proof.enrolment_count UNION ALL SELECT * FROM proof.enrolment_count_delta) AS c
        GROUP BY 1, 2, 3, 4, 5 HAVING sum(people) <> 0
    ), recounted AS (
        SELECT region, benefit_year, state, coalesce(rejected_for, '') AS reason, coalesce(paid_on::text, '') AS day,
               count(*) AS people
        FROM proof.enrolment GROUP BY 1, 2, 3, 4, 5
    )
    SELECT concat_ws(' ', 'count', benefit_year, state, reason, day) AS subject, region,
           coalesce(recounted.people, 0)::text AS expected, coalesce(counted.people, 0)::text AS found, 0 AS fen
    FROM counted FULL JOIN recounted USING (region, benefit_year, state, reason, day)
    WHERE counted.people IS DISTINCT FROM recounted.people
    ORDER BY region, subject
"""
_PRICE_COUNTS = """
    WITH counted AS (
        SELECT region, benefit_year, pricing_id, coalesce(row_no, -1) AS row_no, paid, sum(people) AS people
        FROM (SELECT * FROM proof.enrolment_count UNION ALL SELECT * FROM proof.enrolment_count_delta) AS c
        GROUP BY 1, 2, 3, 4, 5 HAVING sum(people) <> 0
    ), recounted AS (
        SELECT region, benefit_year, pricing_id, coalesce(row_no, -1) AS row_no, paid, people
        FROM proof.recounted_people
    )
    SELECT concat_ws(' ', 'count', benefit_year, pricing_id, row_no, CASE WHEN paid THEN 'paid' END) AS subject,
           region, coalesce(recounted.people, 0)::text AS expected, coalesce(counted.people, 0)::text AS found, 0 AS fen
    FROM counted FULL JOIN recounted USING (region, benefit_year, pricing_id, row_no, paid)
    WHERE counted.people IS DISTINCT FROM recounted.people
    ORDER BY region, subject
"""
_ROSTER_LINES = """
    SELECT concat('roster lines of ', region) AS subject, region, recounted::text AS expected, people::text AS found,
           0 AS fen
    FROM proof.roster_line_count WHERE people <> recounted ORDER BY region, expected, found
"""


async def enrolments(databases: Databases, findings: Findings) -> None:
    """Registration's counts are its enrolments, by village, year, state and day of payment."""
    findings.count_examined(await count(databases.registration, "enrolment"))
    await differing_rows(databases.registration, findings, _ENROLMENT_COUNTS)


async def prices(databases: Databases, findings: Findings) -> None:
    """Subsidy's counts are its enrolments by price, and its roster lines in force."""
    findings.count_examined(await count(databases.subsidy, "recounted_people"))
    await differing_rows(databases.subsidy, findings, _PRICE_COUNTS)
    await differing_rows(databases.subsidy, findings, _ROSTER_LINES)


CHECKS = (
    ConsistencyCheck(
        "ENROLMENT_COUNTS",
        "参保汇总 = 逐人合计",
        "The counts that the summary reads are the enrolments",
        "参保汇总（已并入与未并入）↔ 参保登记重新统计",
        enrolments,
    ),
    ConsistencyCheck(
        "PRICE_COUNTS",
        "资助汇总 = 逐人合计",
        "The counts of people by price and of roster lines are their rows",
        "核定汇总、名册汇总（已并入与未并入）↔ 逐人、逐行重新统计",
        prices,
    ),
)
