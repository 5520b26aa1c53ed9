"""Merchants over HTTP: listed with their history; every change is proposed, and another client approves it."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from services.payment.channels.channel import ChannelNotAllowed
from services.payment.merchants import repository, service
from services.payment.merchants.holder import HoldsMerchants
from services.payment.merchants.schemas import (
    ChannelName,
    KeyAddition,
    KeyAdditionIn,
    KeyRetirement,
    KeyRetirementIn,
    KeySerial,
    MerchantChange,
    MerchantChangeIn,
    MerchantGivingUp,
    MerchantGivingUpIn,
    MerchantHistory,
    MerchantNumber,
    MerchantOpening,
    MerchantOpeningIn,
    MerchantOut,
)
from services.payment.merchants.state import MerchantKeyMisnamed
from shared.approvals.schemas import ApprovalOut
from shared.approvals.service import AnotherWaits, Grounds
from shared.errors import NotFound
from shared.web.dependencies import CurrentCaller, CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, prefix="/v1/merchants", tags=["merchants"])
_Context = CurrentContext[HoldsMerchants]
_Channel = Annotated[ChannelName, Path()]
_Number = Annotated[MerchantNumber, Path()]
_GROUNDS = {"reason", "evidence"}
_ONE = "/{channel}/{merchant_id}"


@ROUTER.get("", dependencies=[requires("payment:read")])
async def list_merchants(session: Session, context: _Context) -> list[MerchantOut]:
    """Every merchant that stands as data, in its newest version; ``fault`` says what is wrong with its files here."""
    faults = context.resources.merchants.faults
    found = await repository.in_force(session)
    return [MerchantOut.of(each, faults.get(each.stated.name)) for each in found]


@ROUTER.get(_ONE + "/history", dependencies=[requires("payment:read")])
@responses_for(NotFound)
async def merchant_history(
    session: Session,
    channel: _Channel,
    merchant_id: _Number,
    after: Annotated[int, Query(ge=0, lt=2**31 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> MerchantHistory:
    """What was approved about a merchant, oldest first."""
    found = await repository.history(session, channel, merchant_id, after=after, limit=limit)
    if not found and not after:
        raise NotFound
    return MerchantHistory.of(map(MerchantOut.of, found), limit, key=lambda each: each.version)


@ROUTER.post("", status_code=202, dependencies=[requires("payment:operate")])
@responses_for(
    service.NotOfWholeArea, service.MerchantExists, service.MerchantUnusable, ChannelNotAllowed, AnotherWaits
)
async def propose_merchant(
    session: Session, caller: CurrentCaller, context: _Context, body: MerchantOpeningIn
) -> ApprovalOut:
    """Propose a new merchant; secret files are named, and lie in the folder of secrets already."""
    asked = MerchantOpening.model_validate(body.model_dump(exclude=_GROUNDS))
    grounds = Grounds(body.reason, body.evidence)
    proposal = await service.propose_opening(session, context, caller, asked, grounds)
    return ApprovalOut.of(proposal, proposal.proposed_on)


@ROUTER.post(_ONE + "/change", status_code=202, dependencies=[requires("payment:operate")])
@responses_for(
    NotFound,
    service.NotOfWholeArea,
    service.MerchantChangedMeanwhile,
    service.MerchantUnusable,
    ChannelNotAllowed,
    AnotherWaits,
)
async def propose_change(
    session: Session,
    caller: CurrentCaller,
    context: _Context,
    channel: _Channel,
    merchant_id: _Number,
    body: MerchantChangeIn,
) -> ApprovalOut:
    """Propose other terms of a merchant; orders of before are judged by what they were opened with."""
    named = {"channel": channel, "merchant_id": merchant_id}
    asked = MerchantChange.model_validate(body.model_dump(exclude=_GROUNDS) | named)
    proposal = await service.propose_change(session, context, caller, asked, Grounds(body.reason, body.evidence))
    return ApprovalOut.of(proposal, proposal.proposed_on)


@ROUTER.post(_ONE + "/giving-up", status_code=202, dependencies=[requires("payment:operate")])
@responses_for(NotFound, service.NotOfWholeArea, service.MerchantChangedMeanwhile, AnotherWaits)
async def propose_giving_up(
    session: Session,
    caller: CurrentCaller,
    context: _Context,
    channel: _Channel,
    merchant_id: _Number,
    body: MerchantGivingUpIn,
) -> ApprovalOut:
    """Propose that a merchant takes no more orders; those that it has, and refunds, go on."""
    asked = MerchantGivingUp(channel=channel, merchant_id=merchant_id, version=body.version)
    proposal = await service.propose_giving_up(session, context, caller, asked, Grounds(body.reason, body.evidence))
    return ApprovalOut.of(proposal, proposal.proposed_on)


@ROUTER.post(_ONE + "/keys", status_code=202, dependencies=[requires("payment:operate")])
@responses_for(
    NotFound,
    service.NotOfWholeArea,
    service.MerchantChangedMeanwhile,
    service.MerchantUnusable,
    MerchantKeyMisnamed,
    ChannelNotAllowed,
    AnotherWaits,
)
async def propose_key(
    session: Session,
    caller: CurrentCaller,
    context: _Context,
    channel: _Channel,
    merchant_id: _Number,
    body: KeyAdditionIn,
) -> ApprovalOut:
    """Propose one more key beside those in use, as a rotation begins."""
    named = {"channel": channel, "merchant_id": merchant_id}
    asked = KeyAddition.model_validate(body.model_dump(exclude=_GROUNDS) | named)
    proposal = await service.propose_key(session, context, caller, asked, Grounds(body.reason, body.evidence))
    return ApprovalOut.of(proposal, proposal.proposed_on)


@ROUTER.post(_ONE + "/keys/{serial}/retirement", status_code=202, dependencies=[requires("payment:operate")])
@responses_for(NotFound, service.NotOfWholeArea, service.MerchantChangedMeanwhile, MerchantKeyMisnamed, AnotherWaits)
async def propose_retirement(
    session: Session,
    caller: CurrentCaller,
    context: _Context,
    channel: _Channel,
    merchant_id: _Number,
    serial: Annotated[KeySerial, Path()],
    body: KeyRetirementIn,
) -> ApprovalOut:
    """Propose that a key checks nothing any more, as a rotation ends."""
    asked = KeyRetirement(channel=channel, merchant_id=merchant_id, version=body.version, serial=serial)
    proposal = await service.propose_retirement(session, context, caller, asked, Grounds(body.reason, body.evidence))
    return ApprovalOut.of(proposal, proposal.proposed_on)
