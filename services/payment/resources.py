"""What payment keeps open: merchants with their keys, their channels, and the group commit of notices."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import httpx
import structlog

from services.payment.channels.accounts import Accounts, ServedAccount, load_accounts
from services.payment.channels.adapter import ChannelConnection
from services.payment.channels.channel import ChannelNotAllowed, PaymentChannel
from services.payment.job_names import CHANNEL_BILLS, CREDITING
from services.payment.merchants import repository as merchant_versions
from services.payment.merchants.book import MerchantBook
from services.payment.merchants.secret_folder import SecretFolder
from services.payment.notices.group_commit import GroupCommit
from shared.messaging.bus.errors import error_summary
from shared.pack_in_force import fit_of, pack_in_force
from shared.policy.channels import refused_channel
from shared.policy.vocabulary import Channel
from shared.service import ServiceContext
from shared.settings import Settings
from shared.web.authorities import authorities

# A key that was laid down is used by every process within this time.
LOOK_EVERY_S: Final = 3.0
log = structlog.get_logger(__name__)


class PaymentResources:
    """Payment's keys and connections; the keys are read at once, the rest is opened when the service starts."""

    needs = "merchants"
    notices: GroupCommit
    http: httpx.AsyncClient

    def __init__(self, settings: Settings) -> None:
        """Read the merchants' keys and the pack; raises where one is missing or unusable."""
        self._pack = pack_in_force(settings)
        self.fit = fit_of(settings, self._pack)
        self.region = settings.region
        self.public_base_url = settings.public_base_url.rstrip("/")
        self.accounts: Accounts = load_accounts(settings)
        self.merchants = MerchantBook(self.accounts, SecretFolder(settings.secrets_dir))
        self.channels: dict[tuple[str, str], PaymentChannel] = {}
        self._opened: dict[tuple[str, str], ServedAccount] = {}
        self._look, self._one_look = asyncio.Event(), asyncio.Lock()
        self._looking: asyncio.Task[None] | None = None
        self._wake: Callable[[str], None] | None = None

    def missing(self) -> str:
        """The merchants whose every notice would be refused, because no platform key stands in its place."""
        return self.accounts.unchecked()

    def notes(self) -> str:
        """The merchants that work with their last good keys, or not at all; the others are served all the same."""
        return "; ".join(self.merchants.faults.values())

    async def start(self, context: ServiceContext[object]) -> None:
        """Open what needs the running service; nothing is connected yet."""
        self._wake, self._context = context.wake, context
        limits = httpx.Limits(max_connections=32, max_keepalive_connections=16)
        self.http = httpx.AsyncClient(limits=limits, verify=authorities(trust_env=True))
        self._connection = ChannelConnection(self.http, context.clock, self.region, context.settings)
        self.use(self.accounts)
        self.notices = GroupCommit(context.database, self.region, on_stored=lambda: context.wake(CREDITING))
        self._looking = asyncio.create_task(self._keep_looking(), name="merchants")

    async def aclose(self) -> None:
        """Write the notices that still wait, then close."""
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking
        await self.notices.aclose()
        await self.http.aclose()

    def use(self, accounts: Accounts) -> None:
        """Collect for these merchants from now on; those that take no orders still answer for what they have."""
        opened = {each.name: each for each in accounts.served}
        # One whose keys and terms stay keeps what it has open.
        kept = {name: each for name, each in self.channels.items() if opened.get(name) is self._opened.get(name)}
        self.channels = {
            name: kept[name] if name in kept else each.adapter.open(each.account, self._connection)
            for name, each in opened.items()
        }
        self.accounts, self._opened = accounts, opened

    async def look_at_merchants(self) -> None:
        """Collect for the merchants that two people approved, with the keys that lie in their files now."""
        async with self._one_look:  # an older look must not end after a newer one
            async with self._context.database.transaction(self.region) as session:
                versions = await merchant_versions.in_force(session)
            accounts = await asyncio.to_thread(self.merchants.take, [each.stated for each in versions])
            if accounts is not None:
                self.use(accounts)

    def look_soon(self) -> None:
        """Look at merchants at once, as after an approval."""
        self._look.set()

    async def _keep_looking(self) -> None:
        while True:
            self._look.clear()
            try:
                await self.look_at_merchants()
            except Exception as error:  # whatever a driver raises: what is in use stays, and it is looked at again
                log.warning("merchants could not be looked at", error=error_summary(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._look.wait()

    def offers(self, channel: Channel) -> bool:
        """Whether some merchant takes new orders of a channel."""
        return any(each.account.channel == channel.value and each.account.takes_orders for each in self.accounts.served)

    def collecting(self, channel: Channel, region: str) -> PaymentChannel | None:
        """Where new orders of a channel and a region collect: of the merchants that cover it, at the narrowest."""
        merchant = self.accounts.collecting(channel.value, region)
        return self.channels.get(merchant.name) if merchant is not None else None

    @property
    def known_merchants(self) -> frozenset[tuple[str, str]]:
        """Every (channel, merchant) of the settings and of those that stand as data."""
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
        return f"{self.public_base_url}/payment{adapter.form.path_of(channel.merchant_id)}"
