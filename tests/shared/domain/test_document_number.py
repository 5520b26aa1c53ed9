"""Numbers of documents in their one form, in Python as in the database."""

import unicodedata

import pytest

from shared.domain.document_number import canonical_number, named
from tests.harness.installation import Installation


@pytest.mark.parametrize("written", ["Y-0001", "Y-０００１", "y-0001", "Ｙ-0001", " Ｙ－０００１ "])
def test_the_four_receipts_of_the_finding_are_one(written: str) -> None:
    """D2: four receipts were booked under numbers that look alike."""
    assert canonical_number(written) == "Y-0001"


def test_the_form_of_a_form_is_itself_and_the_database_has_the_same() -> None:
    for point in range(0x10000):
        if unicodedata.category(chr(point)) not in ("Cs", "Cn", "Co"):
            form = canonical_number(chr(point))
            assert canonical_number(form) == form, hex(point)


async def test_the_database_has_the_same_form(installation: Installation) -> None:
    """Whatever the locale of the database: `ß` is `SS` in both. Capitals that only a newer Unicode has are left out."""
    kinds = ("Ll", "Lu", "Lt", "Nd", "Pd")
    characters = [chr(point) for point in range(0x21, 0x10000) if unicodedata.category(chr(point)) in kinds]
    (row,) = await installation.sql(
        "payment",
        "SELECT array_agg(canonical_number(c) ORDER BY n) AS forms FROM unnest($1::text[]) WITH ORDINALITY AS t (c, n)",
        characters,
    )
    pairs = zip(characters, row["forms"], strict=True)
    other = [(c, form) for c, form in pairs if form != canonical_number(c)]
    assert [(c, form) for c, form in other if all(unicodedata.category(each) != "Cn" for each in form)] == []


def test_a_number_names_what_is_stored_exactly_so_and_else_what_looks_alike() -> None:
    assert named(["y-1", "Y-1", "Z-9"], ["Y-1", "y-1"], str) == {"y-1": "y-1", "Y-1": "Y-1"}
    assert named(["Y-1"], ["y-1", "Ｙ-1"], str) == {"Y-1": "y-1"}
