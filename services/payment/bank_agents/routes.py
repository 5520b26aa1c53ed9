"""The interface of collecting institutions over HTTP. Public: the signature is the caller's credential."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from services.payment.agent_signatures.keys import Institution
from services.payment.bank_agents import service
from services.payment.bank_agents.schemas import (
    AgentBillQueryIn,
    AgentBillsOut,
    AgentOutcomeOut,
    AgentPaymentIn,
    AgentPaymentQueryIn,
    AgentReversalIn,
)
from services.payment.bank_agents.signed_route import AgentMessageReplayed, AgentSignatureInvalid, SignedRoute
from services.payment.crediting.direct.state import DirectOutcome
from services.payment.resources import ChannelNotAllowed, PaymentResources
from shared.contracts.event import Trace
from shared.errors import NotFound
from shared.web.dependencies import CurrentContext
from shared.web.error_responses import responses_for
from shared.web.problems import trace_id

ROUTER = APIRouter(route_class=SignedRoute)
_AT = "/v1/agents/{institution}"
PATHS = tuple(f"{_AT}/{path}" for path in ("bills/query", "payments", "payments/query", "reversals"))
InstitutionCode = Annotated[str, Path(alias="institution", pattern=r"^[0-9A-Z_]{2,32}$")]


async def _institution(request: Request, _: InstitutionCode) -> Institution:
    institution: Institution = request.state.institution
    return institution


Speaking = Annotated[Institution, Depends(_institution)]


async def _trace(request: Request, speaking: Speaking) -> Trace:
    return Trace(f"institution:{speaking.code}", trace_id(request))


CausedBy = Annotated[Trace, Depends(_trace)]


@ROUTER.post(PATHS[0])
@responses_for(NotFound, AgentSignatureInvalid, AgentMessageReplayed, service.AgentNumberInvalid)
async def query_bills(
    context: CurrentContext[PaymentResources], speaking: Speaking, body: AgentBillQueryIn
) -> AgentBillsOut:
    """What a person owes today, by benefit year; never their name."""
    person = service.identify(context.resources, body)
    async with context.database.transaction(speaking.region) as session:
        return await service.bills_of(session, person, context.clock)


@ROUTER.post(PATHS[1])
@responses_for(
    NotFound,
    AgentSignatureInvalid,
    AgentMessageReplayed,
    ChannelNotAllowed,
    service.AgentNumberInvalid,
    service.AgentChannelNotItsOwn,
    service.AgentDateImplausible,
)
async def pay_bill(
    context: CurrentContext[PaymentResources], speaking: Speaking, trace: CausedBy, body: AgentPaymentIn
) -> AgentOutcomeOut:
    """A person paid: it pays the bill of that year exactly, once, or nothing is booked and the money goes back."""
    context.resources.refuse_channel(body.channel)
    person = service.identify(context.resources, body)
    async with context.database.transaction(context.settings.region) as session:
        return _out(await service.pay(session, speaking, person, body, trace, context.clock))


@ROUTER.post(PATHS[2])
@responses_for(NotFound, AgentSignatureInvalid, AgentMessageReplayed)
async def query_payment(
    context: CurrentContext[PaymentResources], speaking: Speaking, body: AgentPaymentQueryIn
) -> AgentOutcomeOut:
    """What became of a payment, where its answer was lost."""
    async with context.database.transaction(context.settings.region) as session:
        found = await service.outcome_of(session, speaking, body)
    return AgentOutcomeOut(state="NOT_KNOWN") if found is None else _out(found)


@ROUTER.post(PATHS[3])
@responses_for(NotFound, AgentSignatureInvalid, AgentMessageReplayed, service.AgentDateImplausible)
async def reverse_payment(
    context: CurrentContext[PaymentResources], speaking: Speaking, trace: CausedBy, body: AgentReversalIn
) -> AgentOutcomeOut:
    """A payment is taken back (冲正), once; after its money was paid out, that is refused by name."""
    async with context.database.transaction(context.settings.region) as session:
        return _out(await service.take_back(session, speaking, body, trace, context.clock))


def _out(outcome: DirectOutcome) -> AgentOutcomeOut:
    return AgentOutcomeOut(state=outcome.state, reason=outcome.reason, repeated=outcome.repeated)
