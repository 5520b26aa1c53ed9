"""The people of P4, as columns and as a file of cases, and the packs by which they are assessed."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from shared.policy.loader import load_pack
from shared.policy.overrides import with_overrides
from shared.policy.pack import Pack
from shared.policy.question import CaseFacts
from shared.policy.schema import OverridesEntry

DAYS = ("birth_date", "registration_date", "payment_date")
_COUNTIES = Path(__file__).parents[1] / "deploy" / "counties"
_IDENTITIES = ((), ("DIBAO",), ("TEKUN",), ("POVERTY_MONITORED",), ("SEVERE_DISABLED",), ("DIBAO", "SEVERE_DISABLED"))


def amounts_of(pack_id: str) -> Path | None:
    """The example file of amounts for what a pack's document leaves open, where there is one."""
    file = _COUNTIES / pack_id / "example-amounts.yaml"
    return file if file.exists() else None


def configured(pack_id: str) -> Pack:
    """The pack as its example file makes it, and an amount of ours for what that leaves open: all are priced."""
    pack = load_pack(pack_id, overrides=amounts_of(pack_id))
    open_ones = {"DIBAO_MARGIN": {"type": "percent", "value": "33.33", "funder": "county_finance"}}
    overrides = {"subsidies": open_ones} if pack_id == "luoshan-2024" else {}
    return with_overrides(pack, OverridesEntry.model_validate(overrides), name="bench")


def people(pack: Pack, count: int) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """Invented people: any birth dates, days of a season and after it, few identities, some from elsewhere."""
    chance = Random(f"bench:{pack.id}:{count}")  # noqa: S311 - people who do not exist
    first = pack.windows[0].first
    births = [date(1935, 1, 1) + timedelta(day) for day in range((first - date(1935, 1, 1)).days)]
    listed = {relief.identity.value for relief in pack.reliefs}
    identities = [held for held in _IDENTITIES if set(held) <= listed or not pack.reliefs]
    columns: dict[str, list[Any]] = {
        "birth_date": chance.choices(births, k=count),
        "registration_date": chance.choices([first + timedelta(day) for day in range(60)], k=count),
        "payment_date": chance.choices([first + timedelta(day) for day in range(140)], [9] * 92 + [1] * 48, k=count),
        "hukou": chance.choices(["local", "nonlocal"], [97, 3], k=count),
        "hukou_note": chance.choices(["rural", "urban"], [7, 3], k=count),
        "residence_permit": chance.choices([None, True], [98, 2], k=count),
        "categories": chance.choices(identities, [900, *[20] * (len(identities) - 1)], k=count),
    }
    channel = "HRB_BANK_COUNTER" if pack.id == "tonghe-2023" else "TAX_HALL"
    same = {"residence": "in_area_long_term", "other_insurance.type": "none", "channel": channel}
    return columns, same


def write_cases(file: Path, pack_id: str, columns: Mapping[str, Sequence[Any]], same: Mapping[str, Any]) -> None:
    """The same people as a file of cases."""
    names, constant = list(columns), _constant(same)
    with file.open("w", encoding="utf-8") as out:
        for number, row in enumerate(zip(*columns.values(), strict=True)):
            facts = {name: _as_text(value) for name, value in zip(names, row, strict=True)} | constant
            out.write("[\n" if number == 0 else ",\n")
            out.write(json.dumps({"id": number, "policy": pack_id, "facts": facts}))
        out.write("\n]\n")


def case_at(columns: Mapping[str, Sequence[Any]], same: Mapping[str, Any], place: int) -> CaseFacts:
    """One of the people as a case."""
    row = {name: column[place] for name, column in columns.items()}
    row["categories"] = list(row["categories"])
    return CaseFacts.model_validate(row | _constant(same))


def _constant(same: Mapping[str, Any]) -> dict[str, Any]:
    return {"other_insurance": {"type": same["other_insurance.type"]}, "channel": same["channel"]}


def _as_text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
