"""P4: everybody of a county assessed under each pack, given as columns, beside OpenFisca and person by person."""

import asyncio
import gc
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from bench.plan import Plan
from bench.references.openfisca_rules import arrays_of, dues, system_of
from bench.results import Line, at_most, line
from shared.policy.assessing import decided
from shared.policy.columns import assess_columns
from shared.policy.loading import load_pack
from shared.policy.overriding import with_overrides
from shared.policy.pack import Pack
from shared.policy.question import CaseFacts
from shared.policy.schema import OverridesEntry

TITLE = "Policy: what everybody owes, and why"
PEOPLE, ALONE = 642_656, 10_000
PACKS = ("luoshan-2024", "anon-city-2023", "tonghe-2023", "shantou-2022", "national-2025")
_COUNTIES = Path(__file__).parents[1] / "deploy" / "counties"
_IDENTITIES = ((), ("DIBAO",), ("TEKUN",), ("POVERTY_MONITORED",), ("SEVERE_DISABLED",), ("DIBAO", "SEVERE_DISABLED"))


class Differs(RuntimeError):
    """A reference computes something else: then the times of one of them mean nothing."""


async def measure(plan: Plan) -> Sequence[Line]:
    """Assess the same people three ways under each pack; raises Differs where any due is not the same."""
    count = plan.count(PEOPLE, least=1_000)
    return [each for pack_id in PACKS for each in await asyncio.to_thread(_under, pack_id, count, plan)]


def _under(pack_id: str, count: int, plan: Plan) -> list[Line]:
    pack = _configured(pack_id)
    columns, same = people(pack, count)
    columns |= {"residence": [same.pop("residence")] * count}
    system, arrays = system_of(pack), arrays_of(pack, columns)
    alone = min(ALONE, count)
    ours_s, theirs_s, alone_s = [], [], []
    plan.say(f"P4 {pack_id}: {count:,} people")
    for _ in range(plan.repeat):
        took, ours = _timed(lambda: assess_columns(pack, columns, same).due_fen())
        ours_s.append(took)
        took, theirs = _timed(lambda: dues(system, arrays, pack.benefit_year))
        theirs_s.append(took)
        took, one_by_one = _timed(lambda: _person_by_person(pack, columns, same, alone))
        alone_s.append(took * count / alone)
    refuse_different(pack_id, ours, [-1 if yuan < 0 else round(yuan * 100) for yuan in theirs.tolist()])
    refuse_different(pack_id, ours[:alone], one_by_one)
    answers = len(assess_columns(pack, columns, same).answers)
    ratios = [a / b for a, b in zip(ours_s, theirs_s, strict=True)]
    return [
        line("P4", f"{pack_id}: columns, with reasons", "s", ours_s),
        line("P4", f"{pack_id}: (a) OpenFisca, built and computed", "s", theirs_s),
        line("P4", f"{pack_id}: (b) person by person, from {alone:,}", "s", alone_s),
        line("P4", f"{pack_id}: columns / (a)", "×", ratios, at_most(5)),
        line("P4", f"{pack_id}: distinct answers", "", [answers]),
        line("P4", f"{pack_id}: memory, most so far", "MiB", [_peak_mib()]),
    ]


def _configured(pack_id: str) -> Pack:
    """The pack as its example file makes it, and an amount of ours for what that leaves open: all are priced."""
    file = _COUNTIES / pack_id / "example-amounts.yaml"
    pack = load_pack(pack_id, overrides=file if file.exists() else None)
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


def _person_by_person(
    pack: Pack, columns: Mapping[str, Sequence[Any]], same: Mapping[str, Any], count: int
) -> list[int]:
    found = []
    told = {"other_insurance": {"type": same["other_insurance.type"]}, "channel": same["channel"]}
    for place in range(count):
        row = {name: column[place] for name, column in columns.items()}
        row["categories"] = list(row["categories"])
        decision = decided(pack, CaseFacts.model_validate(told | row))
        found.append(-1 if decision.terms is None else decision.terms.due_fen)
    return found


def _timed(act: Callable[[], Any]) -> tuple[float, Any]:
    gc.collect()
    began = time.perf_counter()
    result = act()
    return time.perf_counter() - began, result


def refuse_different(pack_id: str, ours: Sequence[int], theirs: Sequence[int]) -> None:
    """Raise Differs where two ways of computing do not say the same of everybody."""
    for place, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if a != b:
            raise Differs(f"{pack_id}, person {place}: {a} fen by columns, {b} fen by the reference")


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
