"""What payment keeps open: merchants with their keys, their channels, and the group commit of notices."""

from collections.abc import Callable

import httpx

from services.payment.agent_signatures.keys import Institution, load_institution
from services.payment.agent_signatures.nonces import SeenNonces
from services.payment.channels.channel import PaymentChannel
from services.payment.channels.file_senders import FileSender, load_sender
from services.payment.channels.wechat.client import WechatClient
from services.payment.channels.wechat.keys import Merchant, load_merchant
from services.payment.job_names import CHANNEL_BILLS, CREDITING
from services.payment.notices.group_commit import GroupCommit
from shared.errors import DomainError, ErrorCode
from shared.pack_in_force import fit_of, pack_in_force
from shared.policy.channels import refused_channel
from shared.policy.vocabulary import Channel
from shared.protection import person_token_key
from shared.service import ServiceContext
from shared.settings import Settings
from shared.settings_errors import setting_place
from shared.web.authorities import authorities


class ChannelNotAllowed(DomainError):
    """The document in force takes no contributions through this channel."""

    code = ErrorCode.CHANNEL_NOT_ALLOWED


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
        self._wechat_base_url = settings.wechat_base_url
        self.merchants: dict[str, Merchant] = {
            merchant.mchid: load_merchant(merchant) for merchant in settings.wechat_merchants
        }
        self.channels: dict[str, PaymentChannel] = {}
        self.institutions: dict[str, Institution] = {
            each.code: load_institution(each, settings.region) for each in settings.collecting_agents
        }
        senders = (
            load_sender(each, self.institutions[each.code].region, self.institutions[each.code].public_keys)
            for each in settings.collecting_agents
        )
        self.file_senders: dict[str, FileSender] = {sender.code: sender for sender in senders if sender is not None}
        self.nonces = SeenNonces()
        # Only institutions name people by their documents.
        self.token_key = person_token_key(settings) if self.institutions else b""
        self._wake: Callable[[str], None] | None = None
        # Those that take no orders any more still answer for the orders and refunds that they have.
        self._taking_orders = [merchant.mchid for merchant in settings.wechat_merchants if merchant.takes_orders]

    def missing(self) -> str:
        """The merchants whose every notice would be refused, because no platform key stands in its place."""
        unchecked = [merchant.mchid for merchant in self.merchants.values() if merchant.answers_signed_by is None]
        if not unchecked:
            return ""
        return (
            f"{setting_place('wechat_merchants')}[mchid {', '.join(unchecked)}].platform_keys: 没有可用的平台公钥，"
            "通知都会被拒收，运行 canbao doctor · no usable platform key, every notice is refused, run canbao doctor"
        )

    async def start(self, context: ServiceContext[object]) -> None:
        """Open what needs the running service; nothing is connected yet."""
        self._wake = context.wake
        limits = httpx.Limits(max_connections=32, max_keepalive_connections=16)
        self.http = httpx.AsyncClient(limits=limits, verify=authorities(trust_env=True))
        self.channels = {
            merchant_id: WechatClient(merchant, self.http, self._wechat_base_url, context.clock, self.region)
            for merchant_id, merchant in self.merchants.items()
        }
        self.notices = GroupCommit(context.database, self.region, on_stored=lambda: context.wake(CREDITING))

    async def aclose(self) -> None:
        """Write the notices that still wait, then close."""
        await self.notices.aclose()
        await self.http.aclose()

    @property
    def collecting(self) -> PaymentChannel | None:
        """The channel through which new orders collect: the first merchant that takes any."""
        return next((self.channels[merchant_id] for merchant_id in self._taking_orders), None)

    @property
    def known_merchants(self) -> frozenset[tuple[str, str]]:
        """Every (channel, merchant) that the settings name."""
        return frozenset((channel.name, merchant_id) for merchant_id, channel in self.channels.items())

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

    def notify_url(self, merchant_id: str) -> str:
        """The address at which WeChat calls us back."""
        return f"{self.public_base_url}/payment/v1/callbacks/wechat/{merchant_id}"
