"""What payment keeps open: merchants with their keys, the way to their channel, and the intake of notices."""

from typing import Final

import httpx

from services.payment.callbacks.intake import Intake
from services.payment.channels.wechat.client import WechatClient
from services.payment.channels.wechat.keys import Merchant, load_merchant
from shared.errors import DomainError, ErrorCode
from shared.pack_in_force import pack_in_force
from shared.policy.channels import refused_channel
from shared.policy.vocabulary import Channel
from shared.service import Running
from shared.settings import Settings

CREDITING: Final = "crediting"


class ChannelNotAllowed(DomainError):
    """The document in force takes no contributions through this channel."""

    code = ErrorCode.CHANNEL_NOT_ALLOWED


class PaymentResources:
    """Payment's keys and connections; the keys are read at once, the rest is opened when the service starts."""

    intake: Intake
    http: httpx.AsyncClient

    def __init__(self, settings: Settings) -> None:
        """Read the merchants' keys and the pack; raises where one is missing or unusable."""
        self._pack = pack_in_force(settings)
        self.region = settings.region
        self.public_base_url = settings.public_base_url.rstrip("/")
        self._wechat_base_url = settings.wechat_base_url
        self.merchants: dict[str, Merchant] = {
            merchant.mchid: load_merchant(merchant) for merchant in settings.wechat_merchants
        }
        self.wechat: dict[str, WechatClient] = {}

    async def start(self, running: Running) -> None:
        """Open what needs the running service; nothing is connected yet."""
        self.http = httpx.AsyncClient(limits=httpx.Limits(max_connections=32, max_keepalive_connections=16))
        self.wechat = {
            mchid: WechatClient(merchant, self.http, self._wechat_base_url, running.clock)
            for mchid, merchant in self.merchants.items()
        }
        self.intake = Intake(running.database, self.region, on_stored=lambda: running.wake(CREDITING))

    async def aclose(self) -> None:
        """Write what still waits, then close."""
        await self.intake.aclose()
        await self.http.aclose()

    def refuse_channel(self, channel: Channel) -> None:
        """Raise ChannelNotAllowed, with the sentence of the document, where it does not take money this way."""
        reason = refused_channel(self._pack, channel)
        if reason is not None:
            clause = reason.basis.clause
            quote = f"“{clause.quote}”" if clause else ""
            written = f"{self._pack.document}{quote or reason.text}"
            raise ChannelNotAllowed(f"文件未列此渠道：{written} · {channel.value} is not listed there")

    def notify_url(self, mchid: str) -> str:
        """Where WeChat is to call us back."""
        return f"{self.public_base_url}/payment/v1/callbacks/wechat/{mchid}"
