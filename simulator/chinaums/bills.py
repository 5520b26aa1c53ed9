"""The settlement file of a day, out of what the account knows itself; it is ready when the day is over."""

from datetime import date

from simulator.chinaums.account import ChinaumsAccount
from simulator.chinaums.bill_files import SettledRow, moved_fen, settlement_file


def rows_of(account: ChinaumsAccount, day: str) -> list[SettledRow]:
    """What moved on a day."""
    return [
        SettledRow(each["moment"], each["bill"], number, each["amount_fen"], fee_fen=each.get("fee_fen", 0))
        if kind == "ums payment"
        else SettledRow(each["moment"], each["bill"], each["payment"], each["amount_fen"], refund=number)
        for kind, number, each in account.moved_on(day)
    ]


def settled_fen(account: ChinaumsAccount, day: str) -> int:
    """What is paid out to the bank for a day."""
    return sum(moved_fen(row) - row.fee_fen for row in rows_of(account, day))


def file_of(account: ChinaumsAccount, day: str) -> bytes | None:
    """The file; nothing where the day is not over, and no bytes where nothing moved."""
    if date.fromisoformat(day) >= account.day.today:
        return None
    rows = rows_of(account, day)
    return settlement_file(rows, mid=account.platform.mid, day=day) if rows else b""
