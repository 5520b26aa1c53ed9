"""Refusals of acts that need two people."""

from shared.errors.spec import Spec

APPROVAL_OF_OWN_ACT = Spec(
    403,
    "不能审批自己提出或自己录入的事项",
    "Nobody decides what they proposed, nor undoes their own entry alone",
    "由另一客户端（另一人员）审批",
    "Let another client decide",
)
APPROVAL_ALREADY_DECIDED = Spec(
    409,
    "该事项已有决定",
    "The proposal is decided already",
    "查询该事项；需要改变时重新提出",
    "Look it up; propose again where another end is wanted",
)
APPROVAL_EXPIRED = Spec(
    409,
    "该事项已过期，未作任何更改",
    "The proposal has expired; nothing was changed",
    "理由仍成立的，重新提出",
    "Propose again where the reasons still hold",
)
APPROVAL_WITHDRAWN_BY_PROPOSER_ONLY = Spec(
    403,
    "只有提出人可以撤回",
    "Only the proposer withdraws",
    "由另一人作出不批准的决定（refusal）",
    "Let another client refuse it (refusal)",
)
APPROVAL_ANOTHER_WAITS = Spec(
    409,
    "同一事项已有待审批的申请",
    "Another proposal on the same subject waits",
    "先对其作出决定或撤回",
    "Decide or withdraw that one first",
)
