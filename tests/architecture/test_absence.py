"""A1: what a statement that waits for a lock does not find may be there, under a row younger than the statement.

PostgreSQL waits for the lock, looks at the row's newest version and drops it where the condition no longer holds. What
stands in its place is not in the statement's snapshot. So each statement that locks, updates or deletes rows by a
condition on what another transaction changes stands here, with the reason why nobody is misled by what it lacks.
"""

import pytest

from services.payment.batches.repository import _FACTS
from tests.harness.statements import Statement, changeable, statements

# One reason each, and how it holds in that place.
QUEUE = "what is skipped or dropped waits for the next look, and nothing is concluded from its absence"
STEP = (
    "rows by a key that nobody changes: absent means moved on, by the newest version, and no other row takes its place"
)
HELD = "an earlier statement of the same transaction locked what decides about these rows"
LOOKED_AT_AGAIN = "a further statement, which waits for nobody, confirms the absence"
OWN = "only the owner of these rows changes them so that they no longer match"

SAFE = {
    "services/payment/bank/repository.py _OWED": (HELD, "the part of that channel, merchant and day"),
    "services/payment/bank/repository.py _TO_RECOUNT": (QUEUE, "batches whose sum has moved"),
    "services/payment/batches/lines/repository.py _NUMBER_LINES": (
        HELD,
        "the batch, by the step that was taken with it",
    ),
    "services/payment/batches/repository.py _TAKE_STEP": (STEP, "the caller reads the batch again and answers by it"),
    "services/payment/bills/repository.py _LOCK_LIVE": (LOOKED_AT_AGAIN, "_LIVE, until both agree"),
    "services/payment/notices/deliveries/repository.py _DROP": (QUEUE, "counts of refused callbacks that are old"),
    "services/payment/cash/repository.py _WITHDRAW_SLIPS": (HELD, "the batch"),
    "services/payment/cash/repository.py _COMPARABLE": (QUEUE, "batches to compare; a batch leaves only by a step"),
    "services/payment/cash/repository.py _MOVE_SLIPS": (HELD, "the batches"),
    "services/payment/cash/repository.py _RESTATE_SLIP": (HELD, "the batch"),
    "services/payment/shortages/repository.py _LOCK_PAYABLE": (QUEUE, "parts for which the bank booked something"),
    "services/payment/cash_refunds/repository.py _LOCK_OF_BATCHES": (
        HELD,
        "the batches; receipts join under their lock",
    ),
    "services/payment/receipts/repository.py _OF_BATCH": (HELD, "the batches; receipts join under their lock only"),
    "services/payment/receipts/repository.py _MOVE": (HELD, "the receipts"),
    "services/payment/statements/deposits/repository.py _LOCK_FREE_DEPOSITS": (
        QUEUE,
        "deposits of a locked part's slips",
    ),
    "services/payment/statements/deposits/repository.py _LOOK_AGAIN_AT_DEPOSITS": (QUEUE, "deposits that did not fit"),
    "services/payment/channel_bills/repository.py _CLAIM_WANTED": (QUEUE, "bills to ask for"),
    "services/payment/channel_bills/repository.py _CLAIM_READ": (QUEUE, "bills to look at once more"),
    "services/payment/channel_bills/repository.py _READ": (STEP, "a bill by id: another worker has read it"),
    "services/payment/channel_bills/repository.py _EMPTY": (STEP, "a bill by id: another worker has read it"),
    "services/payment/channel_bills/repository.py _NOTE_FAULT": (STEP, "a bill by id; one read meanwhile has none"),
    "services/payment/notices/repository.py _CLAIM": (QUEUE, "notices"),
    "services/payment/notices/repository.py _CLAIM_ONE": (QUEUE, "notices; another worker holds it, or has worked it"),
    "services/payment/notices/repository.py _UNPARK": (QUEUE, "one parked meanwhile is found by _UNPARK_BOOKED"),
    "services/payment/notices/repository.py _UNPARK_BOOKED": (QUEUE, "parked notices"),
    "services/payment/notices/quarantine/repository.py _LOCK": (STEP, "a notice by id: nobody removes one"),
    "services/payment/notices/quarantine/repository.py _RETRY": (STEP, "a notice by id"),
    "services/payment/notices/quarantine/repository.py _UNREAD": (STEP, "a notice by id: who came first has read it"),
    "services/payment/payments/counted/repository.py _COUNT_DAY": (
        HELD,
        "the lines, by _OWED; where another sum is counted than was added up, nothing of it stands",
    ),
    "services/payment/payments/counted/repository.py _COUNT_PORTION": (QUEUE, "lines, as of a payout at once"),
    "services/payment/payments/counted/repository.py _COUNT_COVERED": (
        QUEUE,
        "lines; one that is missing is recorded as a difference, and counted by a further part",
    ),
    "services/payment/differences/repository.py _ANSWERED": (STEP, "a difference by id: it is closed"),
    "services/payment/differences/repository.py _CLAIM_TO_ASK": (QUEUE, "differences to ask about"),
    "services/payment/differences/repository.py _CLOSE_COUNTED": (QUEUE, "what is not closed is at the next payout"),
    "services/payment/differences/repository.py _TRIED": (HELD, "the payout"),
    "services/payment/payouts/repository.py _AWAIT": (HELD, "the payout's batches, which alone bring it back"),
    "services/payment/payouts/repository.py _FIND_AWAITED": (
        QUEUE,
        "payouts; a bank line that finds none waits or is held, and is compared with the next bill again",
    ),
    "services/payment/payouts/portions/repository.py _LOCK_SETTLING": (
        QUEUE,
        "payouts that are not settled to their end",
    ),
    "services/payment/payouts/billed/repository.py _NEXT_BILL": (QUEUE, "bills whose payouts are still in them"),
    "services/payment/payouts/resolution/repository.py _TO_RESOLVE": (QUEUE, "payouts with something to resolve"),
    "services/payment/refunds/deductions/repository.py _DEDUCT_COVERED": (
        QUEUE,
        "refunds; one that is missing is recorded as a difference, and deducted by a further part",
    ),
    "services/payment/payouts/uncovered/repository.py _FORGET_FOLLOWERS": (
        HELD,
        "the merchant, whose payouts they are",
    ),
    "services/payment/refunds/recovery/repository.py _LOCK_MISSING": (
        STEP,
        "refunds that are neither recovered nor decided; one that is by now wants no money, which goes back",
    ),
    "services/payment/refunds/unasked/repository.py _DEDUCT_COVERED": (QUEUE, "refunds, as of those we asked for"),
    "services/payment/refunds/unasked/repository.py _RELEASE": (HELD, "the batch"),
    "services/payment/statements/repository.py _FREE": (HELD, "the batch; its lines are reversed under its lock only"),
    "services/payment/statements/settlements/repository.py _LOOK_AGAIN": (QUEUE, "lines that wait for a bill"),
    "services/payment/payments/counted/repository.py _RELEASE": (
        HELD,
        "the batch; lines are counted under its lock only",
    ),
    "services/payment/orders/repository.py _TURN": (STEP, "orders by id; who needs to know reads them again"),
    "services/payment/orders/questions/repository.py _ASK_ALL_OPEN": (QUEUE, "orders to ask about"),
    "services/payment/orders/questions/repository.py _CLAIM_DUE": (QUEUE, "orders to ask about"),
    "services/payment/orders/questions/repository.py _NOTE_ANSWERED": (
        STEP,
        "an order by number; one that opened is asked on",
    ),
    "services/payment/orders/questions/repository.py _ASK_AT": (
        STEP,
        "an order by number; one that is paid needs no question",
    ),
    "services/payment/orders/repository.py _HURRY_LAPSED": (QUEUE, "orders past their last day"),
    "services/payment/orders/repository.py _END_UNREACHABLE": (QUEUE, "lapsed orders without a merchant"),
    "services/payment/orders/repository.py _RELEASE": (HELD, "the order; its lines are never opened again"),
    "services/payment/batches/repository.py _RENUMBER": (HELD, "the look-alike; a unique index refuses what it missed"),
    "services/payment/cash_refunds/repository.py _LOCK": (STEP, "a receipt that got another number answers 404"),
    "services/payment/receipts/repository.py _LOCK_BY_NUMBER": (STEP, "renumbered meanwhile: held, and compared again"),
    "services/payment/receipts/repository.py _RENUMBER": (
        HELD,
        "the look-alike; a unique index refuses what it missed",
    ),
    "services/payment/receipts/repository.py _CLAIM": (HELD, "the receipts"),
    "services/payment/receipts/repository.py _RELEASE": (HELD, "the batch; receipts join it under its lock only"),
    "services/payment/receipts/repository.py _DEPOSITED": (HELD, "the receipts"),
    "services/payment/receipts/repository.py _LOCK_DEPOSITED": (HELD, "the batch; receipts join it under its lock"),
    "services/payment/refunds/repository.py _LOCK_BY_NUMBER": (
        STEP,
        "a number is replaced only after the channel ended it, and the new one is asked for after the commit",
    ),
    "services/payment/refunds/deductions/repository.py _DEDUCT_DAY": (
        QUEUE,
        "paid refunds; one that is missing is in no sum, and the next part of its day has it",
    ),
    "services/payment/refunds/deductions/repository.py _RELEASE": (
        HELD,
        "the batch; refunds are deducted under its lock only",
    ),
    "services/payment/refunds/deductions/repository.py _LOCK_FOR_DAY": (
        STEP,
        "a paid refund, whose number nobody replaces",
    ),
    "services/payment/refunds/repository.py _TAKE": (QUEUE, "refunds to ask for"),
    "services/payment/refunds/repository.py _NOTE_CHANNEL_ID": (
        STEP,
        "a refund by id; another number, another id",
    ),
    "services/payment/refunds/repository.py _NOTE_REFUSAL": (STEP, "a refund by id; what is concluded needs no note"),
    "services/payment/refunds/repository.py _RETRY_NOW": (HELD, "the refund"),
    "services/payment/statements/settlements/repository.py _NEXT_SETTLEMENT": (QUEUE, "settlements"),
    "services/payment/statements/settlements/repository.py _STANDING_OF_BATCH": (
        HELD,
        "the batch; its lines are reversed under its lock only",
    ),
    "services/payment/statements/deposits/repository.py _RELEASE_DEPOSITS": (
        HELD,
        "the batch; a slip belongs to one batch",
    ),
    "services/payment/statements/deposits/repository.py _EXPLAIN_DEPOSITS": (
        HELD,
        "the batch; where a line is reversed meanwhile, the batch waits for the right one",
    ),
    "services/payment/remittance/repository.py _TAKE": (QUEUE, "batches whose lines are on their way"),
    "services/payment/suspense/repository.py _TURN": (HELD, "the item's refund, which alone turns it"),
    "services/payment/batches/lines/repository.py _NUMBER_FETCHED_LINES": (
        HELD,
        "the fetch, whose lines stay until it ends",
    ),
    "services/payment/remittance/detail_fetches/repository.py _CLAIM": (QUEUE, "fetches to read"),
    "services/payment/remittance/detail_fetches/repository.py _HOLD": (STEP, "a fetch by id: another worker has it"),
    "services/payment/remittance/detail_fetches/repository.py _RELEASE": (STEP, "a fetch by id"),
    "services/payment/remittance/detail_fetches/repository.py _CLEAR": (OWN, "lines of a fetch that it holds"),
    "services/payment/remittance/detail_fetches/repository.py _TAKE_COMPARED": (QUEUE, "fetches to note"),
    "services/payment/remittance/detail_fetches/repository.py _TAKE_ENDED": (QUEUE, "fetches whose lines are to go"),
    "services/registration/enrolments/repository.py _LOCK": (
        STEP,
        "enrolments by id; lost events are settled under it",
    ),
    "services/registration/enrolments/repository.py _STEPS[ACTIVE]": (QUEUE, "enrolments whose cover begins"),
    "services/registration/enrolments/repository.py _STEPS[EXPIRED]": (QUEUE, "enrolments whose cover ended"),
    "services/registration/imports/repository.py _CLAIM": (STEP, "a run by id: another process took it further"),
    "services/registration/enrolments/counts/repository.py _FOLDING[1]": (
        QUEUE,
        "deltas of counts; another process folded them",
    ),
    "services/registration/enrolments/counts/repository.py _FOLDING[2]": (QUEUE, "counts of nobody"),
    "services/registration/enrolments/repository.py _RECORD": (
        HELD,
        "the rows, by their ids; the deltas of their counts are added and none is looked for",
    ),
    "services/subsidy/assessment/repository.py _RECORD_PAID": (
        HELD,
        "the rows, by their ids; the deltas of their counts are added and none is looked for",
    ),
    "services/subsidy/assessment/repository.py _RENEW": (
        HELD,
        "the rows, by their ids; the deltas of their counts are added and none is looked for",
    ),
    "services/subsidy/assessment/repository.py _TERMINATE": (
        HELD,
        "the rows, by their ids; the deltas of their counts are added and none is looked for",
    ),
    "services/subsidy/counts/repository.py _LINES[1]": (QUEUE, "deltas of counts; another process folded them"),
    "services/subsidy/counts/repository.py _LINES[2]": (QUEUE, "counts of nobody"),
    "services/subsidy/counts/repository.py _PEOPLE[1]": (QUEUE, "deltas of counts; another process folded them"),
    "services/subsidy/counts/repository.py _PEOPLE[2]": (QUEUE, "counts of nobody"),
    "services/subsidy/rosters/repository.py _WITHDRAW": (HELD, "the line, by _LINE"),
    "services/subsidy/assessment/repository.py _LOCK_ENROLMENTS": (
        HELD,
        "the epoch that begins: nobody announces a version until the commit",
    ),
    "services/subsidy/assessment/repository.py _LOCK_REVISABLE": (
        HELD,
        "the people: versions are made under that lock; who was paid or ended meanwhile is rightly left out",
    ),
    "services/subsidy/rosters/repository.py _LINE": (STEP, "a roster names a person once: there is one row to take"),
    "services/subsidy/changes/repository.py _TAKE": (QUEUE, "people to price again"),
    "services/subsidy/changes/repository.py _GO_BACK": (HELD, "the one row, or a turn that commits before it"),
    "services/subsidy/changes/repository.py _GO_ON": (HELD, "the one row"),
    "shared/approvals/repository.py _EXPIRE": (
        STEP,
        "one waits on a subject; the insert after it decides",
    ),
    "shared/messaging/bus/postgres_group.py _EXPIRE": (HELD, "the group, by its advisory lock"),
    "shared/messaging/bus/postgres_group.py _RENEW": (HELD, "the group, by its advisory lock"),
    "shared/messaging/bus/postgres_group.py _GIVE": (OWN, "a member's leases"),
    "shared/messaging/bus/postgres_group.py _LEAVE": (OWN, "a member's leases"),
    "shared/messaging/dead_letters/replay.py _CONCLUDE": (STEP, "a letter by id: it waits no longer"),
    "shared/messaging/records/unhandled_records.py _UNPARK": (HELD, "the partition, by its offset"),
    "shared/messaging/outbox/lanes.py _FORGET": (QUEUE, "members whose presence ended"),
    "shared/messaging/outbox/lanes.py _RENEW": (OWN, "a relay's lanes; one that was taken over is not renewed"),
    "shared/messaging/outbox/lanes.py _RELEASE": (OWN, "a relay's lanes"),
    "shared/messaging/outbox/lanes.py _TAKE": (QUEUE, "free lanes"),
    "shared/messaging/outbox/lanes.py _LEAVE": (OWN, "a relay's presence"),
    "shared/messaging/outbox/relay.py _MARK": (STEP, "lanes by number: one that was taken over is not marked"),
    "shared/messaging/outbox/epochs.py _MOVE": (OWN, "unsent events; the epoch's lock keeps others from announcing"),
    "shared/messaging/outbox/epochs.py _MADE_GOOD": (QUEUE, "lost events"),
    "shared/messaging/outbox/epochs.py _SETTLE_ABOUT": (STEP, "lost events by key and kind: absent means made good"),
    "shared/messaging/outbox/sending_again.py _PORTION": (STEP, "events by id; one that is not marked is sent anyway"),
    "shared/messaging/outbox/retention.py _DELETE": (
        STEP,
        "rows of sealed blocks, by their places; where one is missing nothing is purged",
    ),
    "shared/messaging/topics/offsets.py _COMPARE_AND_SET": (STEP, "partitions: another member took them further"),
}
# Statements whose SET list is put together at run time.
PUT_TOGETHER = {"remittance_batch": set(_FACTS)}
# Columns that the database computes from others.
COMPUTED = {"receipt_form": "receipt_no", "slip_form": "slip_no", "statement_form": "statement_no"}


@pytest.fixture(scope="module")
def sent() -> list[Statement]:
    """Every statement of the services and of what they share."""
    return statements("services", "shared")


def waiting_by_what_changes(sent: list[Statement]) -> set[str]:
    """Statements that wait for rows by a condition on columns, or on rows, that others change or take away."""
    changes = changeable(sent)
    for table, columns in PUT_TOGETHER.items():
        changes[table] |= columns
    for columns in changes.values():
        columns |= {form for form, number in COMPUTED.items() if number in columns}
    gone = {table for statement in sent for table in statement.deletes_from}
    return {
        statement.place
        for statement in sent
        if statement.locks
        and (
            statement.tables & gone
            or statement.asks_by & {column for table in statement.tables for column in changes.get(table, ())}
        )
    }


def test_every_lock_by_what_another_changes_says_why_absence_misleads_nobody(sent: list[Statement]) -> None:
    """A1: a new one fails here until somebody has thought about it."""
    found = waiting_by_what_changes(sent)
    assert found - SAFE.keys() == set(), "what does it mean that a row is missing? Say so in SAFE, or look once more"
    assert SAFE.keys() - found == set(), "no such statement any more"


def test_the_statement_that_misled_would_be_found(sent: list[Statement]) -> None:
    """As A1 was found: the bills in force are a condition that re-pricing changes."""
    (locking,) = [one for one in sent if one.place == "services/payment/bills/repository.py _LOCK_LIVE"]
    assert locking.locks
    assert "superseded_because" in locking.asks_by
    assert "superseded_because" in changeable(sent)["bill"]


def test_a_statement_is_read_as_it_is_written() -> None:
    written = Statement(
        "here",
        """
        WITH due AS (
            SELECT id, asked_at IS NOT NULL AS before FROM refund
            WHERE state = 'ASKED' AND (failure IS NULL OR asked_at < now()) ORDER BY id LIMIT :n FOR UPDATE SKIP LOCKED
        )
        UPDATE refund r SET state = coalesce(:state, 'PAID'), asked_at = now() FROM due WHERE r.id = due.id
        """,
    )
    assert written.locks
    assert written.sets == {"refund": {"state", "asked_at"}}
    assert {"state", "failure", "asked_at", "id"} <= written.asks_by
    assert not {"n", "before", "limit"} & written.asks_by
    latest = Statement("here", "SELECT id FROM bill WHERE region = 1 ORDER BY version LIMIT 1 FOR UPDATE")
    assert latest.asks_by == {"region", "version"}
    upsert = Statement("here", "INSERT INTO cursor AS c (id, seq) VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET seq = 2")
    assert upsert.sets == {"cursor": {"seq"}}
    assert not upsert.locks
    assert not Statement("here", "SELECT id FROM bill WHERE state = 'OPEN'").locks
