"""What is said where the auditor knows more people than the simulator, or nobody was seen of an identity."""

from dataclasses import replace

from shared.policy.loader import load_pack
from tests.verify.test_render import report
from tools.up.comparison import explained, unseen

BOOKS = {"county": {"registered": 12_035}}


def test_people_whom_others_registered_are_named_as_the_reason() -> None:
    assert explained(report(), BOOKS) is None
    found = report()
    more = replace(found, overall=replace(found.overall, registered=12_037))
    said = explained(more, BOOKS) or ""
    assert "2 people more: those whom others registered or imported are not in the simulator's books" in said
    assert "--data" in said


def test_an_identity_under_which_nobody_is_enrolled_is_named() -> None:
    pack = load_pack("shantou-2022")
    everybody = {relief.identity.value: 1 for relief in pack.reliefs}

    assert unseen(pack, {"identities": everybody}) == []
    del everybody["DIBAO"]
    (sentence,) = unseen(pack, {"identities": everybody})
    assert "DIBAO" in sentence
    assert unseen(load_pack("luoshan-2024"), {"identities": {}}) == [], "the document alone sets no amount"
