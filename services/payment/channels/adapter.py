"""What a channel's folder has to offer to be one: its accounts, how its calls are read, and how it is spoken to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Generic, TypeVar

import httpx

from services.payment.channels.callback import Callback, CallbackForm
from services.payment.channels.channel import PaymentChannel
from services.payment.channels.merchant_account import MerchantAccount
from services.payment.channels.samples import SampleNotices
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
    never when a notice arrives. ``read`` checks and reads a call and raises Refused. ``samples`` plays the mechanism in
    a sandbox, and explains what a signature covers. Where ``notice_is_proof`` is not set, both sides hold the same key:
    what a notice reports is credited, and goes to the treasury only once the channel's own file names it.
    ``called_as`` is the number of a merchant that the address of its calls has.
    """

    mechanism: Mechanism
    setting: str
    keys_field: str
    form: CallbackForm
    accounts: Callable[[Settings], Sequence[A]]
    read: Callable[[A, Callback], VerifiedNotice]
    open: Callable[[A, ChannelConnection], PaymentChannel]
    samples: SampleNotices[A]
    notice_is_proof: bool = True
    called_as: Callable[[A], str] = attrgetter("merchant_id")
