"""What the season played besides paying and receiving, and whether anything of it is still open, in both languages."""

from typing import Any

_HAPPENED = {
    "REFUNDED_ON_ITS_DAY": ("重复缴费，当日退回", "paid twice, given back on the same day"),
    "REFUNDED_IN_THE_CONSOLE": ("待查款项在渠道商户平台退回", "suspended money given back in the channel's console"),
    "NOTICE_AFTER_MATCH": ("对账之后才到的缴费通知", "a notice that came after its day was matched"),
    "PAID_IN_THE_LAST_SECOND": (
        "23:59:59 缴费，渠道记入次日",
        "paid at 23:59:59, booked on the next day",
    ),
    "PAID_OUT_IN_TWO_PARTS": ("一日款项分两次到账", "a day paid out in two parts"),
    "STATEMENT_REVERSED": (
        "银行流水录错，两人冲销后重录",
        "mistyped, reversed by two offices, entered again",
    ),
}
_OPEN = {
    "differences": ("与渠道账单的差异", "differences from the channel's bills"),
    "bank_lines": ("无法解释的银行流水", "unexplained lines of the bank"),
    "proposals": ("待审批事项", "proposals that wait"),
}


def happened(books: dict[str, Any]) -> list[str]:
    """One sentence per kind: when first, how much money, how often."""
    return [
        f"{zh} · {en}: {each['first']}，{each['fen'] / 100:,.2f} 元 yuan（{each['times']}）"
        for each in books["happened"]
        for zh, en in [_HAPPENED[each["what"]]]
    ]


def still_open(books: dict[str, Any]) -> list[str]:
    """One sentence per kind of what nobody has resolved at the season's end."""
    counts = books["closing"]["open"]
    return [f"{zh}未了结 · still open, {en}: {counts[kind]}" for kind, (zh, en) in _OPEN.items() if counts[kind]]


def all_closed(books: dict[str, Any]) -> str:
    """That nothing is open, and how many differences there were."""
    closed = books["closing"]["closed"]
    return f"与渠道账单和银行的差异均已了结（{closed}） · every difference from the channel's bills is closed"
