"""Each line of the county's document decides as written; the lines stand in YAML beside the pack."""

import pytest

from shared.policy.decision import decide
from shared.policy.loader import load_pack
from shared.policy.overrides import with_overrides
from shared.policy.schedule import Outcome, schedule
from shared.policy.worked_cases import WorkedCase, worked_cases
from tests.shared.policy.everywhere import PACKS
from tests.shared.policy.price_rows import row_on

LUOSHAN = worked_cases("luoshan-2024")
EVERYWHERE = [(pack_id, case) for pack_id in PACKS for case in worked_cases(pack_id)]


@pytest.mark.parametrize(("pack_id", "case"), EVERYWHERE, ids=lambda each: getattr(each, "id", each))
def test_a_pack_decides_as_its_document_says(pack_id: str, case: WorkedCase) -> None:
    assert case.disagreements(load_pack(pack_id)) == {}


@pytest.mark.parametrize("case", LUOSHAN, ids=lambda case: case.id)
def test_every_decision_gives_its_reasons_and_cites_them(case: WorkedCase) -> None:
    pack = with_overrides(load_pack("luoshan-2024"), case.facts.config_overrides, name="config_overrides")
    decision = decide(pack, case.facts.person(), case.facts.identities(), case.facts.payment())
    assert any(reason.won for reason in decision.reasons)
    for reason in decision.reasons:
        assert reason.text
        assert reason.basis.origin != "document" or (reason.basis.clause and reason.basis.clause.quote)


def test_no_two_cases_have_one_name() -> None:
    assert len({(pack_id, case.id) for pack_id, case in EVERYWHERE}) == len(EVERYWHERE) >= 250


@pytest.mark.parametrize("case", LUOSHAN, ids=lambda case: case.id)
def test_the_schedule_refuses_only_whom_the_decision_refuses(case: WorkedCase) -> None:
    pack = with_overrides(load_pack("luoshan-2024"), case.facts.config_overrides, name="config_overrides")
    facts, held, payment = case.facts.person(), case.facts.identities(), case.facts.payment()
    decision = decide(pack, facts, held, payment)
    assessment = schedule(pack, facts, held, as_of=payment.on)
    if decision.ruling == "ACCEPT":
        row = row_on(assessment, payment.on or facts.registration_date)
        assert assessment.outcome is Outcome.PRICED
        assert row is not None
        assert row.terms == decision.terms
