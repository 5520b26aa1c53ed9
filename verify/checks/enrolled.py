"""Who counts as paid, and whether money or a zero due stands behind it."""

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows
from verify.comparison import Side
from verify.findings import Findings
from verify.in_flight import Flow, reconcile
from verify.snapshot import Databases

_FACTS = "concat('premium ', {premium}, ' aid ', {aid})"
# What the books hold for each enrolment, and bills that are settled without any money.
_CREDITED = f"""
    SELECT enrolment_id::text AS key, max(region) AS region, sum(premium)::bigint AS fen,
           {_FACTS.format(premium="sum(premium)", aid="sum(aid)")} AS facts
    FROM (
        SELECT enrolment_id, region,
               CASE WHEN credit = 'premium' THEN amount_fen WHEN debit = 'premium' THEN -amount_fen ELSE 0 END
               AS premium,
               CASE WHEN credit = 'aided' THEN amount_fen WHEN debit = 'aided' THEN -amount_fen ELSE 0 END AS aid
        FROM proof.transfer
        WHERE enrolment_id IS NOT NULL AND (credit IN ('premium', 'aided') OR debit IN ('premium', 'aided'))
        UNION ALL
        SELECT enrolment_id, region, 0, 0 FROM proof.bill WHERE state = 'NOTHING_DUE'
    ) AS moved
    GROUP BY enrolment_id
    HAVING sum(premium) <> 0 OR sum(aid) <> 0 OR bool_or(premium = 0 AND aid = 0)
"""  # noqa: S608 - constants above
_ENROLLED = f"""
    SELECT id::text AS key, region, coalesce(paid_fen, 0) AS fen,
           {_FACTS.format(premium="coalesce(paid_fen, 0)", aid="coalesce(aided_fen, 0)")} AS facts
    FROM proof.enrolment WHERE enrolled
"""  # noqa: S608 - constants above
_FLOWS = (
    Flow("payment", "registration", ("payment.contribution_paid.v1", "payment.contribution_reversed.v1")),
    # Nothing due: both learn of it from subsidy, each in its own time.
    Flow("subsidy", "registration", ("subsidy.contribution_assessed.v1",)),
    Flow("subsidy", "payment", ("subsidy.contribution_assessed.v1",)),
    Flow(
        "registration",
        "payment",
        (
            "registration.enrolment_paid.v1",
            "registration.enrolment_payment_reversed.v1",
            "registration.enrolment_terminated.v1",
        ),
    ),
)
# A paid enrolment without money must owe nothing; one that paid must have paid what was due.
_BASIS = """
    SELECT concat('enrolment ', id) AS subject, region,
           concat(paid_basis, ' due ', due_fen) AS expected, concat(state, ' paid ', coalesce(paid_fen, 0)) AS found,
           coalesce(paid_fen, 0) - coalesce(due_fen, 0) AS fen
    FROM proof.enrolment
    WHERE enrolled AND (paid_basis IS NULL OR paid_fen <> due_fen OR (paid_basis = 'NOTHING_DUE') <> (due_fen = 0))
       OR NOT enrolled AND live AND paid_basis IS NOT NULL
    ORDER BY id
"""
_TWICE = """
    SELECT concat('enrolment ', min(id::text)) AS subject, min(region) AS region, '1' AS expected,
           concat(count(*), ' live enrolments of one person in ', benefit_year) AS found, 0 AS fen
    FROM proof.enrolment WHERE live GROUP BY person_token, benefit_year HAVING count(*) > 1
    ORDER BY subject
"""
_COVER = """
    SELECT concat('enrolment ', id) AS subject, region, 'a benefit period' AS expected,
           concat(state, ' ', coalesce(benefit_start::text, '—'), '…', coalesce(benefit_end::text, '—')) AS found,
           0 AS fen
    FROM proof.enrolment
    WHERE state IN ('ACTIVE', 'EXPIRED') AND (benefit_start IS NULL OR benefit_end IS NULL)
       OR NOT enrolled AND live AND benefit_start IS NOT NULL
    ORDER BY id
"""


async def paid(databases: Databases, findings: Findings) -> None:
    """PAID or beyond in registration ⇔ credited in the books (and not refunded), or nothing due."""
    await reconcile(
        databases,
        findings,
        Side(databases.payment, _CREDITED),
        Side(databases.registration_first, _ENROLLED),
        _FLOWS,
    )
    await differing_rows(databases.registration, findings, _BASIS)


async def persons(databases: Databases, findings: Findings) -> None:
    """One person has one live enrolment a year, and is covered only where paid."""
    findings.count_examined(await count(databases.registration, "enrolment"))
    for sql in (_TWICE, _COVER):
        await differing_rows(databases.registration, findings, sql)


CHECKS = (
    ConsistencyCheck(
        "PAID_MEANS_CREDITED",
        "已缴费 ⇔ 已入账或应缴为零",
        "PAID or beyond ⇔ credited, or nothing due",
        "参保状态 ↔ 保费与资助分录（未退费）",
        paid,
    ),
    ConsistencyCheck(
        "ONE_ENROLMENT_PER_PERSON",
        "一人一年一份参保",
        "One live enrolment per person and year",
        "人员标识 × 年度 ↔ 有效参保；待遇期只给已缴费者",
        persons,
    ),
)
