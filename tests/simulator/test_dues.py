"""The simulator's own tables of what people owe, line by line of each document and the example amounts."""

from datetime import date

import pytest

from simulator.documents import check_character
from simulator.localities import LOCALITIES

_ADULT = date(1985, 5, 5)


@pytest.mark.parametrize(
    ("pack", "identities", "due_fen"),
    [
        ("luoshan-2024", (), 38_000),
        ("luoshan-2024", ("TEKUN",), 0),
        ("luoshan-2024", ("ORPHAN",), 0),
        ("luoshan-2024", ("DIBAO",), 18_000),
        ("luoshan-2024", ("POVERTY_MONITORED",), 15_200),
        ("luoshan-2024", ("DIBAO", "POVERTY_MONITORED"), 15_200),
        ("luoshan-2024", ("DIBAO_MARGIN",), None),
        ("luoshan-2024", ("DIBAO", "DIBAO_MARGIN"), None),
        ("luoshan-2024", ("TEKUN", "DIBAO_MARGIN"), 0),
        ("anon-city-2023", (), 35_000),
        ("anon-city-2023", ("SEVERE_DISABLED",), 0),
        ("shantou-2022", (), 32_000),
        ("shantou-2022", ("DIBAO",), 4_000),
        ("shantou-2022", ("STABLE_LIFTED", "POVERTY_MONITORED"), 16_000),
        ("national-2025", ("DIBAO_MARGIN",), 20_000),
        ("national-2025", ("DIBAO", "POVERTY_MONITORED"), 16_000),
    ],
)
def test_what_a_person_owes(pack: str, identities: tuple[str, ...], due_fen: int | None) -> None:
    locality = LOCALITIES[pack]
    owed = locality.owed(_ADULT, identities)
    assert owed.due_fen == due_fen
    assert owed.aid_fen == (0 if due_fen is None else locality.standard_fen - due_fen)


@pytest.mark.parametrize(
    ("born", "due_fen"),
    [
        (date(1963, 1, 1), 35_000),
        (date(1962, 12, 31), 17_500),
        (date(1953, 1, 1), 17_500),
        (date(1952, 12, 31), 0),
    ],
)
def test_what_the_old_of_the_unnamed_city_owe(born: date, due_fen: int) -> None:
    assert LOCALITIES["anon-city-2023"].owed(born, ()).due_fen == due_fen


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_the_check_character_of_the_standard(number: str) -> None:
    assert check_character(number[:17]) == number[17]
