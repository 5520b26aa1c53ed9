"""The books: each row balances by itself, a key stands for one transfer for ever, and nothing is rewritten."""

import inspect
from dataclasses import replace
from datetime import date

import asyncpg
import pytest

from services.payment.ledger import postings
from services.payment.ledger.service import TransferModified, balances, post
from services.payment.ledger.transfer import Dimensions, ImpossibleTransfer, PostingContext, Transfer
from shared.contracts.event import Trace
from shared.domain.ids import new_id
from tests.harness.assessments import VILLAGE
from tests.harness.installation import COUNTY
from tests.services.payment.running_payment import RunningPayment

LINE = Dimensions(VILLAGE, new_id(), "token", 2024)
OCCASION = PostingContext("receipt-1", date(2023, 10, 8), new_id(), Trace.start("clerk"))


async def posted(payment: RunningPayment, *transfers: Transfer) -> int:
    """Post in a transaction of its own."""
    async with payment.running.database.transaction(COUNTY) as session:
        return await post(session, transfers)


def test_every_posting_moves_money_between_the_accounts_that_the_books_name() -> None:
    named = {
        "receipt_taken": ("village_cash", "unapplied"),
        "deposit_matched": ("pending", "village_cash"),
        "deposit_unmatched": ("village_cash", "pending"),
        "deposit_short": ("collector_short", "village_cash"),
        "deposit_short_reversed": ("village_cash", "collector_short"),
        "shortage_paid": ("pending", "collector_short"),
        "shortage_paid_reversed": ("collector_short", "pending"),
        "cash_imported": ("unapplied", "premium"),
        "remitted": ("in_transit", "pending"),
        "received_in_treasury": ("treasury", "in_transit"),
        "returned": ("pending", "in_transit"),
        "premium_received": ("channel:X", "premium"),
        "settled": ("pending", "channel:X"),
        "settled_reversed": ("channel:X", "pending"),
        "refund_deducted": ("channel:X", "pending"),
        "refund_deducted_reversed": ("pending", "channel:X"),
        "refunded_unasked": ("refunded_unasked", "channel:X"),
        "refund_recovered": ("suspense", "refunded_unasked"),
        "premium_reversed": ("premium", "channel:X"),
        "suspense_reversed": ("suspense", "channel:X"),
        "aid_earned": ("funder:F", "aided"),
        "aid_withdrawn": ("aided", "funder:F"),
        "suspended": ("channel:X", "suspense"),
        "suspense_refund_decided": ("suspense", "refund_payable"),
        "refunded": ("refund_payable", "channel:X"),
        "import_failed": ("unapplied", "refund_payable"),
        "refund_cash_fetched": ("village_cash", "pending"),
        "refund_cash_signed_for": ("refund_payable", "village_cash"),
    }
    assert named.keys() == {name for name, made in vars(postings).items() if inspect.isfunction(made)}
    others = {"channel": "X", "funder": "F"}
    for name, sides in named.items():
        function = getattr(postings, name)
        wanted = inspect.signature(function).parameters
        transfer = function(LINE, 1, OCCASION, **{key: value for key, value in others.items() if key in wanted})
        assert (transfer.debit, transfer.credit) == sides, name


@pytest.mark.parametrize("amount_fen", [0, -1])
def test_nothing_and_less_cannot_be_posted(amount_fen: int) -> None:
    with pytest.raises(ImpossibleTransfer):
        postings.receipt_taken(LINE, amount_fen, OCCASION)


def test_money_does_not_move_to_where_it_is() -> None:
    with pytest.raises(ImpossibleTransfer):
        Transfer("refunded", "refund_payable", "refund_payable", 1, LINE, OCCASION)


async def test_the_same_transfer_again_changes_nothing(payment: RunningPayment) -> None:
    transfer = postings.receipt_taken(LINE, 38_000, OCCASION)
    assert await posted(payment, transfer, transfer) == 1
    assert await posted(payment, transfer) == 0
    async with payment.running.database.transaction(VILLAGE) as session:
        held = {one.account: one.balance_fen for one in await balances(session, 2024)}
    assert held == {"village_cash": 38_000, "unapplied": -38_000}


async def test_a_key_that_comes_with_another_body_is_refused_and_nothing_of_it_is_posted(
    payment: RunningPayment,
) -> None:
    transfer = postings.receipt_taken(LINE, 38_000, OCCASION)
    await posted(payment, transfer)
    fresh = postings.receipt_taken(LINE, 1, replace(OCCASION, key="receipt-2"))
    with pytest.raises(TransferModified):
        await posted(payment, fresh, replace(transfer, amount_fen=1))
    with pytest.raises(TransferModified):
        await posted(payment, fresh, replace(fresh, amount_fen=2))
    assert await payment.one("SELECT count(*) FROM transfer") == 1


async def test_the_books_are_append_only_even_for_their_owner(payment: RunningPayment) -> None:
    await posted(payment, postings.receipt_taken(LINE, 38_000, OCCASION))
    for statement in ("UPDATE transfer SET amount_fen = 1", "DELETE FROM transfer", "TRUNCATE transfer"):
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await payment.sql(statement)


async def test_another_region_sees_nothing_of_the_books(payment: RunningPayment) -> None:
    await posted(payment, postings.receipt_taken(LINE, 38_000, OCCASION))
    async with payment.running.database.transaction("411521102") as session:
        assert await balances(session) == []
