"""Every posting of the books, named after what happens. Pure: each returns a transfer, ``debit ← credit``."""

from services.payment.ledger import accounts
from services.payment.ledger.transfer import Dimensions, PostingContext, Transfer

# --- Online money: the channel holds it and settles it into the pending account.


def premium_received(dimensions: Dimensions, amount_fen: int, context: PostingContext, *, channel: str) -> Transfer:
    """A channel's notice pays a contribution: channel ← premium."""
    return Transfer("premium_received", accounts.channel(channel), accounts.PREMIUM, amount_fen, dimensions, context)


def settled(dimensions: Dimensions, amount_fen: int, context: PostingContext, *, channel: str) -> Transfer:
    """The channel paid out into the tax pending account: pending ← channel."""
    return Transfer("settled", accounts.PENDING, accounts.channel(channel), amount_fen, dimensions, context)


def refund_deducted(dimensions: Dimensions, amount_fen: int, context: PostingContext, *, channel: str) -> Transfer:
    """The channel paid out less, because it gave back money that it had settled before: channel ← pending."""
    return Transfer("refund_deducted", accounts.channel(channel), accounts.PENDING, amount_fen, dimensions, context)


def settled_reversed(dimensions: Dimensions, amount_fen: int, context: PostingContext, *, channel: str) -> Transfer:
    """The bank's line of a payout was reversed, so the channel still holds the money: channel ← pending."""
    return Transfer("settled_reversed", accounts.channel(channel), accounts.PENDING, amount_fen, dimensions, context)


def refund_deducted_reversed(
    dimensions: Dimensions, amount_fen: int, context: PostingContext, *, channel: str
) -> Transfer:
    """The bank's line of a payout was reversed, so nothing was deducted from it: pending ← channel."""
    kind = "refund_deducted_reversed"
    return Transfer(kind, accounts.PENDING, accounts.channel(channel), amount_fen, dimensions, context)


# --- Village cash: receipt, deposit, import.


def receipt_taken(dimensions: Dimensions, amount_fen: int, context: PostingContext) -> Transfer:
    """A village collector took cash against a receipt: village_cash ← unapplied."""
    return Transfer("receipt_taken", accounts.VILLAGE_CASH, accounts.UNAPPLIED, amount_fen, dimensions, context)


def deposit_matched(dimensions: Dimensions, amount_fen: int, context: PostingContext) -> Transfer:
    """The bank statement's line matched the deposit slip: pending ← village_cash."""
    return Transfer("deposit_matched", accounts.PENDING, accounts.VILLAGE_CASH, amount_fen, dimensions, context)


def deposit_unmatched(dimensions: Dimensions, amount_fen: int, context: PostingContext) -> Transfer:
    """A statement was corrected, so what its deposit is the cash of is open again: village_cash ← pending."""
    return Transfer("deposit_unmatched", accounts.VILLAGE_CASH, accounts.PENDING, amount_fen, dimensions, context)


def deposit_short(dimensions: Dimensions, amount_fen: int, context: PostingContext) -> Transfer:
    """The collector paid in less than the receipts say, and owes the rest: collector_short ← village_cash."""
    return Transfer("deposit_short", accounts.COLLECTOR_SHORT, accounts.VILLAGE_CASH, amount_fen, dimensions, context)


def shortage_paid(dimensions: Dimensions, amount_fen: int, context: PostingContext) -> Transfer:
    """The bank booked what a collector had owed: pending ← collector_short."""
    return Transfer("shortage_paid", accounts.PENDING, accounts.COLLECTOR_SHORT, amount_fen, dimensions, context)


def deposit_short_reversed(dimensions: Dimensions, amount_fen: int, context: PostingContext) -> Transfer:
    """The deposit that was short was reversed, so the village has all of it: village_cash ← collector_short."""
    kind = "deposit_short_reversed"
    return Transfer(kind, accounts.VILLAGE_CASH, accounts.COLLECTOR_SHORT, amount_fen, dimensions, context)


def shortage_paid_reversed(dimensions: Dimensions, amount_fen: int, context: PostingContext) -> Transfer:
    """A line of the bank that paid what was owed was reversed: collector_short ← pending."""
    kind = "shortage_paid_reversed"
    return Transfer(kind, accounts.COLLECTOR_SHORT, accounts.PENDING, amount_fen, dimensions, context)


def cash_imported(dimensions: Dimensions, amount_fen: int, context: PostingContext) -> Transfer:
    """A cash line was matched and imported, it pays the contribution: unapplied ← premium."""
    return Transfer("cash_imported", accounts.UNAPPLIED, accounts.PREMIUM, amount_fen, dimensions, context)


# --- The way to the treasury.


def remitted(dimensions: Dimensions, amount_fen: int, context: PostingContext) -> Transfer:
    """上解: in_transit ← pending."""
    return Transfer("remitted", accounts.IN_TRANSIT, accounts.PENDING, amount_fen, dimensions, context)


def received_in_treasury(dimensions: Dimensions, amount_fen: int, context: PostingContext) -> Transfer:
    """入国库: treasury ← in_transit."""
    return Transfer("received_in_treasury", accounts.TREASURY, accounts.IN_TRANSIT, amount_fen, dimensions, context)


def returned(dimensions: Dimensions, amount_fen: int, context: PostingContext) -> Transfer:
    """The treasury sent remitted money back: pending ← in_transit."""
    return Transfer("returned", accounts.PENDING, accounts.IN_TRANSIT, amount_fen, dimensions, context)


# --- Aid: the subsidised share of the individual contribution (资助参保).


def aid_earned(dimensions: Dimensions, amount_fen: int, context: PostingContext, *, funder: str) -> Transfer:
    """The enrolment became PAID, so the funder owes its share: funder ← aided."""
    return Transfer(f"aid_earned:{funder}", accounts.funder(funder), accounts.AIDED, amount_fen, dimensions, context)


# --- Money that pays no bill, and money that goes back.


def suspended(dimensions: Dimensions, amount_fen: int, context: PostingContext, *, channel: str) -> Transfer:
    """Money came in that pays no bill: channel ← suspense."""
    return Transfer("suspended", accounts.channel(channel), accounts.SUSPENSE, amount_fen, dimensions, context)


def suspense_matched(dimensions: Dimensions, amount_fen: int, context: PostingContext) -> Transfer:
    """Two people found the bill that suspended money pays: suspense ← premium."""
    return Transfer("suspense_matched", accounts.SUSPENSE, accounts.PREMIUM, amount_fen, dimensions, context)


def suspense_left(dimensions: Dimensions, amount_fen: int, context: PostingContext, *, lies_in: str) -> Transfer:
    """Suspended money is of another person or place, and leaves this one's books: suspense ← where it lies."""
    return Transfer("suspense_left", accounts.SUSPENSE, lies_in, amount_fen, dimensions, context)


def suspense_arrived(dimensions: Dimensions, amount_fen: int, context: PostingContext, *, lies_in: str) -> Transfer:
    """The same money comes into the books of those whose it is: where it lies ← suspense."""
    return Transfer("suspense_arrived", lies_in, accounts.SUSPENSE, amount_fen, dimensions, context)


def suspense_refund_decided(dimensions: Dimensions, amount_fen: int, context: PostingContext) -> Transfer:
    """Suspended money is to go back to the payer: suspense ← refund_payable."""
    return Transfer(
        "suspense_refund_decided", accounts.SUSPENSE, accounts.REFUND_PAYABLE, amount_fen, dimensions, context
    )


def refunded(dimensions: Dimensions, amount_fen: int, context: PostingContext, *, channel: str) -> Transfer:
    """The channel paid the refund out of what it holds for us: refund_payable ← channel."""
    return Transfer("refunded", accounts.REFUND_PAYABLE, accounts.channel(channel), amount_fen, dimensions, context)


def refunded_unasked(dimensions: Dimensions, amount_fen: int, context: PostingContext, *, channel: str) -> Transfer:
    """The channel gave back a credited contribution that nobody asked it to: refunded_unasked ← channel."""
    kind = "refunded_unasked"
    return Transfer(kind, accounts.REFUNDED_UNASKED, accounts.channel(channel), amount_fen, dimensions, context)


def refund_recovered(dimensions: Dimensions, amount_fen: int, context: PostingContext) -> Transfer:
    """The payer paid again what the channel had given back unasked: suspense ← refunded_unasked."""
    kind = "refund_recovered"
    return Transfer(kind, accounts.SUSPENSE, accounts.REFUNDED_UNASKED, amount_fen, dimensions, context)


def import_failed(dimensions: Dimensions, amount_fen: int, context: PostingContext) -> Transfer:
    """A cash line finally failed import and is to be returned: unapplied ← refund_payable."""
    return Transfer("import_failed", accounts.UNAPPLIED, accounts.REFUND_PAYABLE, amount_fen, dimensions, context)


def refund_cash_fetched(dimensions: Dimensions, amount_fen: int, context: PostingContext) -> Transfer:
    """The village fetched the cash to be returned: village_cash ← pending."""
    return Transfer("refund_cash_fetched", accounts.VILLAGE_CASH, accounts.PENDING, amount_fen, dimensions, context)


def refund_cash_signed_for(dimensions: Dimensions, amount_fen: int, context: PostingContext) -> Transfer:
    """The person signed for the returned cash: refund_payable ← village_cash."""
    kind = "refund_cash_signed_for"
    return Transfer(kind, accounts.REFUND_PAYABLE, accounts.VILLAGE_CASH, amount_fen, dimensions, context)
