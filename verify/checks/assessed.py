"""What subsidy decided, against what registration shows and what payment asked, credited and booked as aid."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import RowMapping

from verify.check import ConsistencyCheck
from verify.comparison import Side
from verify.findings import Findings
from verify.in_flight import Flow, locate, reconcile
from verify.report import RowFinding
from verify.snapshot import Databases, DatabaseSnapshot

_REGISTERED = "SELECT id::text AS key, region, 'assessed' AS facts, 0 AS fen FROM proof.enrolment"
_ASSESSED = """
    SELECT DISTINCT enrolment_id::text AS key, region, 'assessed' AS facts, 0 AS fen FROM proof.assessment
"""
_LATEST = """
    SELECT enrolment_id::text AS key, region, concat('version ', version, ' ', outcome, ' of ', person) AS facts,
           0 AS fen
    FROM proof.assessment WHERE latest
"""
_KNOWN = """
    SELECT id::text AS key, region, concat('version ', assessment_version, ' ', outcome, ' of ',
           left(encode(sha256(convert_to(person_token, 'UTF8')), 'hex'), 16)) AS facts, 0 AS fen
    FROM proof.enrolment WHERE assessment_version IS NOT NULL
"""
_PRICED = """
    SELECT DISTINCT enrolment_id::text AS key, region, 'billed' AS facts, 0 AS fen
    FROM proof.assessment WHERE outcome = 'PRICED'
"""
_BILLED = "SELECT DISTINCT enrolment_id::text AS key, region, 'billed' AS facts, 0 AS fen FROM proof.bill"

# A live bill with what the books hold as aid for its enrolment, funder by funder.
_BILLS = """
    SELECT bill.enrolment_id::text AS key, bill.region, bill.version, bill.state, bill.row_no, bill.terms,
           coalesce(bill.due_fen, 0) AS due_fen,
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
    SELECT asked.id::text AS key, assessment.outcome, assessment.pricing_id, pricing.terms, newest.version AS newest
    FROM unnest(CAST(:keys AS uuid[]), CAST(:versions AS integer[])) AS asked (id, version)
    LEFT JOIN proof.assessment AS assessment
      ON assessment.enrolment_id = asked.id AND assessment.version = asked.version
    LEFT JOIN proof.pricing AS pricing ON pricing.id = assessment.pricing_id
    LEFT JOIN (SELECT enrolment_id, max(version) AS version FROM proof.assessment
               WHERE enrolment_id = ANY(CAST(:keys AS uuid[])) GROUP BY 1) AS newest
      ON newest.enrolment_id = asked.id
    ORDER BY asked.id
"""
_TERMS = """
    SELECT line.pricing_id, line.row_no, line.pay_from, line.pay_until, line.standard_fen, line.due_fen,
           coalesce(sum(share.amount_fen), 0)::bigint AS aided_fen,
           coalesce(string_agg(concat(share.funder COLLATE "C", ' ', share.amount_fen), ', '
                               ORDER BY share.funder COLLATE "C") FILTER (WHERE share.amount_fen > 0), '') AS shares
    FROM proof.pricing_row AS line
    LEFT JOIN proof.pricing_share AS share
      ON share.pricing_id = line.pricing_id AND share.row_no = line.row_no AND share.amount_fen > 0
    WHERE line.pricing_id = ANY(:ids)
    GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2
"""
_TO_SUBSIDY = Flow("registration", "subsidy", ("registration.enrolment_registered.v1",))
_TO_REGISTRATION = Flow("subsidy", "registration", ("subsidy.contribution_assessed.v1",))
_TO_PAYMENT = Flow("subsidy", "payment", ("subsidy.contribution_assessed.v1",))


@dataclass(frozen=True, slots=True)
class _Wrong:
    key: str
    finding: RowFinding


class _Terms:
    """The terms of payment by pricing, read when first met: many thousand bills share each of them."""

    def __init__(self, subsidy: DatabaseSnapshot) -> None:
        self._subsidy = subsidy
        self._rows: dict[str, list[RowMapping]] = {}

    async def learn(self, pricing_ids: set[str]) -> None:
        new = sorted(pricing_ids - self._rows.keys())
        self._rows |= {pricing_id: [] for pricing_id in new}
        for row in await self._subsidy.rows(_TERMS, ids=new) if new else ():
            self._rows[row["pricing_id"]].append(row)

    def due_of(self, pricing_id: str, row_no: int | None) -> int | None:
        """What the row of a number asks; None where there is none."""
        return next((row["due_fen"] for row in self._rows[pricing_id] if row["row_no"] == row_no), None)

    def on(self, pricing_id: str, day: date) -> RowMapping | None:
        """The row that holds a payment's day."""
        rows = self._rows[pricing_id]
        return next((row for row in rows if row["pay_from"] <= day <= row["pay_until"]), None)


async def known(databases: Databases, findings: Findings) -> None:
    """Each registered person is assessed, each assessment known to registration, each priced one billed."""
    subsidy = databases.subsidy
    steps = (
        (Side(databases.registration, _REGISTERED), Side(subsidy, _ASSESSED), _TO_SUBSIDY),
        (Side(subsidy, _LATEST), Side(databases.registration_first, _KNOWN), _TO_REGISTRATION),
        (Side(subsidy, _PRICED), Side(databases.payment, _BILLED), _TO_PAYMENT),
    )
    for left, right, flow in steps:
        await reconcile(databases, findings, left, right, (flow,))


async def shares(databases: Databases, findings: Findings) -> None:
    """A paid bill's due and its aid in the books are those of the assessment's row on the day of payment."""
    terms = _Terms(databases.subsidy)
    async for bills in databases.payment.stream(_BILLS):
        findings.count_examined(len(bills))
        rows = await databases.subsidy.rows(
            _ASSESSMENTS, keys=[bill["key"] for bill in bills], versions=[bill["version"] for bill in bills]
        )
        await terms.learn({row["pricing_id"] for row in rows if row["pricing_id"] is not None})
        wrong = list(_wrong(bills, {row["key"]: row for row in rows}, terms))
        explained = await locate(databases, _TO_PAYMENT, [one.key for one in wrong]) if wrong else {}
        for one in wrong:
            if one.key in explained:
                findings.add_in_flight(one.finding, explained[one.key].age_s)
            else:
                findings.add_break(one.finding)


def _wrong(bills: Sequence[RowMapping], assessments: Mapping[str, RowMapping], terms: _Terms) -> Iterator[_Wrong]:
    for bill in bills:
        expected, found, fen = _compared(bill, assessments[bill["key"]], terms)
        if expected != found:
            yield _Wrong(bill["key"], RowFinding(f"enrolment {bill['key']}", bill["region"], expected, found, fen))


def _compared(bill: RowMapping, assessment: RowMapping, terms: _Terms) -> tuple[str, str, int]:
    """What the assessment says against what payment holds, and the difference in fen."""
    aid_fen: int = bill["aid_fen"]
    held = f"due {bill['due_fen']}, aid {bill['shares'] or 0}"
    if bill["state"] != "SUPERSEDED" and assessment["terms"] is not None and bill["terms"] != assessment["terms"]:
        return f"the terms of version {bill['version']}", "other terms", aid_fen
    if bill["state"] in ("OPEN", "SUPERSEDED"):
        newest = assessment["newest"] if bill["state"] == "OPEN" else bill["version"]
        return f"version {newest}, aid 0", f"version {bill['version']}, aid {bill['shares'] or 0}", aid_fen
    if assessment["outcome"] != "PRICED":
        return f"version {bill['version']} {assessment['outcome'] or 'unknown'}", held, bill["due_fen"] or aid_fen
    if bill["state"] == "NOTHING_DUE" and terms.due_of(assessment["pricing_id"], bill["row_no"]) != 0:
        return "a row of nothing due", f"row {bill['row_no']}", 0
    if bill["day"] is None:
        return ("", "", 0) if bill["state"] == "NOTHING_DUE" else ("a day of payment", held, bill["due_fen"])
    row = terms.on(assessment["pricing_id"], bill["day"])
    if row is None:
        return f"no payment on {bill['day']}", held, bill["due_fen"]
    return (
        f"due {row['due_fen']}, aid {row['shares'] or 0}{_row(bill, row['row_no'])}",
        f"{held}{_row(bill, bill['row_no'])}",
        (bill["due_fen"] - row["due_fen"]) or (aid_fen - row["aided_fen"]),
    )


def _row(bill: RowMapping, row_no: int | None) -> str:
    return f", row {row_no}" if bill["state"] == "PAID" else ""


CHECKS = (
    ConsistencyCheck(
        "ASSESSMENTS_KNOWN",
        "登记 → 核定 → 开单",
        "Registered, assessed, known and billed",
        "参保登记 ↔ 应缴核定 ↔ 登记所依据的核定版本 ↔ 缴费单",
        known,
    ),
    ConsistencyCheck(
        "AID_AS_ASSESSED",
        "资助 = 核定份额",
        "Aid booked is the share assessed",
        "已缴单的应缴与资助分录 ↔ 核定版本在缴费日的档位与各资金份额",
        shares,
    ),
)
