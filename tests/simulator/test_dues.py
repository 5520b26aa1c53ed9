"""The simulator's own table of what people owe, line by line of the document and the example amounts."""

import pytest

from simulator.documents import check_character
from simulator.dues import expected_aid_fen, expected_due_fen


@pytest.mark.parametrize(
    ("identities", "due_fen"),
    [
        ((), 38_000),
        (("TEKUN",), 0),
        (("ORPHAN",), 0),
        (("DIBAO",), 18_000),
        (("POVERTY_MONITORED",), 15_200),
        (("DIBAO", "POVERTY_MONITORED"), 15_200),
        (("DIBAO_MARGIN",), None),
        (("DIBAO", "DIBAO_MARGIN"), None),
        (("TEKUN", "DIBAO_MARGIN"), 0),
    ],
)
def test_what_a_person_owes(identities: tuple[str, ...], due_fen: int | None) -> None:
    assert expected_due_fen(identities) == due_fen
    assert expected_aid_fen(identities) == (0 if due_fen is None else 38_000 - due_fen)


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_the_check_character_of_the_standard(number: str) -> None:
    assert check_character(number[:17]) == number[17]
