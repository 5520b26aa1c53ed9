"""What becomes of each kind of fact that a restored service has lost: it follows, or people enter it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

# Money that a village took in cash is known from receipts alone; every other channel is asked.
_CASH: Final = "VILLAGE_CASH"


@dataclass(frozen=True, slots=True)
class LostKind:
    """One kind of lost event: kept until it is made good, and what a person does about it, if anything."""

    kept: bool
    zh: str = ""
    en: str = ""


_BY_ITSELF = LostKind(kept=False)
# Others have taken it in; when it holds again that is announced, and nobody types anything.
_KNOWN = LostKind(kept=True)
# The channel is asked about such an order; nobody types anything.
_ASKED = LostKind(kept=True)
KINDS: Final[Mapping[str, LostKind]] = {
    "registration.enrolment_registered.v1": LostKind(
        True, "重新登记参保（自动沿用原参保编号）", "register again (takes the enrolment id that others know)"
    ),
    "registration.enrolment_terminated.v1": LostKind(True, "重新办理终止", "end the enrolment again"),
    "registration.enrolment_rejected.v1": _KNOWN,
    "registration.enrolment_readmitted.v1": _KNOWN,
    "registration.enrolment_paid.v1": _KNOWN,
    "registration.enrolment_payment_corrected.v1": _KNOWN,
    "registration.enrolment_activated.v1": _BY_ITSELF,
    "registration.enrolment_reaffirmed.v1": _BY_ITSELF,
    "registration.business_date_advanced.v1": LostKind(
        True, "手工设定业务日期的，重新设定", "advance the business date again where it is set by hand"
    ),
    "subsidy.contribution_assessed.v1": _BY_ITSELF,
    "quota.targets_published.v1": LostKind(True, "重新下达参保任务", "publish the targets again"),
    "payment.bill_issued.v1": _BY_ITSELF,
    "payment.bill_superseded.v1": _BY_ITSELF,
    "payment.order_opened.v1": _ASKED,
    "payment.contribution_paid.v1": LostKind(
        True, "重新录入现金收据及对应交款单、银行流水", "enter the cash receipt again, with its slip and bank line"
    ),
    "payment.payment_suspended.v1": _BY_ITSELF,
    "payment.refund_paid.v1": LostKind(
        True, "重新提出退款，渠道会答复已退", "put the refund forward again: the channel says that it was paid"
    ),
    "payment.cash_returned.v1": LostKind(True, "重新办理现金退回并签收", "give the cash back again on paper, signed"),
    "payment.contribution_remitted.v1": LostKind(True, "重新录入上解批次", "enter the remittance again"),
    "payment.contribution_returned.v1": LostKind(True, "重新录入退汇", "enter the return from the treasury again"),
    "payment.contribution_in_treasury.v1": LostKind(True, "重新录入入库回单", "enter the treasury's receipt again"),
    "payment.certificate_issued.v1": LostKind(True, "重新导入完税明细", "import the tax bureau's detail again"),
}
# What no event names: it is entered again from paper and files of the window.
ALSO: Final[Mapping[str, tuple[str, str]]] = {
    "registration": ("审批与更正：窗口期内的逐件核对", "approvals and corrections of the window, one by one"),
    "subsidy": ("资助名册：窗口期内导入或撤销的名册重新录入", "rosters entered or withdrawn in the window"),
    "quota": ("任务下达：见上", "targets: see above"),
    "payment": (
        "银行流水、交款单、渠道结算、审批：窗口期内的重新录入",
        "bank statements, slips, settlements and approvals of the window",
    ),
}


def kind_of(event: str, payload: Mapping[str, Any]) -> LostKind:
    """What becomes of one lost event; of a kind that is not known a person decides."""
    if event == "payment.contribution_paid.v1" and payload.get("channel") != _CASH:
        return _BY_ITSELF
    return KINDS.get(event, LostKind(True, "由人核对", "a person decides"))
