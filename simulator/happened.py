"""What happened in a season besides people paying and money arriving: noted once each, for the report at its end."""

from datetime import date
from enum import StrEnum
from typing import Any

from simulator.world import World


class Happened(StrEnum):
    """The kinds of it, in the order in which the report has them."""

    REFUNDED_ON_ITS_DAY = "REFUNDED_ON_ITS_DAY"
    REFUNDED_IN_THE_CONSOLE = "REFUNDED_IN_THE_CONSOLE"
    NOTICE_AFTER_MATCH = "NOTICE_AFTER_MATCH"
    PAID_IN_THE_LAST_SECOND = "PAID_IN_THE_LAST_SECOND"
    PAID_OUT_IN_TWO_PARTS = "PAID_OUT_IN_TWO_PARTS"
    STATEMENT_REVERSED = "STATEMENT_REVERSED"


async def note(world: World, what: Happened, key: str, *, day: date, fen: int) -> None:
    """Remember that it happened, to which money."""
    await world.journal.put("happened", f"{what} {key}", {"what": what, "day": day.isoformat(), "fen": fen})


def summarised(world: World) -> list[dict[str, Any]]:
    """Each kind that happened: how often, first on which day, and how much money it was."""
    noted = list(world.journal.all("happened").values())
    found = []
    for what in Happened:
        of_kind = [each for each in noted if each["what"] == what]
        if of_kind:
            first, fen = min(each["day"] for each in of_kind), sum(each["fen"] for each in of_kind)
            found.append({"what": what.value, "times": len(of_kind), "first": first, "fen": fen})
    return found
