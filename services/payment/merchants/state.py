"""A merchant as two people approved it: each approval adds a version, and none of them is changed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.approvals.state import Approval
from shared.domain.ids import new_id
from shared.errors import DomainError, ErrorCode

# More keys of one merchant at once than any channel's rotation has; more merchants than a pooling area has.
MAX_KEYS, MAX_MERCHANTS = 8, 500


class MerchantStep(StrEnum):
    """What was approved. A merchant that was GIVEN_UP opens no orders; what it has goes on, and it can be CHANGED."""

    OPENED = "OPENED"
    CHANGED = "CHANGED"
    GIVEN_UP = "GIVEN_UP"
    KEY_ADDED = "KEY_ADDED"
    KEY_RETIRED = "KEY_RETIRED"


class MerchantKeyMisnamed(DomainError):
    """The serial has no key here, has one already, or is the only one."""

    code = ErrorCode.MERCHANT_KEY_MISNAMED


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantStatement:
    """What is stated of a merchant. ``secrets`` and ``keys`` hold names of files, never what stands in them.

    ``collects_for`` is the region that it may collect for: the pooling area or a part of it.
    """

    channel: str
    merchant_id: str
    appid: str
    collects_for: str
    takes_orders: bool
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    keys: Mapping[str, str]

    @property
    def name(self) -> tuple[str, str]:
        """Its channel and number, as the books name it."""
        return self.channel, self.merchant_id

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that it names, once."""
        return tuple(dict.fromkeys((*self.secrets.values(), *self.keys.values())))

    def with_key(self, serial: str, file: str) -> "MerchantStatement":
        """The same with one more key; raises MerchantKeyMisnamed."""
        if serial in self.keys or len(self.keys) >= MAX_KEYS:
            raise MerchantKeyMisnamed(f"{serial}: 已有 {len(self.keys)} 个密钥 · {len(self.keys)} keys are there")
        return replace(self, keys={**self.keys, serial: file})

    def without_key(self, serial: str) -> "MerchantStatement":
        """The same without one of its keys; raises MerchantKeyMisnamed, also where nothing could be checked then."""
        if serial not in self.keys or len(self.keys) == 1:
            raise MerchantKeyMisnamed(f"{serial}: 现有 there are {', '.join(self.keys)}")
        return replace(self, keys={name: file for name, file in self.keys.items() if name != serial})

    def given_up(self) -> "MerchantStatement":
        """The same for no new orders."""
        return replace(self, takes_orders=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantVersion:
    """A statement that two people approved, as the so many-th of its merchant."""

    id: UUID
    version: int
    step: MerchantStep
    mechanism: str
    stated: MerchantStatement
    approval_id: UUID
    approved_on: date


def approved(
    approval: Approval, step: MerchantStep, mechanism: str, stated: MerchantStatement, after: int, today: date
) -> MerchantVersion:
    """The version that an approval adds to the ``after`` versions of before."""
    return MerchantVersion(
        id=new_id(),
        version=after + 1,
        step=step,
        mechanism=mechanism,
        stated=stated,
        approval_id=approval.id,
        approved_on=today,
    )
