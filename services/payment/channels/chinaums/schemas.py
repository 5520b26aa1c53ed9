"""How a settlement file is laid out, as data: the channel has no public format, and each contract may have its own."""

from datetime import date, datetime
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from services.payment.channels.bills import BillFault, FaultyBill, TradeKind
from shared.domain.clock import SHANGHAI


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DetailColumns(_Declared):
    """The names of the columns of a detail; a file may have others, in any order."""

    settled_on: str
    merchant_id: str
    order_no: str
    transaction_id: str
    refund_no: str
    kind: str
    happened_at: str
    amount: str
    fee: str


class TotalsLine(_Declared):
    """The line after the details: it begins with a mark, and its values stand in this order."""

    mark: str
    count: Annotated[int, Field(ge=1)]
    amount: Annotated[int, Field(ge=1)]
    fee: Annotated[int, Field(ge=1)]
    settled: Annotated[int, Field(ge=1)]


class SettlementLayout(_Declared):
    """Encoding, separator, columns, what kinds are called, how days, moments and sums are written."""

    invented: bool = False
    encoding: Literal["utf-8", "gbk", "gb18030"]
    separator: Annotated[str, Field(min_length=1, max_length=4)]
    unit: Literal["yuan", "fen"]
    day: str
    moment: str
    refunds_are_negative: bool
    kinds: dict[str, TradeKind]
    columns: DetailColumns
    totals: TotalsLine

    def day_of(self, written: str) -> date:
        """A day as the file writes it; raises FaultyBill."""
        return _read(written, self.day).date()

    def moment_of(self, written: str) -> datetime:
        """A moment of Chinese time; raises FaultyBill."""
        return _read(written, self.moment)

    def fen_of(self, written: str) -> int:
        """A sum in fen, negative with a minus; raises FaultyBill."""
        sign, digits = (-1, written[1:]) if written[:1] == "-" else (1, written)
        whole, point, rest = digits.partition(".")
        is_sum = digits.isascii() and whole.isdecimal() and len(whole) <= 13 and (not point or rest.isdecimal())
        if not is_sum or len(rest) > 2 or (point and self.unit == "fen"):
            raise FaultyBill(BillFault.WRONG_LINE, "a sum of money is not one")
        return sign * (int(whole) if self.unit == "fen" else int(whole) * 100 + int(rest.ljust(2, "0")))


def _read(written: str, form: str) -> datetime:
    try:
        return datetime.strptime(written, form).replace(tzinfo=SHANGHAI)
    except ValueError:
        raise FaultyBill(BillFault.WRONG_LINE, "a day or moment is not one") from None


def read_layout(text: bytes) -> SettlementLayout:
    """A layout from its YAML; raises ValueError where it is none."""
    try:
        return SettlementLayout.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise ValueError("no YAML") from error
