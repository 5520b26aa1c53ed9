"""A merchant's account at a channel that takes orders, as far as every channel has it."""

from collections.abc import Collection
from typing import Protocol


class MerchantAccount(Protocol):
    """One merchant with its keys loaded; ``channel`` is the name in the books that it collects for."""

    @property
    def channel(self) -> str:
        """The channel's name in the books, such as WECHAT."""

    @property
    def merchant_id(self) -> str:
        """The merchant's number at the channel, by which its callbacks address it."""

    @property
    def appid(self) -> str:
        """The app that the merchant takes payments for."""

    @property
    def takes_orders(self) -> bool:
        """Whether new orders may be placed; one that is given up still answers for those that it has."""

    @property
    def can_be_checked(self) -> bool:
        """Whether there is a key to check its notices with; without one every notice is refused."""


def merchant_columns(merchants: Collection[tuple[str, str]]) -> dict[str, list[str]]:
    """Some (channel, merchant), as two columns of a statement's parameters."""
    ordered = sorted(merchants)
    return {"channels": [channel for channel, _ in ordered], "merchants": [merchant for _, merchant in ordered]}
