"""What merchants as data need of the running service."""

from typing import Protocol

from services.payment.channels.accounts import Accounts
from services.payment.merchants.book import MerchantBook
from shared.policy.vocabulary import Channel


class HoldsMerchants(Protocol):
    """Collects for merchants, and looks at them again when asked to."""

    @property
    def accounts(self) -> Accounts:
        """Every merchant in use."""

    @property
    def merchants(self) -> MerchantBook:
        """The merchants that stand as data."""

    def refuse_channel(self, channel: Channel) -> None:
        """Raise ChannelNotAllowed where the document in force does not take money this way."""

    def look_soon(self) -> None:
        """Look at statements and files at once."""
