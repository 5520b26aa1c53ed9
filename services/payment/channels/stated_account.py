"""A merchant's account as its row states it, and the form in which a mechanism wants it stated."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel

from services.payment.channels.merchant_account import MerchantAccount

A = TypeVar("A", bound=MerchantAccount)


class SecretContent(NamedTuple):
    """What stands in a secret file, and the file's bare name, by which faults name it."""

    file: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedAccount:
    """An account with the content of the files that it names: ``secrets`` by what they are, ``keys`` by their serial.

    ``place`` is how faults name the account.
    """

    place: str
    channel: str
    merchant_id: str
    appid: str
    takes_orders: bool
    settings: Mapping[str, Any]
    secrets: Mapping[str, SecretContent]
    keys: Mapping[str, SecretContent]


@dataclass(frozen=True, slots=True)
class AccountForm(Generic[A]):
    """How a mechanism's merchants are stated as data: what its ``settings`` are, and which ``secrets`` it needs.

    ``keys`` check what the channel signs, and each has a serial. ``load`` raises UnusableSetting, and names no secret.
    """

    settings: type[BaseModel]
    secrets: tuple[str, ...]
    load: Callable[[StatedAccount], A]
