"""The county that is played: the same for the same seed, right in its proportions, with numbers that stand checks."""

import re
from collections import Counter
from pathlib import Path

import pytest

from shared.domain.identity_number import birth_date, normalise
from simulator.localities import LOCALITIES
from simulator.localities.locality import Locality
from simulator.localities.luoshan import LUOSHAN
from simulator.people import county
from simulator.plan import plan
from simulator.prepare import DEFAULT_RESIDENTS, DEFAULT_SEED
from simulator.troubles import Trouble
from tools.up.commands import PLAYABLE

ROOT = Path(__file__).parents[2]


def test_the_printed_targets_sum_to_the_printed_total() -> None:
    assert LUOSHAN.total == 642_656
    assert len({town.region for town in LUOSHAN.towns}) == 20


@pytest.mark.parametrize("total", [100, 299, 300, 5000, 642_655, 642_656])
def test_scaled_targets_sum_exactly_and_stay_within_one_of_their_share(total: int) -> None:
    scaled = LUOSHAN.scaled(total)

    assert sum(town.target for town in scaled) == total
    for town, printed in zip(scaled, LUOSHAN.towns, strict=True):
        assert abs(town.target - total * printed.target / LUOSHAN.total) < 1


def test_at_the_printed_total_the_targets_are_the_printed_ones() -> None:
    assert LUOSHAN.scaled(LUOSHAN.total) == LUOSHAN.towns


def test_the_same_seed_gives_the_same_people_and_the_same_plan() -> None:
    assert county(LUOSHAN, residents=500, seed=7) == county(LUOSHAN, residents=500, seed=7)
    assert plan(county(LUOSHAN, residents=500, seed=7)) == plan(county(LUOSHAN, residents=500, seed=7))


@pytest.mark.parametrize("document", ["README.md", "README.zh-CN.md"])
def test_nobody_who_is_played_has_the_number_of_the_walk_through(document: str) -> None:
    """In the county of 5,000 that `make up` plays, the walk-through was refused: somebody there had its number."""
    typed = re.findall(r'"document_number": "(\w+)"', (ROOT / document).read_text(encoding="utf-8"))
    assert typed
    played = {resident.number for resident in county(LUOSHAN, residents=DEFAULT_RESIDENTS, seed=DEFAULT_SEED).residents}
    assert played.isdisjoint(typed)


def test_another_seed_gives_other_people() -> None:
    assert county(LUOSHAN, residents=500, seed=7).residents != county(LUOSHAN, residents=500, seed=8).residents


def test_every_number_is_unique_and_passes_our_own_check() -> None:
    residents = county(LUOSHAN, residents=3000, seed=1).residents

    assert len({resident.number for resident in residents}) == 3000
    for resident in residents:
        assert normalise("RESIDENT_ID", resident.number) == resident.number
        assert birth_date(resident.number) == resident.born


def test_every_township_has_as_many_residents_as_its_share_and_each_lives_in_one_of_its_villages() -> None:
    played = county(LUOSHAN, residents=2000, seed=3)
    lived_in = Counter(resident.town for resident in played.residents)

    assert lived_in == {town.region: town.target for town in played.towns}
    for resident in played.residents:
        assert played.villages[resident.village] == resident.town
        assert len(resident.village) == 12


@pytest.mark.parametrize("locality", LOCALITIES.values(), ids=LOCALITIES)
def test_even_a_small_place_has_every_identity_every_story_and_every_trouble(locality: Locality) -> None:
    season = plan(county(locality, residents=300, seed=2024))
    residents = season.county.residents
    held = {identity for resident in residents for identity in resident.identities}

    assert held == set(locality.shares)
    assert {resident.story.name for resident in residents if resident.story} == {s.name for s in locality.stories}
    assert any(resident.late_identity for resident in residents)
    assert {purchase.trouble for purchase in season.purchases} == set(Trouble)
    assert season.bank.in_two_parts is not None
    assert season.bank.mistyped not in (None, season.bank.in_two_parts)
    assert sum(collection.short_slip for collection in season.collections) == 1
    assert sum(collection.short_detail for collection in season.collections) == 1
    assert sum(collection.again is not None for collection in season.collections) == 1
    assert season.refused
    assert bool(season.after_hours) == bool(season.too_late) == locality.closes


def test_a_story_is_lived_on_a_day_of_the_calendar_and_paid_for_alone() -> None:
    for locality in LOCALITIES.values():
        season = plan(county(locality, residents=300, seed=2024))
        declared = [resident for resident in season.county.residents if resident.story]
        bought = {purchase.members[0].index: (purchase.step, len(purchase.members)) for purchase in season.purchases}

        for resident in declared:
            assert 0 < resident.registers_at < locality.calendar.last
            assert bought.get(resident.index) == ((resident.registers_at, 1) if resident.due_fen else None)


def test_the_command_line_names_every_place_that_can_be_played() -> None:
    assert set(PLAYABLE) == set(LOCALITIES)


def test_everybody_who_owes_is_asked_once() -> None:
    season = plan(county(LUOSHAN, residents=1000, seed=5))
    asked = Counter(member.index for purchase in season.purchases for member in purchase.members)
    asked.update(member.index for collection in season.collections for member in collection.members)

    assert max(asked.values()) == 1
    assert all(season.county.residents[index].due_fen for index in asked)
