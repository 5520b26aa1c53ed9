"""What becomes of each kind of fact that a restored service has lost: it follows, or people enter it again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from shared.messaging.outbox.epochs import LostEvent

# Money that a village took in cash is known from receipts alone; every other channel is asked.
_CASH: Final = "VILLAGE_CASH"


@dataclass(frozen=True, slots=True)
class LostKind:
    """One kind of lost event: kept until it is made good, and what a person does about it, if anything.

    Events that agree in the fields of ``entry`` come from one entry that a person made, and are one task.
    """

    kept: bool
    zh: str = ""
    en: str = ""
    entry: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """One entry that people must make again: whom or what it is about, in which words, and who made it before."""

    at: datetime
    region: str
    benefit_year: int | None
    about: str
    zh: str
    en: str
    actor: str


_BY_ITSELF = LostKind(kept=False)
# Others have taken it in; when it holds again that is announced, and nobody types anything.
_KNOWN = LostKind(kept=True)
# The channel is asked about such an order; nobody types anything.
_ASKED = LostKind(kept=True)
KINDS: Final[Mapping[str, LostKind]] = {
    "registration.enrolment_registered.v1": LostKind(
        True, "重新登记参保（自动沿用原参保编号）", "register again (takes the enrolment id that others know)"
    ),
    # It is announced again with the registration, or by the job that looks for names without a token.
    "registration.person_named.v1": _BY_ITSELF,
    "registration.enrolment_terminated.v1": LostKind(True, "重新办理终止", "end the enrolment again"),
    "registration.enrolment_rejected.v1": _KNOWN,
    "registration.enrolment_readmitted.v1": _KNOWN,
    "registration.enrolment_paid.v1": _KNOWN,
    "registration.enrolment_payment_corrected.v1": _KNOWN,
    "registration.enrolment_payment_reversed.v1": _KNOWN,
    "registration.enrolment_activated.v1": _BY_ITSELF,
    "registration.enrolment_reaffirmed.v1": _BY_ITSELF,
    "registration.business_date_advanced.v1": LostKind(
        True, "手工设定业务日期的，重新设定", "advance the business date again where it is set by hand"
    ),
    # Subsidy takes it up again when the epoch begins, or with the registration.
    "subsidy.contribution_assessed.v1": _KNOWN,
    "quota.targets_published.v1": LostKind(
        True, "重新下达参保任务", "publish the targets again", ("document", "total")
    ),
    "payment.bill_issued.v1": _BY_ITSELF,
    "payment.bill_superseded.v1": _BY_ITSELF,
    "payment.order_opened.v1": _ASKED,
    "payment.contribution_paid.v1": LostKind(
        True,
        "重新录入现金收据及对应交款单、银行流水",
        "enter the cash receipt again, with its slip and bank line",
        ("enrolment_id", "amount_fen", "paid_on"),
    ),
    # Institutions say again what they took back, online or in their file.
    "payment.contribution_reversed.v1": _BY_ITSELF,
    "payment.payment_suspended.v1": _BY_ITSELF,
    "payment.refund_paid.v1": LostKind(
        True, "重新提出退款，渠道会答复已退", "put the refund forward again: the channel says that it was paid"
    ),
    "payment.cash_returned.v1": LostKind(True, "重新办理现金退回并签收", "give the cash back again on paper, signed"),
    "payment.contribution_remitted.v1": LostKind(
        True,
        "重新录入银行流水、税务明细，再上解",
        "enter the bank line and the tax detail again, then the remittance",
        ("batch_id", "remitted_on"),
    ),
    "payment.contribution_returned.v1": LostKind(
        True, "重新录入退汇", "enter the return from the treasury again", ("batch_id", "returned_on")
    ),
    "payment.contribution_in_treasury.v1": LostKind(
        True, "重新录入入库回单", "enter the treasury's receipt again", ("batch_id", "received_on")
    ),
    "payment.certificate_issued.v1": LostKind(
        True, "重新录入完税证明", "enter the tax certificate again", ("batch_id", "certificate_no", "issued_on")
    ),
}
# What no event names: it is entered again from paper and files of the window.
ALSO: Final[Mapping[str, tuple[str, str]]] = {
    "registration": ("审批与更正：窗口期内的逐件核对", "approvals and corrections of the window, one by one"),
    "subsidy": ("资助名册：窗口期内导入或撤销的其他名册", "other rosters entered or withdrawn in the window"),
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


def tasks_of(lost: Iterable[LostEvent]) -> list[Task]:
    """What people must enter again, one task for each entry that they had made, oldest first."""
    entries = sorted(
        ((_entry(each), each) for each in lost if kind_of(each.event, each.payload).zh), key=lambda e: e[0]
    )
    tasks = [_task([each for _, each in of_one]) for _, of_one in groupby(entries, key=lambda entry: entry[0])]
    return sorted(tasks, key=lambda task: (task.at, task.about))


def _entry(lost: LostEvent) -> tuple[str, ...]:
    fields = kind_of(lost.event, lost.payload).entry
    return (lost.event, *(str(lost.payload.get(name)) for name in fields)) if fields else (lost.event, str(lost.id))


def _task(events: Sequence[LostEvent]) -> Task:
    """The events of one entry as a task: what they say in common, how many they are and what they come to."""
    first = min(events, key=lambda each: each.recorded_at)
    kind = kind_of(first.event, first.payload)
    said = [f"{name} {first.payload.get(name)}" for name in kind.entry] or [str(first.key)]
    if len(events) > 1:
        said.append(f"{len(events)} 笔 · lines")
        if amounts := [fen for each in events if isinstance(fen := each.payload.get("amount_fen"), int)]:
            said.append(f"{sum(amounts)} fen")
    regions = {each.region for each in events}
    region = first.region if len(regions) == 1 else first.region[:6]
    return Task(first.recorded_at, region, first.benefit_year, ", ".join(said), kind.zh, kind.en, first.actor)
