"""What a channel's folder has to offer to be one: its accounts, how its calls are read, and how it is spoken to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import httpx

from services.payment.channels.callback import Callback, CallbackForm
from services.payment.channels.channel import PaymentChannel
from services.payment.channels.merchant_account import MerchantAccount
from services.payment.channels.stated_account import AccountForm
from services.payment.notices.notice import VerifiedNotice
from shared.domain.clock import Clock
from shared.policy.mechanisms import Mechanism
from shared.settings import Settings

A = TypeVar("A", bound=MerchantAccount)


@dataclass(frozen=True, slots=True)
class ChannelConnection:
    """What a channel is spoken to through."""

    http: httpx.AsyncClient
    clock: Clock
    region: str
    settings: Settings


@dataclass(frozen=True, slots=True)
class ChannelAdapter(Generic[A]):
    """One mechanism by which merchants collect: a row of the table, made of its folder's functions.

    ``accounts`` loads the merchants and their keys from the ``setting``; it raises UnusableSetting when starting,
    never when a notice arrives. ``read`` checks and reads a call and raises Refused. Where ``notice_is_proof`` is not
    set, both sides hold the same key: what a notice reports is credited, and goes to the treasury only once the
    channel's own file names it. ``stated`` is the form in which its merchants stand as data; without one they stand in
    the settings only.
    """

    mechanism: Mechanism
    setting: str
    keys_field: str
    form: CallbackForm
    accounts: Callable[[Settings], Sequence[A]]
    read: Callable[[A, Callback], VerifiedNotice]
    open: Callable[[A, ChannelConnection], PaymentChannel]
    notice_is_proof: bool = True
    stated: AccountForm[A] | None = None
