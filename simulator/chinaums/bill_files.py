"""The settlement file in the layout of canbao's example, which is invented: ChinaUMS publishes none."""

from collections.abc import Sequence
from dataclasses import dataclass

COLUMNS = ("清算日期", "商户号", "商户订单号", "银商订单号", "退款订单号", "交易类型", "交易时间", "交易金额", "手续费")


@dataclass(frozen=True, slots=True)
class SettledRow:
    """A payment, or with a ``refund`` number a refund; sums in fen, positive."""

    moment: str
    bill: str
    payment: str
    amount_fen: int
    refund: str = ""
    fee_fen: int = 0


def settlement_file(rows: Sequence[SettledRow], *, mid: str, day: str) -> bytes:
    """The file of a merchant's day."""
    details = [_values(row, mid, day.replace("-", "")) for row in rows]
    moved, fees = sum(moved_fen(row) for row in rows), sum(row.fee_fen for row in rows)
    totals = ("合计", str(len(rows)), in_yuan(moved), in_yuan(fees), in_yuan(moved - fees))
    return "".join(f"{'|'.join(line)}\r\n" for line in (COLUMNS, *details, totals)).encode("gbk")


def moved_fen(row: SettledRow) -> int:
    """What a row adds to the balance."""
    return -row.amount_fen if row.refund else row.amount_fen


def in_yuan(fen: int) -> str:
    """A sum as the file writes it."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def _values(row: SettledRow, mid: str, day: str) -> tuple[str, ...]:
    said = "退货" if row.refund else "消费"
    return (
        day,
        mid,
        row.bill,
        row.payment,
        row.refund,
        said,
        row.moment,
        in_yuan(moved_fen(row)),
        in_yuan(row.fee_fen),
    )
