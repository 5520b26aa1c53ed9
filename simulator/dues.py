"""What each person owes, written by hand from the document and the example amounts; in fen.

罗政办〔2023〕52号, section one: 380 yuan per person. It names the identities that are aided but no amounts; those are
the example file's invented ones, copied here by hand. For DIBAO_MARGIN there is deliberately none: on hold.
"""

from collections.abc import Collection
from datetime import date

STANDARD_FEN = 38_000
FIRST_DAY = date(2023, 10, 1)
LAST_DAY = date(2023, 12, 31)

AID_FEN: dict[str, int] = {
    "TEKUN": 38_000,
    "ORPHAN": 38_000,
    "DIBAO": 20_000,
    "POVERTY_MONITORED": 22_800,  # 60 %
}
WITHOUT_AMOUNT = frozenset({"DIBAO_MARGIN"})


def expected_due_fen(identities: Collection[str]) -> int | None:
    """The person's own part; None where an identity has no amount and none that is held pays all."""
    aid = max((AID_FEN[identity] for identity in identities if identity in AID_FEN), default=0)
    if aid < STANDARD_FEN and WITHOUT_AMOUNT.intersection(identities):
        return None
    return STANDARD_FEN - aid


def expected_aid_fen(identities: Collection[str]) -> int:
    """What others pay of the 380 once the person is settled."""
    due = expected_due_fen(identities)
    return 0 if due is None else STANDARD_FEN - due
