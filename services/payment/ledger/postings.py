"""Every posting of the books, named after what happens. Pure: each returns a transfer, ``debit ← credit``."""

from services.payment.ledger import accounts
from services.payment.ledger.transfer import Line, Occasion, Transfer

# --- Online money: the channel holds it and settles it into the pending account.


def premium_received(line: Line, amount_fen: int, occasion: Occasion, *, channel: str) -> Transfer:
    """A channel's notice pays a contribution: channel ← premium."""
    return Transfer("premium_received", accounts.channel(channel), accounts.PREMIUM, amount_fen, line, occasion)


def settled(line: Line, amount_fen: int, occasion: Occasion, *, channel: str) -> Transfer:
    """The channel paid out into the tax pending account: pending ← channel."""
    return Transfer("settled", accounts.PENDING, accounts.channel(channel), amount_fen, line, occasion)


def refund_deducted(line: Line, amount_fen: int, occasion: Occasion, *, channel: str) -> Transfer:
    """The channel paid out less, because it gave back money that it had settled before: channel ← pending."""
    return Transfer("refund_deducted", accounts.channel(channel), accounts.PENDING, amount_fen, line, occasion)


# --- Village cash: receipt, deposit, import.


def receipt_taken(line: Line, amount_fen: int, occasion: Occasion) -> Transfer:
    """A village collector took cash against a receipt: village_cash ← unapplied."""
    return Transfer("receipt_taken", accounts.VILLAGE_CASH, accounts.UNAPPLIED, amount_fen, line, occasion)


def deposit_matched(line: Line, amount_fen: int, occasion: Occasion) -> Transfer:
    """The bank statement's line matched the deposit slip: pending ← village_cash."""
    return Transfer("deposit_matched", accounts.PENDING, accounts.VILLAGE_CASH, amount_fen, line, occasion)


def deposit_unmatched(line: Line, amount_fen: int, occasion: Occasion) -> Transfer:
    """A statement was corrected, so what its deposit is the cash of is open again: village_cash ← pending."""
    return Transfer("deposit_unmatched", accounts.VILLAGE_CASH, accounts.PENDING, amount_fen, line, occasion)


def cash_imported(line: Line, amount_fen: int, occasion: Occasion) -> Transfer:
    """A cash line was matched and imported, it pays the contribution: unapplied ← premium."""
    return Transfer("cash_imported", accounts.UNAPPLIED, accounts.PREMIUM, amount_fen, line, occasion)


# --- The way to the treasury.


def remitted(line: Line, amount_fen: int, occasion: Occasion) -> Transfer:
    """上解: in_transit ← pending."""
    return Transfer("remitted", accounts.IN_TRANSIT, accounts.PENDING, amount_fen, line, occasion)


def received_in_treasury(line: Line, amount_fen: int, occasion: Occasion) -> Transfer:
    """入国库: treasury ← in_transit."""
    return Transfer("received_in_treasury", accounts.TREASURY, accounts.IN_TRANSIT, amount_fen, line, occasion)


def returned(line: Line, amount_fen: int, occasion: Occasion) -> Transfer:
    """The treasury sent remitted money back: pending ← in_transit."""
    return Transfer("returned", accounts.PENDING, accounts.IN_TRANSIT, amount_fen, line, occasion)


# --- Aid: the subsidised share of the individual contribution (资助参保).


def aid_earned(line: Line, amount_fen: int, occasion: Occasion, *, funder: str) -> Transfer:
    """The enrolment became PAID, so the funder owes its share: funder ← aided."""
    return Transfer(f"aid_earned:{funder}", accounts.funder(funder), accounts.AIDED, amount_fen, line, occasion)


# --- Money without a home, and money that goes back.


def suspended(line: Line, amount_fen: int, occasion: Occasion, *, channel: str) -> Transfer:
    """Money came in that pays no bill: channel ← suspense."""
    return Transfer("suspended", accounts.channel(channel), accounts.SUSPENSE, amount_fen, line, occasion)


def suspense_refund_decided(line: Line, amount_fen: int, occasion: Occasion) -> Transfer:
    """Suspended money is to go back to whoever paid it: suspense ← refund_payable."""
    return Transfer("suspense_refund_decided", accounts.SUSPENSE, accounts.REFUND_PAYABLE, amount_fen, line, occasion)


def refunded(line: Line, amount_fen: int, occasion: Occasion, *, channel: str) -> Transfer:
    """The channel paid the refund out of what it holds for us: refund_payable ← channel."""
    return Transfer("refunded", accounts.REFUND_PAYABLE, accounts.channel(channel), amount_fen, line, occasion)


def import_failed(line: Line, amount_fen: int, occasion: Occasion) -> Transfer:
    """A cash line finally failed import and is to be returned: unapplied ← refund_payable."""
    return Transfer("import_failed", accounts.UNAPPLIED, accounts.REFUND_PAYABLE, amount_fen, line, occasion)


def refund_cash_fetched(line: Line, amount_fen: int, occasion: Occasion) -> Transfer:
    """The village fetched the cash to be returned: village_cash ← pending."""
    return Transfer("refund_cash_fetched", accounts.VILLAGE_CASH, accounts.PENDING, amount_fen, line, occasion)


def refund_cash_signed_for(line: Line, amount_fen: int, occasion: Occasion) -> Transfer:
    """The person signed for the returned cash: refund_payable ← village_cash."""
    kind = "refund_cash_signed_for"
    return Transfer(kind, accounts.REFUND_PAYABLE, accounts.VILLAGE_CASH, amount_fen, line, occasion)
