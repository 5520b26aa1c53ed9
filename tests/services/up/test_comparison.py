"""What is said where the auditor knows more people than the simulator."""

from dataclasses import replace

from services.up.comparison import explained
from tests.verify.test_render import report

BOOKS = {"county": {"registered": 12_035}}


def test_people_whom_others_registered_are_named_as_the_reason() -> None:
    assert explained(report(), BOOKS) is None
    found = report()
    more = replace(found, overall=replace(found.overall, registered=12_037))
    said = explained(more, BOOKS) or ""
    assert "2 people more: those registered through the API by others are not in the simulator's books" in said
    assert "--data" in said
