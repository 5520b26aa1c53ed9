"""Which decision may follow which, and by whom."""

from dataclasses import replace
from datetime import date

import pytest

from shared.approvals.state import Approval, ApprovalDecision, ApprovalState, NotTheProposer, OwnAct, is_new
from shared.domain.ids import new_id

DAY = date(2023, 10, 9)
PROPOSED = Approval(
    id=new_id(),
    act="reverse_bank_line",
    subject="1",
    region="411521",
    body={},
    reason="金额录错一位",
    evidence=None,
    proposed_by="bank",
    not_by=("Caizheng-1",),
    proposed_on=DAY,
    expires_on=DAY,
    state=ApprovalState.WAITING,
    decided_by=None,
    decided_on=None,
    decided_because=None,
    correlation_id=new_id(),
)


@pytest.mark.parametrize("name", ["bank", "BANK", "Bank", "ｂａｎｋ", "caizheng-1", "CAIZHENG-1", "Ｃaizheng-１"])
def test_nobody_approves_their_own_act_under_a_name_that_reads_the_same(name: str) -> None:
    """D2, attacked: a client BANK approved what the client bank had proposed."""
    with pytest.raises(OwnAct):
        is_new(PROPOSED, ApprovalDecision(ApprovalState.APPROVED, name, DAY))


@pytest.mark.parametrize("name", ["BANK", "ｂａｎｋ"])
def test_nor_refuses_or_withdraws_it_so(name: str) -> None:
    with pytest.raises(OwnAct):
        is_new(PROPOSED, ApprovalDecision(ApprovalState.REFUSED, name, DAY))
    with pytest.raises(NotTheProposer):
        is_new(PROPOSED, ApprovalDecision(ApprovalState.WITHDRAWN, name, DAY))


def test_another_client_decides() -> None:
    for into in (ApprovalState.APPROVED, ApprovalState.REFUSED):
        assert is_new(PROPOSED, ApprovalDecision(into, "tax", DAY))
    decided = replace(PROPOSED, state=ApprovalState.APPROVED, decided_by="tax")
    assert not is_new(decided, ApprovalDecision(ApprovalState.APPROVED, "tax", DAY))
