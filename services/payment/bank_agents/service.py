"""What an institution is answered, and what its words become: payments and reversals without an order."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.agent_signatures.keys import Institution
from services.payment.bank_agents import repository
from services.payment.bank_agents.repository import AgentBill
from services.payment.bank_agents.schemas import (
    AgentBillOut,
    AgentBillsOut,
    AgentPaymentIn,
    AgentPaymentQueryIn,
    AgentPersonIn,
    AgentReversalIn,
)
from services.payment.bills.state import BillState
from services.payment.crediting.direct.decision import name_differs
from services.payment.crediting.direct.service import credit_direct, outcomes_of, reverse_direct
from services.payment.crediting.direct.state import (
    DirectKey,
    DirectOutcome,
    DirectPayment,
    DirectReversal,
    DirectSource,
)
from services.payment.people.service import NameVerdict
from services.payment.resources import PaymentResources
from shared.contracts.event import Trace
from shared.database.business_date import business_date
from shared.domain.clock import Clock, business_date_of
from shared.domain.identity_number import InvalidIdentityNumber, normalise
from shared.errors import DomainError, ErrorCode
from shared.protection import name_token, person_token

# Over the longest public holiday a bank's business date stays ahead of the calendar.
_LONGEST_CUT_OFF = timedelta(days=15)


class AgentNumberInvalid(DomainError):
    """The number cannot belong to a document of that type."""

    code = ErrorCode.INVALID_IDENTITY_NUMBER


class AgentChannelNotItsOwn(DomainError):
    """The institution does not collect through that channel."""

    code = ErrorCode.AGENT_CHANNEL_NOT_ITS_OWN


class AgentDateImplausible(DomainError):
    """What is said online is of today or yesterday, and its business date follows soon."""

    code = ErrorCode.AGENT_DATE_IMPLAUSIBLE


@dataclass(frozen=True, slots=True)
class NamedPerson:
    """A person by token, and the token of the name that was given for them."""

    token: str
    name_token: str


def identify(resources: PaymentResources, asked: AgentPersonIn) -> NamedPerson:
    """Turn a document and a name into tokens; raises AgentNumberInvalid, which never repeats the number."""
    try:
        number = normalise(asked.document_type, asked.document_number)
    except InvalidIdentityNumber as invalid:
        raise AgentNumberInvalid(invalid.detail, pointer="/document_number") from None
    token = person_token(resources.token_key, asked.document_type, number)
    return NamedPerson(token, name_token(resources.token_key, token, asked.name))


async def bills_of(session: AsyncSession, person: NamedPerson, clock: Clock) -> AgentBillsOut:
    """What a person of the transaction's region owes today."""
    known = await repository.ask(session, person.token)
    if not known.registered:
        return AgentBillsOut(registration="REGISTER_FIRST", bills=[])
    today = known.business_date or business_date_of(clock.now())
    if name_differs(person.name_token, known.name_token):
        return AgentBillsOut(registration="REGISTERED", name=NameVerdict.NAME_DIFFERS, bills=[])
    verdict = NameVerdict.MATCHES if known.name_token is not None else NameVerdict.NOT_COMPARED
    shown = [_shown(bill, today) for bill in known.bills]
    return AgentBillsOut(registration="REGISTERED", name=verdict, bills=shown)


async def pay(
    session: AsyncSession,
    institution: Institution,
    person: NamedPerson,
    said: AgentPaymentIn,
    trace: Trace,
    clock: Clock,
) -> DirectOutcome:
    """Credit what an institution collected a moment ago; raises AgentChannelNotItsOwn or AgentDateImplausible."""
    if said.channel.value not in institution.channels:
        raise AgentChannelNotItsOwn(pointer="/channel")
    await _refuse_other_days(session, business_date_of(said.paid_at), said.business_date, clock, "/paid_at")
    payment = DirectPayment(
        channel=said.channel.value,
        institution=institution.code,
        business_date=said.business_date,
        sequence=said.sequence,
        person_token=person.token,
        name_token=person.name_token,
        benefit_year=said.benefit_year,
        amount_fen=said.amount_fen,
        paid_at=said.paid_at,
        region=institution.region,
        source=DirectSource.ONLINE,
        trace=trace,
    )
    return (await credit_direct(session, [payment]))[payment.key]


async def take_back(
    session: AsyncSession, institution: Institution, said: AgentReversalIn, trace: Trace, clock: Clock
) -> DirectOutcome:
    """Take a payment back, whether or not it has come; raises AgentDateImplausible."""
    await _refuse_other_days(session, business_date_of(said.reversed_at), None, clock, "/reversed_at")
    reversal = DirectReversal(
        institution=institution.code,
        business_date=said.business_date,
        sequence=said.sequence,
        amount_fen=said.amount_fen,
        reversed_at=said.reversed_at,
        region=institution.region,
        source=DirectSource.ONLINE,
        trace=trace,
    )
    return (await reverse_direct(session, [reversal]))[reversal.key]


async def outcome_of(
    session: AsyncSession, institution: Institution, asked: AgentPaymentQueryIn
) -> DirectOutcome | None:
    """What became of a payment of the institution; None where nothing stands under its number."""
    key = DirectKey(institution.code, asked.business_date, asked.sequence)
    return (await outcomes_of(session, [key])).get(key)


def _shown(bill: AgentBill, today: date) -> AgentBillOut:
    if bill.state != BillState.OPEN:
        state = "PAID" if bill.state == BillState.PAID else "NOTHING_DUE"
        return AgentBillOut(benefit_year=bill.benefit_year, state=state)
    row = next((row for row in bill.rows if row.pay_from <= today <= row.pay_until), None)
    if row is None:
        return AgentBillOut(benefit_year=bill.benefit_year, state="NOT_DUE_NOW")
    return AgentBillOut(benefit_year=bill.benefit_year, state="DUE", due_fen=row.due_fen, pay_until=row.pay_until)


async def _refuse_other_days(
    session: AsyncSession, day: date, accounting_day: date | None, clock: Clock, pointer: str
) -> None:
    """Online, nothing is of long ago, nor of a day to come: what was due on another day is not its to choose."""
    today = await business_date(session, clock)
    if not today - timedelta(days=1) <= day <= today:
        raise AgentDateImplausible(f"{today}", pointer=pointer)
    if accounting_day is not None and not day <= accounting_day <= day + _LONGEST_CUT_OFF:
        raise AgentDateImplausible(f"{day}", pointer="/business_date")
