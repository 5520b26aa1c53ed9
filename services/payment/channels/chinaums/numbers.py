"""Numbers as ChinaUMS wants them: letters and digits, at most 31, the first four of them the merchant's source number.

Our order numbers have 32 digits already. They are written to the base of 36 behind the source number, and are read back
from there, so that no table has to remember which is which. The day on which an order was made stands in its number,
too: the channel asks for it (``billDate``) whenever the order is spoken of.
"""

import re
from datetime import UTC, date, datetime
from uuid import UUID

from services.payment.channels.channel import ChannelRefused
from shared.domain.clock import business_date_of

NOT_OURS = "NOT_OUR_NUMBER"
# A refund's number: which refund, and which attempt at it.
_REFUND_NO = re.compile(r"R([0-9a-f]{32})T([1-9][0-9]{0,8})")
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PLACES = 25
_VALUES = 1 << 128


def bill_no(source: str, order_no: str) -> str:
    """An order's number at the channel; raises ChannelRefused where it is no number of ours."""
    return source + _written(_order(order_no))


def order_no_of(source: str, number: str) -> str:
    """The order that a number at the channel stands for; a number that is none of ours stands for itself."""
    order = _read(number[len(source) :]) if number.startswith(source) else None
    return order.hex if order is not None else number


def bill_date(order_no: str) -> date:
    """The day on which an order was made; raises ChannelRefused where its number does not say."""
    order = _order(order_no)
    try:
        return business_date_of(datetime.fromtimestamp((order.int >> 80) / 1000, UTC))
    except (OverflowError, OSError, ValueError):
        raise ChannelRefused(NOT_OURS) from None


def refund_order_id(source: str, number: str) -> str:
    """A refund's number at the channel; raises ChannelRefused where it is no number of ours."""
    found = _REFUND_NO.fullmatch(number)
    if found is None:
        raise ChannelRefused(NOT_OURS)
    return source + _written(UUID(found[1])) + _based(int(found[2]))


def refund_no_of(source: str, number: str) -> str:
    """The refund that a number at the channel stands for; a number that is none of ours stands for itself."""
    end = len(source) + _PLACES
    refund_id = _read(number[len(source) : end]) if number.startswith(source) else None
    attempt = number[end:]
    if refund_id is None or not attempt or attempt[0] == "0" or not set(attempt) <= set(_DIGITS):
        return number
    return f"R{refund_id.hex}T{int(attempt, len(_DIGITS))}"


def paid_bill(source: str, transaction_id: str) -> str | None:
    """The order of ours that a payment's number (``merOrderId``) begins with: the channel puts a digit behind it.

    None where it is no order of ours.
    """
    number = transaction_id[: len(source) + _PLACES]
    order_no = order_no_of(source, number)
    return order_no if order_no != number else None


def _order(order_no: str) -> UUID:
    try:
        return UUID(hex=order_no)
    except ValueError:
        raise ChannelRefused(NOT_OURS) from None


def _written(identifier: UUID) -> str:
    return _based(identifier.int).rjust(_PLACES, "0")


def _based(value: int) -> str:
    digits = ""
    while value:
        value, digit = divmod(value, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits


def _read(written: str) -> UUID | None:
    if len(written) != _PLACES or not set(written) <= set(_DIGITS):
        return None
    value = int(written, len(_DIGITS))
    return UUID(int=value) if value < _VALUES else None
