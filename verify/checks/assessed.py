"""What subsidy decided, against what registration shows and what payment asked, credited and booked as aid."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import RowMapping

from verify.check import Check
from verify.comparison import Side
from verify.in_flight import Flow, Located, locate, reconcile
from verify.report import Finding
from verify.snapshot import Databases
from verify.tally import Tally

_REGISTERED = "SELECT id::text AS key, region, 'assessed' AS facts, 0 AS fen FROM proof.enrolment"
_ASSESSED = """
    SELECT DISTINCT enrolment_id::text AS key, region, 'assessed' AS facts, 0 AS fen FROM proof.assessment
"""
_LATEST = """
    SELECT enrolment_id::text AS key, region, concat('version ', version, ' ', outcome) AS facts, 0 AS fen
    FROM proof.assessment WHERE latest
"""
_KNOWN = """
    SELECT id::text AS key, region, concat('version ', assessment_version, ' ', outcome) AS facts, 0 AS fen
    FROM proof.enrolment WHERE assessment_version IS NOT NULL
"""
_PRICED = """
    SELECT DISTINCT enrolment_id::text AS key, region, 'billed' AS facts, 0 AS fen
    FROM proof.assessment WHERE outcome = 'PRICED'
"""
_BILLED = "SELECT DISTINCT enrolment_id::text AS key, region, 'billed' AS facts, 0 AS fen FROM proof.bill"

# A live bill with what the books hold as aid for its enrolment, funder by funder.
_BILLS = """
    SELECT bill.enrolment_id::text AS key, bill.region, bill.version, bill.state, coalesce(bill.due_fen, 0) AS due_fen,
           coalesce(bill.paid_on, aid.earned_on) AS day, coalesce(aid.fen, 0) AS aid_fen,
           coalesce(aid.shares, '') AS shares
    FROM proof.bill AS bill
    LEFT JOIN (
        SELECT enrolment_id, min(earned_on) AS earned_on, sum(fen)::bigint AS fen,
               string_agg(concat(funder, ' ', fen), ', ' ORDER BY funder) FILTER (WHERE fen <> 0) AS shares
        FROM (
            SELECT enrolment_id, min(effective_on) AS earned_on,
                   split_part(CASE WHEN credit = 'aided' THEN debit ELSE credit END, ':', 2) COLLATE "C" AS funder,
                   sum(CASE WHEN credit = 'aided' THEN amount_fen ELSE -amount_fen END) AS fen
            FROM proof.transfer WHERE (credit = 'aided') <> (debit = 'aided') GROUP BY 1, 3
        ) AS share
        GROUP BY 1
    ) AS aid ON aid.enrolment_id = bill.enrolment_id
    WHERE bill.state <> 'SUPERSEDED' OR aid.fen <> 0 AND NOT EXISTS (
        SELECT FROM proof.bill AS live WHERE live.enrolment_id = bill.enrolment_id AND live.state <> 'SUPERSEDED')
    ORDER BY bill.enrolment_id
"""
_ASSESSMENTS = """
    SELECT asked.id::text AS key, assessment.outcome, newest.version AS newest, priced.due_fen, priced.shares,
           priced.aided_fen
    FROM unnest(CAST(:keys AS uuid[]), CAST(:versions AS integer[]), CAST(:days AS date[]))
         AS asked (id, version, day)
    LEFT JOIN proof.assessment AS assessment
      ON assessment.enrolment_id = asked.id AND assessment.version = asked.version
    LEFT JOIN proof.assessment AS newest ON newest.enrolment_id = asked.id AND newest.latest
    LEFT JOIN LATERAL (
        SELECT part.due_fen, coalesce(sum(share.amount_fen), 0)::bigint AS aided_fen,
               coalesce(string_agg(concat(share.funder COLLATE "C", ' ', share.amount_fen), ', '
                                   ORDER BY share.funder COLLATE "C"), '') AS shares
        FROM proof.assessment_row AS part
        LEFT JOIN proof.assessment_share AS share
          ON share.enrolment_id = part.enrolment_id AND share.version = part.version
             AND share.row_no = part.row_no AND share.amount_fen > 0
        WHERE part.enrolment_id = asked.id AND part.version = asked.version
          AND (asked.day BETWEEN part.pay_from AND part.pay_until)
        GROUP BY part.row_no, part.due_fen ORDER BY part.row_no LIMIT 1
    ) AS priced ON true
    ORDER BY asked.id
"""
_TO_SUBSIDY = Flow("registration", "subsidy", ("registration.enrolment_registered.v1",))
_TO_REGISTRATION = Flow("subsidy", "registration", ("subsidy.contribution_assessed.v1",))
_TO_PAYMENT = Flow("subsidy", "payment", ("subsidy.contribution_assessed.v1",))


@dataclass(frozen=True, slots=True)
class _Bill:
    key: str
    finding: Finding


async def known(databases: Databases, tally: Tally) -> None:
    """Each registered person is assessed, each assessment known to registration, each priced one billed."""
    subsidy = databases.subsidy
    steps = (
        (Side(databases.registration, _REGISTERED), Side(subsidy, _ASSESSED), _TO_SUBSIDY),
        (Side(subsidy, _LATEST), Side(databases.registration_first, _KNOWN), _TO_REGISTRATION),
        (Side(subsidy, _PRICED), Side(databases.payment, _BILLED), _TO_PAYMENT),
    )
    for left, right, flow in steps:
        await reconcile(databases, tally, left, right, (flow,))


async def shares(databases: Databases, tally: Tally) -> None:
    """A paid bill's due and its aid in the books are those of the assessment's row on the day of payment."""
    async for bills in databases.payment.stream(_BILLS):
        tally.looked_at(len(bills))
        rows = await databases.subsidy.rows(
            _ASSESSMENTS,
            keys=[bill["key"] for bill in bills],
            versions=[bill["version"] for bill in bills],
            days=[bill["day"] for bill in bills],
        )
        wrong = list(_wrong(bills, {row["key"]: row for row in rows}))
        if not wrong:
            continue
        explained: Mapping[str, Located] = await locate(databases, _TO_PAYMENT, [bill.key for bill in wrong])
        for bill in wrong:
            located = explained.get(bill.key)
            if located is None:
                tally.broke(bill.finding)
            else:
                tally.waits(bill.finding, located.age_s)


def _wrong(bills: Sequence[RowMapping], assessments: Mapping[str, RowMapping]) -> Iterator[_Bill]:
    for bill in bills:
        expected, found, fen = _terms(bill, assessments[bill["key"]])
        if expected != found:
            yield _Bill(bill["key"], Finding(f"enrolment {bill['key']}", bill["region"], expected, found, fen))


def _terms(bill: RowMapping, assessment: RowMapping) -> tuple[str, str, int]:
    """What the assessment says against what payment holds, and the difference in fen."""
    if bill["state"] == "OPEN":
        aid = f", aid {bill['aid_fen']}" if bill["aid_fen"] else ""
        return f"version {assessment['newest']}", f"version {bill['version']}{aid}", bill["aid_fen"]
    if assessment["outcome"] != "PRICED":
        return f"version {bill['version']} PRICED", f"{assessment['outcome'] or 'no such assessment'}", bill["due_fen"]
    if bill["state"] == "NOTHING_DUE" and bill["day"] is None:
        return "", "", 0  # nothing due, nobody pays: there is no share to compare
    due_fen, aided_fen = assessment["due_fen"] or 0, assessment["aided_fen"] or 0
    return (
        f"due {due_fen}, aid {assessment['shares'] or 0}",
        f"due {bill['due_fen']}, aid {bill['shares'] or 0}",
        (bill["due_fen"] - due_fen) or (bill["aid_fen"] - aided_fen),
    )


CHECKS = (
    Check(
        "ASSESSMENTS_KNOWN",
        "登记 → 核定 → 开单",
        "Registered, assessed, known and billed",
        "参保登记 ↔ 应缴核定 ↔ 登记所见版本 ↔ 缴费单",
        known,
    ),
    Check(
        "AID_AS_ASSESSED",
        "资助 = 核定份额",
        "Aid booked is the share assessed",
        "已缴单的应缴与资助分录 ↔ 核定版本在缴费日的档位与各资金份额",
        shares,
    ),
)
