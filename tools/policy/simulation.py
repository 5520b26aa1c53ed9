"""What a change of policy does to people and funders: the same people, decided under two packs."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from shared.domain.money import format_yuan
from shared.domain.waits import same_day_later
from shared.policy.decision import Decision
from shared.policy.pack import FunderShare
from shared.policy.terms import Terms
from shared.policy.vocabulary import Funder
from tools.policy import words
from tools.policy.case_lines import CaseLine

_NAMED = 20
_DAYS_OF_A_YEAR = frozenset({"registration_date", "payment_date", "category_certified_on"})


@dataclass
class PolicyEffect:
    """People by what the change does to them, and by how many fen each funder's cost changes.

    ``neither`` pack prices those who are held or refused on both sides; ``undecided`` names, with the reason, the first
    of those whose facts do not suffice.
    """

    compared: int = 0
    not_decided: int = 0
    undecided: list[tuple[str, str]] = field(default_factory=list)
    less: int = 0
    more: int = 0
    same: int = 0
    neither: int = 0
    admitted: int = 0
    turned_away: int = 0
    people_fen: int = 0
    funders: Counter[Funder] = field(default_factory=Counter)


def change(pairs: Iterable[tuple[CaseLine, CaseLine]]) -> PolicyEffect:
    """Compare the same people before and after; who has a price on one side only is admitted or turned away."""
    found = PolicyEffect()
    people: Counter[tuple[int, int]] = Counter()
    equal: dict[tuple[int, int], tuple[Decision, Decision]] = {}
    for before, after in pairs:
        was, becomes = before.decision, after.decision
        if was is None or becomes is None:
            refused = before if was is None else after
            found.not_decided += 1
            if len(found.undecided) < _NAMED:
                found.undecided.append((str(refused.id), (refused.error or {}).get("detail", "")))
            continue
        key = id(was), id(becomes)  # equal people share their decisions
        people[key] += 1
        equal[key] = was, becomes
    for key, (was, becomes) in equal.items():
        _count(found, was.terms, becomes.terms, people[key])
    return found


def _count(found: PolicyEffect, was: Terms | None, becomes: Terms | None, people: int) -> None:
    """What the change does to so many equal people."""
    found.compared += people
    for terms, sign in ((was, -people), (becomes, people)):
        for share in _paid_by_government(terms):
            found.funders[share.funder] += sign * share.amount_fen
        found.people_fen += sign * terms.due_fen if terms else 0
    if was is None or becomes is None:
        found.admitted += people * (becomes is not None)
        found.turned_away += people * (was is not None)
        found.neither += people * (was is None and becomes is None)
        return
    found.less += people * (becomes.due_fen < was.due_fen)
    found.more += people * (becomes.due_fen > was.due_fen)
    found.same += people * (becomes.due_fen == was.due_fen)


def next_years(case: Any, years: int) -> Any:
    """The same case so many years later: the days on which something is done move, the person does not get younger."""
    if not isinstance(case, dict) or not isinstance(case.get("facts"), dict) or not years:
        return case
    moved = {name: _moved(value, years) for name, value in case["facts"].items() if name in _DAYS_OF_A_YEAR}
    return case | {"facts": case["facts"] | moved}


def _moved(value: Any, years: int) -> Any:
    return _moved_text(value, years) if isinstance(value, str) else value


@lru_cache(maxsize=100_000)
def _moved_text(value: str, years: int) -> str:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return value  # the case refuses it in its own words
    return same_day_later(day, 12 * years).isoformat()


def _paid_by_government(terms: Terms | None) -> Iterator[FunderShare]:
    """The aid of a person's own part and the fiscal subsidy."""
    if terms is not None:
        yield from terms.shares
        yield from terms.fiscal.shares if terms.fiscal is not None else ()


def effect_lines(found: PolicyEffect) -> Iterator[str]:
    """In words and figures."""
    yield f"比较 compared {found.compared} 人，未能判定 not decided {found.not_decided} 人"
    yield from (f"  {name}：{why}" for name, why in found.undecided)
    if found.not_decided > len(found.undecided):
        yield f"  …另有 {found.not_decided - len(found.undecided)} 人 · and others"
    yield f"少缴 pay less {found.less}，多缴 pay more {found.more}，不变 the same {found.same}"
    yield f"新受理 admitted {found.admitted}，不再受理 turned away {found.turned_away}"
    yield f"两边均未计价（暂缓或不受理） priced by neither {found.neither}"
    yield f"个人缴费合计 people pay {_signed(found.people_fen)} 元"
    for funder, fen in sorted(found.funders.items()):
        yield f"{words.FUNDERS[funder]} {funder} {_signed(fen)} 元"


def _signed(fen: int) -> str:
    return ("+" if fen > 0 else "") + format_yuan(fen)
