"""Waves: no aggregate twice, no aggregate out of order, nothing lost."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.consumer.waves import waves

_BATCHES = st.lists(st.tuples(st.integers(0, 5), st.sampled_from("abc")))


@given(_BATCHES)
def test_every_item_is_in_exactly_one_wave(batch: list[tuple[int, str]]) -> None:
    cut = waves((aggregate, kind, place) for place, (aggregate, kind) in enumerate(batch))
    assert sorted(place for wave in cut for items in wave.values() for place in items) == list(range(len(batch)))


@given(_BATCHES)
def test_a_wave_holds_an_aggregate_once_and_the_waves_keep_its_order(batch: list[tuple[int, str]]) -> None:
    cut = waves((aggregate, kind, place) for place, (aggregate, kind) in enumerate(batch))
    order: dict[int, list[int]] = defaultdict(list)
    for wave in cut:
        places = [place for items in wave.values() for place in items]
        aggregates = [batch[place][0] for place in places]
        assert len(aggregates) == len(set(aggregates))
        for place in places:
            order[batch[place][0]].append(place)
    assert all(places == sorted(places) for places in order.values())


@given(_BATCHES)
def test_items_are_grouped_by_their_kind(batch: list[tuple[int, str]]) -> None:
    cut = waves((aggregate, kind, place) for place, (aggregate, kind) in enumerate(batch))
    assert all(batch[place][1] == kind for wave in cut for kind, items in wave.items() for place in items)


def test_there_are_as_few_waves_as_the_busiest_aggregate_needs() -> None:
    cut = waves([("x", "a", 1), ("y", "a", 2), ("x", "b", 3), ("z", "b", 4)])
    assert cut == [{"a": [1, 2], "b": [4]}, {"b": [3]}]
