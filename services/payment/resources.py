"""What payment keeps open: merchants with their keys, their channels, and the group commit of notices."""

from collections.abc import Callable

import httpx

from services.payment.channels.accounts import Accounts, load_accounts
from services.payment.channels.adapter import ChannelConnection
from services.payment.channels.channel import PaymentChannel
from services.payment.job_names import CHANNEL_BILLS, CREDITING
from services.payment.notices.deliveries.refused_log import RefusedCallbacks
from services.payment.notices.group_commit import GroupCommit
from shared.errors import DomainError, ErrorCode
from shared.pack_in_force import fit_of, pack_in_force
from shared.policy.channels import refused_channel
from shared.policy.vocabulary import Channel
from shared.service import ServiceContext
from shared.settings import Settings
from shared.web.authorities import authorities


class ChannelNotAllowed(DomainError):
    """The document in force takes no contributions through this channel."""

    code = ErrorCode.CHANNEL_NOT_ALLOWED


class PaymentResources:
    """Payment's keys and connections; the keys are read at once, the rest is opened when the service starts."""

    needs = "merchants"
    notices: GroupCommit
    refused: RefusedCallbacks
    http: httpx.AsyncClient

    def __init__(self, settings: Settings) -> None:
        """Read the merchants' keys and the pack; raises where one is missing or unusable."""
        self._pack = pack_in_force(settings)
        self.fit = fit_of(settings, self._pack)
        self.region = settings.region
        self.public_base_url = settings.public_base_url.rstrip("/")
        self.accounts: Accounts = load_accounts(settings)
        self.channels: dict[tuple[str, str], PaymentChannel] = {}
        self._wake: Callable[[str], None] | None = None

    def missing(self) -> str:
        """The merchants whose every notice would be refused, because no platform key stands in its place."""
        return self.accounts.unchecked()

    async def start(self, context: ServiceContext[object]) -> None:
        """Open what needs the running service; nothing is connected yet."""
        self._wake = context.wake
        limits = httpx.Limits(max_connections=32, max_keepalive_connections=16)
        self.http = httpx.AsyncClient(limits=limits, verify=authorities(trust_env=True))
        self._connection = ChannelConnection(self.http, context.clock, self.region, context.settings)
        self.use(self.accounts)
        self.refused = RefusedCallbacks(context.database, self.region)
        self.notices = GroupCommit(context.database, self.region, on_stored=lambda: context.wake(CREDITING))

    async def aclose(self) -> None:
        """Write the notices that still wait, then close."""
        await self.notices.aclose()
        await self.refused.aclose()
        await self.http.aclose()

    def use(self, accounts: Accounts) -> None:
        """Collect for these merchants from now on; those that take no orders still answer for what they have."""
        self.accounts = accounts
        self.channels = {
            (each.account.channel, each.account.merchant_id): each.adapter.open(each.account, self._connection)
            for each in accounts.served
        }

    def collecting(self, channel: Channel) -> PaymentChannel | None:
        """Where new orders of a channel collect: at the first of its merchants that takes any."""
        taking = (each.account for each in self.accounts.served if each.account.takes_orders)
        merchant = next((each for each in taking if each.channel == channel.value), None)
        return self.channels.get((merchant.channel, merchant.merchant_id)) if merchant is not None else None

    @property
    def known_merchants(self) -> frozenset[tuple[str, str]]:
        """Every (channel, merchant) that the settings name."""
        return frozenset(self.accounts.by_name)

    def refuse_channel(self, channel: Channel) -> None:
        """Raise ChannelNotAllowed, with the sentence of the document, where it does not take money this way."""
        reason = refused_channel(self._pack, channel)
        if reason is not None:
            clause = reason.basis.clause
            quote = f"“{clause.quote}”" if clause else ""
            written = f"{self._pack.document}{quote or reason.text}"
            raise ChannelNotAllowed(f"文件未列此渠道：{written} · {channel.value} is not listed there")

    def look_for_bills(self) -> None:
        """Let the channel's bills be asked for now, as on a new day."""
        if self._wake is not None:
            self._wake(CHANNEL_BILLS)

    def notify_url(self, channel: PaymentChannel) -> str:
        """The address at which a channel calls us back about one of its merchants."""
        adapter = self.accounts.adapter_of(channel.name, channel.merchant_id)
        called_as = adapter.called_as(self.accounts.by_name[channel.name, channel.merchant_id])
        return f"{self.public_base_url}/payment{adapter.form.path_of(called_as)}"
