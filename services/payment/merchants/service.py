"""Merchants are opened, changed and given up by two people; their keys are added and retired the same way."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.channels.accounts import ServedAccount
from services.payment.channels.channel import ChannelNotAllowed
from services.payment.merchants import repository
from services.payment.merchants.holder import HoldsMerchants
from services.payment.merchants.loading import form_of, load, settings_of
from services.payment.merchants.schemas import (
    KeyAddition,
    KeyRetirement,
    MerchantChange,
    MerchantGivingUp,
    MerchantOpening,
    NamedMerchant,
)
from services.payment.merchants.secret_folder import SecretFolder
from services.payment.merchants.state import (
    MAX_MERCHANTS,
    MerchantKeyMisnamed,
    MerchantStatement,
    MerchantStep,
    MerchantVersion,
    approved,
)
from shared.approvals.act import Act, B
from shared.approvals.service import Grounds, propose
from shared.approvals.state import Approval
from shared.database.business_date import business_date
from shared.database.engine import after_commit
from shared.domain.region import covers
from shared.errors import DomainError, ErrorCode, NotFound
from shared.policy.vocabulary import Channel
from shared.service import ServiceContext
from shared.settings_errors import UnusableSetting
from shared.web.dependencies import Caller


class MerchantExists(DomainError):
    """A merchant of this number stands already, in the settings or as data."""

    code = ErrorCode.MERCHANT_EXISTS


class MerchantChangedMeanwhile(DomainError):
    """Something else was approved about the merchant since it was looked at."""

    code = ErrorCode.MERCHANT_CHANGED


class MerchantUnusable(DomainError):
    """No merchant can be made of what is stated, or of the files that it names."""

    code = ErrorCode.MERCHANT_UNUSABLE


class NotOfWholeArea(DomainError):
    """Merchants are the matter of the whole pooling area."""

    code = ErrorCode.MERCHANT_WHOLE_AREA


_Context = ServiceContext[HoldsMerchants]


async def propose_opening(
    session: AsyncSession, context: _Context, caller: Caller, body: MerchantOpening, grounds: Grounds
) -> Approval:
    """Put a new merchant forward; raises NotOfWholeArea, what opening raises, and AnotherWaits."""
    _refuse_part(context, caller)
    await _checked_opening(session, context, body)
    return await _proposed(session, context, caller, OPEN_MERCHANT, body, (body.channel, body.merchant_id), grounds)


async def propose_change(
    session: AsyncSession, context: _Context, caller: Caller, body: MerchantChange, grounds: Grounds
) -> Approval:
    """Put other terms forward; raises NotOfWholeArea, what the change raises, and AnotherWaits."""
    _refuse_part(context, caller)
    await _checked_change(session, context, body)
    return await _proposed(session, context, caller, CHANGE_MERCHANT, body, _name(body), grounds)


async def propose_giving_up(
    session: AsyncSession, context: _Context, caller: Caller, body: MerchantGivingUp, grounds: Grounds
) -> Approval:
    """Propose that a merchant takes no more orders; raises NotOfWholeArea, NotFound, MerchantChangedMeanwhile and
    AnotherWaits.
    """
    _refuse_part(context, caller)
    await _standing(session, body)
    return await _proposed(session, context, caller, GIVE_MERCHANT_UP, body, _name(body), grounds)


async def propose_key(
    session: AsyncSession, context: _Context, caller: Caller, body: KeyAddition, grounds: Grounds
) -> Approval:
    """Put one more key forward; raises NotOfWholeArea, what its addition raises, and AnotherWaits."""
    _refuse_part(context, caller)
    await _checked_addition(session, context, body)
    return await _proposed(session, context, caller, ADD_MERCHANT_KEY, body, _name(body), grounds)


async def propose_retirement(
    session: AsyncSession, context: _Context, caller: Caller, body: KeyRetirement, grounds: Grounds
) -> Approval:
    """Propose that a key is used no more; raises NotOfWholeArea, what its retirement raises, and AnotherWaits."""
    _refuse_part(context, caller)
    (await _standing(session, body)).stated.without_key(body.serial)
    return await _proposed(session, context, caller, RETIRE_MERCHANT_KEY, body, _name(body), grounds)


async def open_merchant(session: AsyncSession, context: _Context, approval: Approval, body: MerchantOpening) -> None:
    """Add the merchant's first version."""
    stated = await _checked_opening(session, context, body)
    await _add(session, context, approval, MerchantStep.OPENED, stated, 0)


async def change(session: AsyncSession, context: _Context, approval: Approval, body: MerchantChange) -> None:
    """Let the merchant's terms be these from now on."""
    stated = await _checked_change(session, context, body)
    await _add(session, context, approval, MerchantStep.CHANGED, stated, body.version)


async def give_up(session: AsyncSession, context: _Context, approval: Approval, body: MerchantGivingUp) -> None:
    """Open no more orders; its files need not be readable for that."""
    stated = (await _standing(session, body)).stated.given_up()
    await _add(session, context, approval, MerchantStep.GIVEN_UP, stated, body.version)


async def add_key(session: AsyncSession, context: _Context, approval: Approval, body: KeyAddition) -> None:
    """Check what the channel signs with one more key."""
    stated = await _checked_addition(session, context, body)
    await _add(session, context, approval, MerchantStep.KEY_ADDED, stated, body.version)


async def retire_key(session: AsyncSession, context: _Context, approval: Approval, body: KeyRetirement) -> None:
    """Check nothing with a key any more; its file need not be readable for that."""
    stated = (await _standing(session, body)).stated.without_key(body.serial)
    await _add(session, context, approval, MerchantStep.KEY_RETIRED, stated, body.version)


async def _proposed(
    session: AsyncSession,
    context: _Context,
    caller: Caller,
    act: Act[B],
    body: B,
    name: tuple[str, str],
    grounds: Grounds,
) -> Approval:
    today = await business_date(session, context.clock)
    area = context.settings.region
    return await propose(session, act, "/".join(name), area, body, grounds, caller.trace(), today)


def _refuse_part(context: _Context, caller: Caller) -> None:
    if not covers(caller.region, context.settings.region):
        raise NotOfWholeArea(context.settings.region)


async def _checked_opening(session: AsyncSession, context: _Context, body: MerchantOpening) -> MerchantStatement:
    stated = body.stated()
    if await repository.newest(session, *stated.name) is not None:
        raise MerchantExists("/".join(stated.name))
    if len(await repository.in_force(session)) >= MAX_MERCHANTS:
        raise MerchantUnusable(f"最多 at most {MAX_MERCHANTS}")
    stated, served = await _usable(context, stated)
    if context.resources.accounts.holds(served):
        raise MerchantExists("/".join(stated.name))
    return stated


async def _checked_change(session: AsyncSession, context: _Context, body: MerchantChange) -> MerchantStatement:
    before = (await _standing(session, body)).stated
    wanted = replace(
        before,
        appid=body.appid,
        collects_for=body.collects_for,
        takes_orders=body.takes_orders,
        settings=dict(body.settings),
        secrets=dict(body.secrets),
    )
    stated, _ = await _usable(context, wanted)
    return stated


async def _checked_addition(session: AsyncSession, context: _Context, body: KeyAddition) -> MerchantStatement:
    stated = (await _standing(session, body)).stated.with_key(body.serial, body.file)
    await _usable(context, stated)
    return stated


async def _standing(session: AsyncSession, body: NamedMerchant) -> MerchantVersion:
    """The merchant as it was looked at; raises NotFound, and MerchantChangedMeanwhile where it stands otherwise now."""
    found = await repository.newest(session, *_name(body))
    if found is None:
        raise NotFound
    if found.version != body.version:
        raise MerchantChangedMeanwhile(f"现为版本 it is version {found.version}")
    return found


async def _usable(context: _Context, stated: MerchantStatement) -> tuple[MerchantStatement, ServedAccount]:
    """The statement as its form writes it, and the merchant that its files make; raises MerchantUnusable and
    ChannelNotAllowed.
    """
    area = context.settings.region
    if not covers(area, stated.collects_for):
        raise MerchantUnusable(
            f"{stated.collects_for}: 不在本统筹区 {area} · is not in {area}", pointer="/collects_for"
        )
    try:
        form_of(stated)
        context.resources.refuse_channel(Channel(stated.channel))
        written = replace(stated, settings=settings_of(stated))
        return written, await asyncio.to_thread(_loaded, context.resources.merchants.folder, written)
    except UnusableSetting as fault:
        raise MerchantUnusable("; ".join(fault.problems)) from fault


def _loaded(folder: SecretFolder, stated: MerchantStatement) -> ServedAccount:
    return load(stated, {file: folder.read(file) for file in stated.files})


async def _add(
    session: AsyncSession,
    context: _Context,
    approval: Approval,
    step: MerchantStep,
    stated: MerchantStatement,
    after: int,
) -> None:
    adapter, _ = form_of(stated)
    today = await business_date(session, context.clock)
    version = approved(approval, step, adapter.mechanism.value, stated, after, today)
    if not await repository.add(session, version, context.settings.region):
        raise MerchantChangedMeanwhile("/".join(stated.name))
    look: Callable[[], None] = context.resources.look_soon
    after_commit(session, look)


def _name(body: NamedMerchant) -> tuple[str, str]:
    return body.channel, body.merchant_id


_STANDING = (NotFound, MerchantChangedMeanwhile)
_USABLE = (MerchantUnusable, ChannelNotAllowed)
OPEN_MERCHANT = Act(
    "open_merchant", MerchantOpening, open_merchant, refusals=(MerchantExists, MerchantChangedMeanwhile, *_USABLE)
)
CHANGE_MERCHANT = Act("change_merchant", MerchantChange, change, refusals=(*_STANDING, *_USABLE))
GIVE_MERCHANT_UP = Act("give_merchant_up", MerchantGivingUp, give_up, refusals=_STANDING)
ADD_MERCHANT_KEY = Act("add_merchant_key", KeyAddition, add_key, refusals=(*_STANDING, *_USABLE, MerchantKeyMisnamed))
RETIRE_MERCHANT_KEY = Act("retire_merchant_key", KeyRetirement, retire_key, refusals=(*_STANDING, MerchantKeyMisnamed))
ACTS = (OPEN_MERCHANT, CHANGE_MERCHANT, GIVE_MERCHANT_UP, ADD_MERCHANT_KEY, RETIRE_MERCHANT_KEY)
