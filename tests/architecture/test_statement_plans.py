"""F: every statement of the product is planned, and each that reads a whole table, or any number of rows, says why."""

import ast
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest

from services.composition import SERVICES, WITH_DATABASE
from services.payment.batches.repository import _FACTS, step_statement
from services.payment.remittance.repository import OPEN_DETAIL
from services.registration.imports.repository import _OPEN
from shared.audit.repository import _DIFFERING, _OLDEST_UNSEALED, _SEAL, _statement
from shared.messaging.outbox.audited import OUTBOX
from tests.harness.installation import COUNTY, Installation
from tests.harness.plans import FILLED, Planner, Reads
from tests.harness.statements import ROOT, SQL_BEGINS, Statement, statements

# What never has many rows, however long an installation runs.
SMALL = {
    "business_date": "one row",
    "day_turned": "one row",
    "policy_applied": "one row",
    "transfer_horizon": "one row",
    "messaging_installation": "one row",
    "transfer_sum": "one row per village, kind of transfer and account",
    "village_counter": "one row per village and year",
    "enrolment_count": "one row per village, state and day of payment, or per village and price",
    "enrolment_count_delta": "what changed since the last folding, which a job does every 30 seconds",
    "roster_line_count": "one row per village and identity",
    "roster_line_count_delta": "what changed since the last folding",
    "region_directory": "one row per village",
    "relay_lane": "as many as lanes",
    "relay_member": "as many as processes",
    "consumer_offset": "as many as partitions",
    "bus_head": "as many as partitions",
    "bus_lease": "as many as partitions",
    "bus_member": "as many as processes",
    "town_target": "one row per town and statement of targets",
    "target_set": "one row per statement of targets",
    "sealed_block": "one row per thousands of sealed rows, and read for those that are about to be purged",
}
# Of these a key that stands in no unique index has few rows: they are given by it without a limit.
FEW_OF_A_KEY = {
    "order_line": "an order has the lines of a family",
    "assessment": "an enrolment has a version for each change of its facts",
    "roster_line": "a person holds few identities",
    "deposit_slip": "a batch of a village has the slips of some visits to the bank",
    "parked_event": "what waits behind one failed event",
    "dead_letter": "what failed of one aggregate",
    "suspense": "one part of one payment",
    "lost_event": "what a restoration lost of one enrolment",
    "remittance_move": "one of a batch is under way, and one into it",
    "remittance_batch": "a batch, and those that replaced it once it was returned",
}

# Tables of a transaction's own, made before what is sent to them.
# A bill's lines are staged under one name in the form of either kind.
STAGED_LINE = """
    CREATE TEMPORARY TABLE staged_line (
        line_no integer, kind text, order_no text, transaction_id text, refund_no text, channel_refund_id text,
        outcome text, due_fen bigint, happened_at timestamptz, booked_at timestamptz, flow_no text, business_no text,
        voucher_no text, amount_fen bigint, balance_fen bigint, remark text
    )
"""
OPENED = {"registration": _OPEN[1:], "payment": (OPEN_DETAIL, STAGED_LINE)}
SMALL |= {
    "billed_merchant": "one row per merchant",
    "question_pace": "one row per merchant",
    "epoch": "one row per restoration",
    "document_look_alike": "numbers of before that look alike; none is added",
    "payout": "some rows per merchant and day",
    "channel_bill": "two rows per merchant and day",
}
SMALL["tax_detail"] = "the lines of one answer, for one transaction"
SMALL["staged_line"] = "twenty thousand lines of one bill, for one transaction"

WAITING = "an index holds what waits and nothing else; work, or a person, empties it"
PAGE = "the index is in the order asked for, and the limit ends the reading"
KEYS = "keys are given, and of each there are few rows"
PORTION = "the stretch between a portion's first and last line"
ONE_BATCH = "the rows of one batch, by its number"
MOVEMENTS = "what was paid by a portion's movements"
BLOCKS = "the rows of sealed blocks that are given, thousands each"
VILLAGE = "the receipts or lines of one village's statement"
DAY = "one channel's day, once for each look at its settlement"
SORTED_PAGE = "what is recalled in a year; the page is sorted because three tables are joined"
RECENT = "what was written since the last summing, which a job does every 30 seconds"
FEW = "exceptions: suspended money and refunds, some hundred a year"
FAILED = "events that failed and were given up, by an operator's hand"
BILL = "the lines of one bill, once for each payout in it"
BY_OTHERS = "the caller's region holds the order, so that nobody looks at the lines which the policy names"

# What is read as a whole.
WHOLE = {
    "services/payment/bank/repository.py _TO_RECOUNT": {"remittance_batch": PAGE, "refund": FEW},
    "services/payment/bank/repository.py _WITH_MONEY": {"payment": "whether a merchant has one row: the first ends it"},
    "services/payment/cash/repository.py _COMPARABLE": {"remittance_batch": PAGE},
    "services/payment/shortages/repository.py _LISTED": {"remittance_batch": PAGE},
    "services/payment/shortages/repository.py _LOCK_PAYABLE": {"remittance_batch": WAITING, "bank_line": WAITING},
    "services/payment/notices/quarantine/repository.py _FIGURES": {"raw_notice": WAITING},
    "services/payment/notices/repository.py _AT_RISK": {"raw_notice": WAITING},
    "services/payment/notices/repository.py _CLAIM": {"raw_notice": WAITING},
    "services/payment/notices/repository.py _UNPARK_BOOKED": {"raw_notice": WAITING},
    "services/payment/notices/repository.py _WAITING": {"raw_notice": WAITING},
    "services/payment/orders/questions/repository.py _WITHDRAWN": {"payment_order": WAITING, "order_line": BY_OTHERS},
    "services/payment/receipts/repository.py _UNLISTED": {"cash_receipt": "a village's receipts of a year, on a page"},
    "services/payment/remittance/repository.py _TAKE": {"remittance_move": WAITING},
    "services/payment/remittance/detail_fetches/repository.py _CLAIM": {"detail_fetch": WAITING},
    "services/payment/remittance/detail_fetches/repository.py _TAKE_COMPARED": {"detail_fetch": WAITING},
    "services/payment/remittance/detail_fetches/repository.py _TAKE_ENDED": {"detail_fetch": WAITING},
    "services/payment/refunds/repository.py _TAKE": {"refund": WAITING},
    "services/payment/summary/repository.py _SUMMARY": {"raw_notice": WAITING, "suspense": FEW, "refund": FEW},
    "services/subsidy/changes/repository.py _TAKE": {"roster_change": WAITING},
    "shared/messaging/dead_letters/replay.py _LIST": {"dead_letter": WAITING},
    "shared/messaging/dead_letters/replay.py _SKIP": {"dead_letter": FAILED},
    "shared/messaging/topics/stats.py _STATS": {"outbox": WAITING, "dead_letter": WAITING, "parked_event": WAITING},
    "services/payment/bank/repository.py _OWED": {"refund": FEW},
    "services/payment/channel_bills/repository.py _COMPARE": {"payment_order": "set against a whole bill at once"},
    "services/payment/clearing/repository.py _CLEARING": {
        "bank_line": WAITING,
        "cash_receipt": WAITING,
        "cash_refund": WAITING,
        "refund": FEW,
        "remittance_batch": WAITING,
        "suspense": WAITING,
    },
    "services/payment/differences/repository.py _CLAIM_TO_ASK": {"settlement_difference": WAITING},
    "services/payment/differences/repository.py _CLOSE_COUNTED": {
        "refund": FEW,
        "settlement_difference": WAITING,
        "unasked_refund": FEW,
    },
    "services/payment/differences/repository.py _FIGURES": {"settlement_difference": WAITING},
    "services/payment/differences/repository.py _LIST": {"settlement_difference": WAITING},
    "services/payment/differences/repository.py _RECORD_REFUNDS": {"refund": FEW},
    "services/payment/differences/repository.py _TRIED": {"settlement_difference": WAITING},
    "services/payment/orders/questions/repository.py _ANY_DUE": {"order_line": BY_OTHERS, "payment_order": WAITING},
    "services/payment/orders/questions/repository.py _ASK_ALL_OPEN": {
        "order_line": BY_OTHERS,
        "payment_order": WAITING,
    },
    "services/payment/orders/questions/repository.py _CLAIM_DUE": {"order_line": BY_OTHERS, "payment_order": WAITING},
    "services/payment/orders/repository.py _END_UNREACHABLE": {"order_line": BY_OTHERS},
    "services/payment/orders/repository.py _HURRY_LAPSED": {"order_line": BY_OTHERS},
    "services/payment/orders/questions/repository.py _UNANSWERED": {"order_line": BY_OTHERS, "payment_order": WAITING},
    "services/payment/payouts/repository.py _TO_RESOLVE": {
        "payment_line": FEW,
        "refund": FEW,
        "settlement_difference": WAITING,
        "unasked_refund": FEW,
    },
    "services/payment/payouts/repository.py _UNEXPLAINED": {"refund": FEW},
    "services/payment/refunds/deductions/repository.py _DEDUCT_COVERED": {"refund": FEW},
    "services/payment/refunds/deductions/repository.py _DEDUCT_DAY": {"refund": FEW},
    "services/payment/refunds/repository.py _UNSETTLED": {"refund": FEW},
    "services/payment/refunds/unasked/repository.py _KNOWN": {"refund": FEW},
    "services/payment/statements/repository.py _LOOK_AGAIN": {"bank_line": WAITING},
}
# What is read without a limit or one key for each row.
UNBOUNDED = {
    "services/payment/bank/repository.py _TO_RECOUNT": {"payment": DAY, "payment_line": DAY, "refund": DAY},
    "services/payment/bank/repository.py _WITH_MONEY": {"payment": "whether a merchant has one row: the first ends it"},
    "services/payment/batches/repository.py _ARRIVED": {"bank_line": ONE_BATCH},
    "services/payment/batches/lines/repository.py _COPY_LINES": {"remittance_line": PORTION},
    "services/payment/batches/lines/repository.py _MOVE_LINES": {"remittance_line": PORTION},
    "services/payment/batches/lines/repository.py _SUM_LINES": {"remittance_line": ONE_BATCH},
    "services/payment/batches/lines/repository.py _NUMBER_LINES": {
        "remittance_line": "ten thousand reported lines at once"
    },
    "services/payment/remittance/repository.py _DIFFERING": {"remittance_line": ONE_BATCH},
    "services/payment/batches/lines/repository.py _NUMBER_FETCHED_LINES": {
        "detail_line": PORTION,
        "remittance_line": PORTION,
    },
    "services/payment/remittance/detail_fetches/repository.py _CLEAR": {"detail_line": PORTION},
    "services/payment/remittance/detail_fetches/repository.py _DIFFERING": {
        "detail_line": ONE_BATCH,
        "remittance_line": ONE_BATCH,
    },
    "services/payment/remittance/detail_fetches/repository.py _SUM": {"detail_line": ONE_BATCH},
    "services/payment/cash/repository.py _LINES": {"collection_line": VILLAGE},
    "services/payment/cash_refunds/repository.py _LOCK_OF_BATCHES": {"cash_receipt": VILLAGE},
    "services/payment/differences/repository.py _RECORD_THEIRS_FAILED": {"bill_trade_line": BILL},
    "services/payment/payouts/repository.py _SUM_UNUSUAL": {"bill_flow_line": BILL},
    "services/payment/receipts/repository.py _OF_BATCH": {"cash_receipt": VILLAGE},
    "services/payment/shortages/repository.py _LOCK_PAYABLE": {"bank_line": WAITING},
    "services/payment/shortages/repository.py _SHORT_SINCE": {"remittance_step": "the steps of one batch"},
    "services/payment/statements/repository.py _DEPOSITS_OF_BATCH": {"bank_line": ONE_BATCH},
    "services/payment/statements/repository.py _LAST_BOOKED": {"bank_line": ONE_BATCH},
    "services/payment/statements/repository.py _LOCK_FREE_DEPOSITS": {"bank_line": WAITING},
    "services/payment/statements/repository.py _LOOK_AGAIN_AT_DEPOSITS": {"bank_line": WAITING},
    "services/payment/cash_refunds/repository.py _LIST": {"cash_receipt": SORTED_PAGE, "collection_line": SORTED_PAGE},
    "services/payment/ledger/repository.py SUMMED": {"transfer": RECENT},
    "services/payment/ledger/repository.py _ADVANCE": {"transfer": RECENT},
    "services/payment/ledger/repository.py _BALANCES": {"transfer": RECENT},
    "services/payment/notices/quarantine/repository.py _FIGURES": {"raw_notice": WAITING},
    "services/payment/notices/repository.py _AT_RISK": {"raw_notice": WAITING},
    "services/payment/notices/repository.py _UNPARK": {"raw_notice": WAITING},
    "services/payment/notices/repository.py _UNPARK_BOOKED": {"raw_notice": WAITING},
    "services/payment/payments/repository.py _BOOKED_TRANSACTIONS": {"payment": KEYS},
    "services/payment/receipts/repository.py _LOCK_DEPOSITED": {"cash_receipt": VILLAGE},
    "services/payment/receipts/repository.py _RELEASE": {"cash_receipt": VILLAGE},
    "services/payment/receipts/repository.py _UNLISTED": {"cash_receipt": VILLAGE},
    "services/payment/statements/repository.py _EXPLAIN_DEPOSITS": {"bank_line": ONE_BATCH},
    "services/payment/statements/repository.py _LAST_OF_BATCH": {"bank_line": ONE_BATCH},
    "services/payment/statements/repository.py _OF_STATEMENT": {"bank_line": "a page of one statement, sorted"},
    "services/payment/statements/repository.py _RELEASE_DEPOSITS": {"bank_line": ONE_BATCH},
    "services/payment/statements/repository.py _STORED": {"bank_line": KEYS},
    "services/payment/summary/repository.py SUMMED": {"transfer": RECENT},
    "services/payment/summary/repository.py _SUMMARY": {"transfer": RECENT, "raw_notice": WAITING, "refund": FEW},
    "services/subsidy/assessment/repository.py _LOCK_REVISABLE": {"enrolment": KEYS},
    "services/subsidy/changes/repository.py _QUEUE_SOME_FOR_POLICY": {"enrolment": KEYS},
    "services/subsidy/rosters/repository.py _UNINSURED": {"enrolment": KEYS},
    "shared/audit/repository.py _DIFFERING[outbox]": {"outbox": BLOCKS},
    "shared/audit/repository.py _DIFFERING[raw_notice]": {"raw_notice": BLOCKS},
    "shared/audit/repository.py _DIFFERING[transfer]": {"transfer": BLOCKS},
    "shared/messaging/outbox/retention.py _DELETE": {"outbox": BLOCKS},
    "shared/messaging/outbox/retention.py _LEAVING": {"outbox": BLOCKS},
    "shared/messaging/topics/stats.py _STATS": {"outbox": WAITING},
    "services/payment/bank/repository.py _OWED": {"payment": DAY, "payment_line": DAY, "refund": FEW},
    "services/payment/batches/repository.py _MATCHED_ON": {"remittance_step": "the steps of one batch"},
    "services/payment/channel_bills/repository.py _COMPARE": {"bill_trade_line": BILL, "payment": DAY},
    "services/payment/channel_bills/repository.py _COMPARE_REFUNDS": {"bill_trade_line": BILL, "refund": FEW},
    "services/payment/clearing/repository.py _CLEARING": {
        "bank_line": WAITING,
        "cash_receipt": WAITING,
        "cash_refund": WAITING,
        "refund": FEW,
    },
    "services/payment/differences/repository.py COVERED": {"bill_flow_line": BILL},
    "services/payment/differences/repository.py _CLOSE_COUNTED": {
        "payment_line": DAY,
        "refund": FEW,
        "settlement_difference": WAITING,
        "unasked_refund": FEW,
    },
    "services/payment/differences/repository.py _FIGURES": {"settlement_difference": WAITING},
    "services/payment/differences/repository.py _RECORD_OURS_ONLY": {
        "bill_flow_line": BILL,
        "payment": DAY,
        "payment_line": DAY,
    },
    "services/payment/differences/repository.py _RECORD_PAYMENTS": {
        "bill_flow_line": BILL,
        "bill_trade_line": BILL,
        "payment_line": DAY,
    },
    "services/payment/differences/repository.py _RECORD_REFUNDS": {
        "bill_flow_line": BILL,
        "bill_trade_line": BILL,
        "refund": FEW,
        "unasked_refund": FEW,
    },
    "services/payment/differences/repository.py _TRIED": {"settlement_difference": WAITING},
    "services/payment/payments/counted/repository.py COVERED": {"bill_flow_line": BILL},
    "services/payment/payments/counted/repository.py _COUNT_COVERED": {"bill_flow_line": BILL, "payment_line": DAY},
    "services/payment/payments/counted/repository.py _COUNT_PORTION": {
        "payment_line": MOVEMENTS,
        "refund": FEW,
        "unasked_refund": FEW,
    },
    "services/payment/payments/counted/repository.py _COUNTED_BY": {"payment_line": DAY},
    "services/payment/payments/counted/repository.py _COUNT_DAY": {"payment": DAY, "payment_line": DAY},
    "services/payment/payments/counted/repository.py _DUE_OF_DAY": {"payment": DAY, "payment_line": DAY},
    "services/payment/payments/repository.py _LOCK_TRANSACTION": {"payment_line": KEYS},
    "services/payment/payments/counted/repository.py _RELEASE": {"payment_line": DAY},
    "services/payment/payouts/repository.py COVERED": {"bill_flow_line": BILL},
    "services/payment/payouts/repository.py _COVER": {"bill_flow_line": BILL},
    "services/payment/payouts/repository.py _PAYOUTS_OF": {"bill_flow_line": BILL},
    "services/payment/payouts/repository.py _TO_RESOLVE": {"refund": FEW},
    "services/payment/payouts/repository.py _UNEXPLAINED": {
        "bill_flow_line": BILL,
        "bill_trade_line": BILL,
        "refund": FEW,
        "unasked_refund": FEW,
    },
    "services/payment/payouts/repository.py _UNUSUAL": {"bill_flow_line": BILL},
    "services/payment/payouts/uncovered/repository.py COVERED": {"bill_flow_line": BILL},
    "services/payment/payouts/uncovered/repository.py _MOVED": {"bill_flow_line": BILL},
    "services/payment/payouts/uncovered/repository.py _PEOPLES": {"bill_flow_line": BILL},
    "services/payment/refunds/deductions/repository.py COVERED": {"bill_flow_line": BILL},
    "services/payment/refunds/deductions/repository.py _DEDUCT_COVERED": {
        "bill_flow_line": BILL,
        "bill_trade_line": BILL,
        "refund": FEW,
    },
    "services/payment/refunds/deductions/repository.py _DEDUCT_DAY": {"refund": FEW},
    "services/payment/refunds/deductions/repository.py _RELEASE": {"refund": FEW},
    "services/payment/refunds/repository.py _UNSETTLED": {"refund": FEW},
    "services/payment/orders/given_back/repository.py _OPEN": {"unasked_refund": FEW},
    "services/payment/refunds/recovery/repository.py _LOCK_MISSING": {"unasked_refund": FEW},
    "services/payment/refunds/unasked/repository.py COVERED": {"bill_flow_line": BILL},
    "services/payment/refunds/unasked/repository.py _DEDUCT_COVERED": {"bill_flow_line": BILL, "unasked_refund": FEW},
    "services/payment/refunds/unasked/repository.py _KNOWN": {"unasked_refund": FEW},
    "services/payment/refunds/unasked/repository.py _HOLD_LINES": {"payment_line": KEYS},
    "services/payment/refunds/unasked/repository.py _HELD_LINES": {"payment_line": KEYS, "unasked_refund": FEW},
    "services/payment/refunds/unasked/repository.py _RELEASE": {"unasked_refund": FEW},
    "services/payment/statements/repository.py _FREE": {"bank_line": ONE_BATCH},
    "services/payment/statements/repository.py _LOOK_AGAIN": {"bank_line": WAITING},
    "services/payment/statements/repository.py _STANDING_OF_BATCH": {"bank_line": ONE_BATCH},
    "shared/audit/repository.py _DIFFERING[bank_line]": {"bank_line": BLOCKS},
}

# SQL that is put together when it is sent.
BUILT = {
    "services/payment/batches/repository.py take_step": "step_statement, with all facts",
    "services/payment/batches/repository.py step_statement": "planned with all facts",
    "shared/audit/repository.py _built": "planned for every audited table",
    "services/payment/channel_bills/repository.py begin_lines": "the table in which lines are staged",
    "services/payment/notices/repository.py prepare_insert": "the connection's region",
    "shared/database/sealed.py keys_in_use": "every row once, for an operator who retires a key",
    "shared/database/sealed.py oldest_sealed": "one row of each column, for an operator who changes keys",
}
# They make what the statements are sent with, or administer servers and migrate.
MAKERS = {"shared/database/bulk.py", "shared/database/row.py", "shared/database/running_counts.py"}
ADMINISTRATION = {
    f"shared/database/{name}.py"
    for name in ("migrate", "older_names", "provision", "row_security", "server_version", "installed_name", "keeper")
}
# The owner of the tables begins an epoch, after a restoration.
ADMINISTRATION.add("shared/messaging/outbox/epochs.py")
_MAKES = {"text", "select_into", "insert_rows", "update_rows", "driver_insert", "statement"}


def of(database: str) -> list[Statement]:
    """The statements that are sent to a database, as they are sent."""
    found = [
        one
        for one in statements("services", "shared")
        if one.place.partition(" ")[0] not in ADMINISTRATION and "{" not in one.sql.replace("'{}'", "")
    ]
    bus = [one for one in found if one.place.startswith("shared/messaging/bus/")]
    if database == "bus":
        return bus
    own = [one for one in found if one.place.startswith(f"services/{database}/")]
    if database != "payment":
        return own
    audited = {table.name: table for service in SERVICES for table in (*service.audited, OUTBOX)}
    built = [
        Statement(f"shared/audit/repository.py {name}[{table.name}]", _statement(sql, table).text)
        for name, sql in (("_SEAL", _SEAL), ("_DIFFERING", _DIFFERING), ("_OLDEST_UNSEALED", _OLDEST_UNSEALED))
        for table in audited.values()
    ]
    step = Statement("services/payment/batches/repository.py take_step", step_statement(_FACTS).text)
    shared = [one for one in found if not one.place.startswith("services/") or one.place.startswith("services/comp")]
    # What all services send stands once, in the largest.
    return [*own, step, *built, *(one for one in shared if one not in bus and one.sql.lstrip()[:4] != "LOCK")]


@asynccontextmanager
async def planner(installation: Installation, database: str) -> AsyncIterator[Planner]:
    """A service's connection to a database with rows in every table."""
    await installation.sql(database, FILLED)
    await installation.sql(database, "ANALYZE")
    settings = installation.settings
    url = settings.bus_url("payment") if database == "bus" else settings.service_url(database)
    connection = await asyncpg.connect(url)
    try:
        first = [str(each).replace("ON COMMIT DROP", "") for each in OPENED.get(database, ())]
        yield await Planner.on(connection, COUNTY, *first)
    finally:
        await connection.close()


async def read(installation: Installation, database: str) -> dict[str, Reads]:
    """What each statement reads."""
    async with planner(installation, database) as planned:
        return {one.place: await planned.reads(one.sql) for one in of(database) if "LOCK TABLE" not in one.sql}


@pytest.mark.parametrize("database", [*WITH_DATABASE, "bus"])
async def test_every_statement_has_an_index_that_serves_and_a_bound_or_says_why_not(
    installation: Installation, database: str
) -> None:
    """F: a new one fails here until it has an index and a bound, or somebody has thought about it."""
    found = await read(installation, database)
    assert found
    for kind, excused in (("whole", WHOLE), ("unbounded", UNBOUNDED)):
        tables = {
            (place, table)
            for place, reads in found.items()
            for table in getattr(reads, kind) - (SMALL.keys() | (FEW_OF_A_KEY if kind == "unbounded" else set()))
        }
        listed = {(place, table) for place, reasons in excused.items() if place in found for table in reasons}
        assert tables - listed == set(), f"{kind}: read without an index or a bound"
        assert listed - tables == set(), f"{kind}: no longer so"


def test_no_statement_escapes_the_list() -> None:
    """F: SQL stands in a module, where it is found, or its maker is named here."""
    assert {place for place in built_at_run_time() if place.partition(" ")[0] not in MAKERS | ADMINISTRATION} == {
        *BUILT
    } - {"services/payment/batches/repository.py take_step"}
    known = {one.place for database in (*WITH_DATABASE, "bus") for one in of(database)}
    assert {*WHOLE, *UNBOUNDED} <= known


def built_at_run_time() -> Iterator[str]:
    """Functions that make a statement, or send SQL of their own."""
    for path in (*(ROOT / "services").rglob("*.py"), *(ROOT / "shared").rglob("*.py")):
        if {"migrations", "postgres_migrations", "alembic"} & {*path.parts}:
            continue
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and _makes_sql(function.body):
                yield f"{path.relative_to(ROOT).as_posix()} {function.name}"


def _makes_sql(body: Sequence[ast.stmt]) -> bool:
    for node in (each for statement in body for each in ast.walk(statement)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in _MAKES:
            return True
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL_BEGINS.match(node.value):
            return True
    return False


@pytest.mark.parametrize(
    ("sql", "whole", "unbounded"),
    [
        ("SELECT id FROM payment WHERE id = :id", set(), set()),
        ("SELECT id FROM payment WHERE order_id = :id", {"payment"}, {"payment"}),
        ("SELECT id FROM payment ORDER BY id LIMIT 10", {"payment"}, set()),
        ("SELECT id FROM payment ORDER BY amount_fen LIMIT 10", {"payment"}, {"payment"}),
        ("SELECT count(*) FROM payment_line WHERE payment_id = :id LIMIT 1", set(), {"payment_line"}),
        ("SELECT id FROM payment WHERE id > coalesce(CAST(:after AS uuid), :first) LIMIT 1", {"payment"}, set()),
    ],
)
async def test_a_plan_is_read_as_postgresql_means_it(
    installation: Installation, sql: str, whole: set[str], unbounded: set[str]
) -> None:
    """An expression that PostgreSQL does not trust under row-level security never enters an index."""
    async with planner(installation, "payment") as planned:
        assert await planned.reads(sql) == Reads(frozenset(whole), frozenset(unbounded))
