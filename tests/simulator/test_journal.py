"""The journal: what was put there is there after an interruption."""

import asyncio
from pathlib import Path

from simulator.journal import Journal


async def test_facts_outlive_the_process_in_their_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    for place in range(20):
        await journal.put("order", f"no-{place}", {"amount_fen": place})
    await journal.put("order", "no-3", {"amount_fen": 300})
    journal.close()

    again = Journal(tmp_path / "journal.sqlite")

    assert list(again.all("order")) == [f"no-{place}" for place in range(20)]
    assert again.get("order", "no-3") == {"amount_fen": 300}
    assert again.get("order", "no-99") is None
    again.close()


async def test_many_writers_at_once_are_all_on_disk_when_they_return(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")

    await asyncio.gather(*(journal.put("fate", str(place), place) for place in range(500)))

    reader = Journal(tmp_path / "journal.sqlite")
    assert len(reader.all("fate")) == 500
    reader.close()
    journal.close()
