"""A settlement file while it is read: details by the names of their columns, then a line of totals that must agree.

The same file is read twice. As a trade bill it has the payments and refunds. As a fund-flow bill it has them as
movements, then what was kept as a fee, then what is paid out to the bank: the channel pays out each day as a whole, so
that the balance is nought before and after it.
"""

import gzip
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import BinaryIO, NamedTuple

from services.payment.channels.bills import (
    BillFault,
    BillKind,
    FaultyBill,
    FlowKind,
    FlowLine,
    Portion,
    TradeKind,
    TradeLine,
)
from services.payment.channels.chinaums.numbers import order_no_of, refund_no_of
from services.payment.channels.chinaums.schemas import SettlementLayout
from shared.domain.clock import SHANGHAI

_AT_ONCE = 2_000
_LONGEST_LINE = 1 << 16
_NUMBER_LIMIT = 64
_PAID_OUT, _KEPT = "清算", "手续费"
_SUCCESS = "SUCCESS"


class SettledDetail(NamedTuple):
    """One payment or refund as the file has it; sums positive, whatever sign they are written with."""

    line_no: int
    kind: TradeKind
    bill_no: str
    transaction_id: str
    refund_order_id: str
    amount_fen: int
    fee_fen: int
    happened_at: datetime

    @property
    def moved_fen(self) -> int:
        """What it adds to the balance."""
        return self.amount_fen if self.kind is TradeKind.PAYMENT else -self.amount_fen


@dataclass(frozen=True, slots=True)
class SettledTotals:
    """The totals of a file: how many details, what they come to, what was kept of it, what is paid out."""

    count: int
    amount_fen: int
    fee_fen: int
    settled_fen: int


class SettlementFile(ABC):
    """One file of a merchant's day."""

    def __init__(self, file: BinaryIO, layout: SettlementLayout, merchant_id: str, source: str, day: date) -> None:
        self._file = file
        self._layout = layout
        self._merchant_id = merchant_id
        self.source = source
        self.day = day
        self.summary: Mapping[str, str] = {}
        self._moment = lru_cache(maxsize=4096)(layout.moment_of)
        self._settled_on = lru_cache(maxsize=8)(layout.day_of)

    @abstractmethod
    def read(self, details: Sequence[SettledDetail]) -> Portion:
        """Some details as lines."""

    @abstractmethod
    def end(self, totals: SettledTotals) -> Portion | None:
        """What follows the details, once they are known to agree with the totals."""

    def portions(self) -> Iterator[Portion]:
        """The lines in the file's order; raises FaultyBill, at the latest after the last one."""
        lines = _lines(self._file, self._layout)
        places = self._columns(next(lines, ""))
        count = amount = fee = 0
        waiting: list[SettledDetail] = []
        for number, line in enumerate(lines, start=1):
            values = line.split(self._layout.separator)
            if values[0] == self._layout.totals.mark:
                if waiting:
                    yield self.read(waiting)
                totals = self._totals(values, SettledTotals(count, amount, fee, amount - fee))
                if next(lines, None) is not None:
                    raise FaultyBill(BillFault.CUT, "something follows its totals")
                if (last := self.end(totals)) is not None:
                    yield last
                return
            detail = self._detail(number, values, places)
            count, amount, fee = count + 1, amount + detail.moved_fen, fee + detail.fee_fen
            waiting.append(detail)
            if len(waiting) == _AT_ONCE:
                yield self.read(waiting)
                waiting = []
        raise FaultyBill(BillFault.CUT, "it does not end with totals")

    def _columns(self, header: str) -> Sequence[int]:
        names = header.split(self._layout.separator)
        wanted = list(self._layout.columns.model_dump().values())
        if wrong := [name for name in wanted if names.count(name) != 1]:
            raise FaultyBill(BillFault.WRONG_COLUMNS, f"missing or repeated: {', '.join(wrong)}")
        self._width = len(names)
        return [names.index(name) for name in wanted]

    def _detail(self, number: int, values: Sequence[str], places: Sequence[int]) -> SettledDetail:
        try:
            if len(values) != self._width:
                raise FaultyBill(BillFault.WRONG_LINE, f"has not {self._width} values")
            return self._read(number, [values[place] for place in places])
        except FaultyBill as faulty:
            raise FaultyBill(faulty.fault, f"line {number}: {faulty.detail}") from None

    def _read(self, number: int, values: Sequence[str]) -> SettledDetail:
        settled_on, merchant_id, bill_no, transaction_id, refund_order_id, said, happened_at, amount, fee = values
        if merchant_id != self._merchant_id:
            raise FaultyBill(BillFault.OTHER_MERCHANT)
        if self._settled_on(settled_on) != self.day:
            raise FaultyBill(BillFault.OTHER_DAY)
        kind = self._layout.kinds.get(said)
        if kind is None:
            raise FaultyBill(BillFault.WRONG_LINE, "neither payment nor refund")
        is_refund = kind is TradeKind.REFUND
        amount_fen, fee_fen = self._layout.fen_of(amount), self._layout.fen_of(fee)
        if is_refund and self._layout.refunds_are_negative:
            amount_fen = -amount_fen
        if amount_fen <= 0 or is_refund == (refund_order_id == ""):
            raise FaultyBill(BillFault.WRONG_LINE, "a sum or a refund's number does not fit")
        for each in (bill_no, transaction_id, *((refund_order_id,) if is_refund else ())):
            if not 0 < len(each) <= _NUMBER_LIMIT or not each.isascii() or not each.isprintable():
                raise FaultyBill(BillFault.WRONG_LINE, "a number is not one")
        moment = self._moment(happened_at)
        return SettledDetail(number, kind, bill_no, transaction_id, refund_order_id, amount_fen, fee_fen, moment)

    def _totals(self, values: Sequence[str], ours: SettledTotals) -> SettledTotals:
        totals, fen_of = self._layout.totals, self._layout.fen_of
        try:
            count = values[totals.count]
            theirs = SettledTotals(
                int(count) if count.isascii() and count.isdecimal() and len(count) < 10 else -1,
                *(fen_of(values[place]) for place in (totals.amount, totals.fee, totals.settled)),
            )
        except IndexError:
            raise FaultyBill(BillFault.CUT, "its totals break off") from None
        if theirs != ours:
            raise FaultyBill(BillFault.WRONG_SUMMARY, f"{theirs}, its lines say {ours}")
        names = ("count", "amount", "fee", "settled")
        self.summary = {name: values[getattr(totals, name)] for name in names}
        return theirs


class SettledTrades(SettlementFile):
    """The file as a trade bill."""

    def read(self, details: Sequence[SettledDetail]) -> Portion:
        """Some payments and refunds under our own numbers."""
        return _portion([self._line(each) for each in details])

    def end(self, totals: SettledTotals) -> Portion | None:
        """Nothing follows."""
        return None

    def _line(self, detail: SettledDetail) -> TradeLine:
        is_refund = detail.kind is TradeKind.REFUND
        return TradeLine(
            line_no=detail.line_no,
            kind=detail.kind.value,
            order_no=order_no_of(self.source, detail.bill_no),
            transaction_id=detail.transaction_id,
            refund_no=refund_no_of(self.source, detail.refund_order_id) if is_refund else None,
            channel_refund_id=detail.refund_order_id if is_refund else None,
            outcome=_SUCCESS,
            amount_fen=detail.amount_fen,
            due_fen=detail.amount_fen,
            happened_at=detail.happened_at,
        )


class SettledFlows(SettlementFile):
    """The file as a fund-flow bill."""

    def __init__(self, file: BinaryIO, layout: SettlementLayout, merchant_id: str, source: str, day: date) -> None:
        super().__init__(file, layout, merchant_id, source, day)
        self._balance_fen = self._line_no = 0

    def read(self, details: Sequence[SettledDetail]) -> Portion:
        """Some payments and refunds as movements."""
        return _portion([self._line(each) for each in details])

    def end(self, totals: SettledTotals) -> Portion | None:
        """What was kept, and what is paid out; nothing of what comes to nothing."""
        number = f"{self._merchant_id}-{self.day:%Y%m%d}"
        last = ((FlowKind.FEE, -totals.fee_fen, _KEPT), (FlowKind.PAYOUT, -totals.settled_fen, _PAID_OUT))
        moved = [self._moved(kind, f"{kind.value}-{number}", fen, said) for kind, fen, said in last if fen]
        return _portion(moved) if moved else None

    def _line(self, detail: SettledDetail) -> FlowLine:
        is_refund = detail.kind is TradeKind.REFUND
        number = detail.refund_order_id if is_refund else detail.transaction_id
        return self._moved(FlowKind(detail.kind.value), number, detail.moved_fen, "", voucher=detail.bill_no)

    def _moved(self, kind: FlowKind, number: str, fen: int, said: str, *, voucher: str | None = None) -> FlowLine:
        self._balance_fen += fen
        self._line_no += 1
        return FlowLine(
            line_no=self._line_no,
            booked_at=datetime.combine(self.day, time(), SHANGHAI),
            flow_no=number,
            business_no=number,
            voucher_no=voucher,
            kind=kind.value,
            amount_fen=fen,
            balance_fen=self._balance_fen,
            remark=said,
        )


READERS: Mapping[BillKind, type[SettlementFile]] = {BillKind.TRADE: SettledTrades, BillKind.FUND_FLOW: SettledFlows}


def _portion(lines: Sequence[TradeLine] | Sequence[FlowLine]) -> Portion:
    return Portion(tuple(zip(*lines, strict=True)))


def _lines(file: BinaryIO, layout: SettlementLayout) -> Iterator[str]:
    """The file's lines, which end with LF or CRLF, the last one perhaps with neither; raises FaultyBill."""
    with gzip.GzipFile(fileobj=file) as content:
        while line := content.readline(_LONGEST_LINE):
            if len(line) == _LONGEST_LINE or b"\0" in line:
                raise FaultyBill(BillFault.WRONG_LINE, "a line does not end, or has a byte of nought")
            try:
                yield line.rstrip(b"\r\n").decode(layout.encoding)
            except UnicodeDecodeError:
                raise FaultyBill(BillFault.WRONG_LINE, f"not {layout.encoding}") from None
