"""What ChinaUMS answered to a request, and how far it is believed."""

import re
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Any, Final

from services.payment.channels.channel import ChannelUnavailable
from services.payment.channels.chinaums.keys import ChinaumsMerchant
from services.payment.channels.chinaums.messages import NotInForm, object_in
from services.payment.channels.chinaums.signature import SCHEME, OpenSignature
from services.payment.notices.notice import Evidence, NoticeSource

SUCCESS: Final = "SUCCESS"
ANSWER_LIMIT: Final = 256 * 1024
_FIELD = re.compile(r'(\w+)="([^"]*)"')
# Of what is answered only this may be shown.
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,39}")
# Whom an answer is believed for: the key of the request that signed it, or the certificate of the connection.
_BY_KEY, _BY_CONNECTION = "answer", "connection"


@dataclass(frozen=True, slots=True)
class ChinaumsAnswer:
    """An answer as a JSON object, by what it is believed, and when it came."""

    value: dict[str, Any]
    vouched_by: str
    came_at: datetime

    @property
    def error(self) -> str | None:
        """The channel's own code where it refused; None where it did what was asked."""
        said = self.value.get("errCode")
        if said == SUCCESS:
            return None
        return said if isinstance(said, str) and _CODE.fullmatch(said) else "UNNAMED"

    def word(self, name: str) -> str:
        """A word that the answer has to say; raises ChannelUnavailable: from a word left out nothing follows."""
        said = self.value.get(name)
        if not isinstance(said, str) or not said:
            raise ChannelUnavailable(f"渠道应答缺少 {name} · the channel's answer has no {name}")
        return said

    def about(self, **expected: str) -> "ChinaumsAnswer":
        """The same answer, once it is about what was asked; raises ChannelUnavailable where it is about another."""
        for name, value in expected.items():
            if self.word(name) != value:
                raise ChannelUnavailable(f"渠道应答的 {name} 不是所问的 · the channel answered about another {name}")
        return self

    def evidence(self, kept: bytes) -> Evidence:
        """The answer as evidence of a notice, with what is kept of it."""
        return Evidence(NoticeSource.QUERY, kept, self.vouched_by, self.came_at)


def read_answer(merchant: ChinaumsMerchant, content: bytes, authorization: str, now: datetime) -> ChinaumsAnswer:
    """Read an answer; raises ChannelUnavailable where it is none, or is not signed as it says or has to be.

    A signature that is there is always checked; whether there has to be one is a setting.
    """
    if len(content) > ANSWER_LIMIT:
        raise ChannelUnavailable("渠道应答过大 · the channel's answer is too large")
    signed = authorization.startswith(SCHEME)
    if (signed or merchant.answers_are_signed) and not _is_signed(merchant, content, authorization):
        raise ChannelUnavailable("渠道应答验签未通过 · the channel's answer is not credible: signature")
    try:
        value = object_in(content)
    except NotInForm:
        raise ChannelUnavailable("渠道应答不是 JSON 对象 · the channel's answer is no JSON object") from None
    return ChinaumsAnswer(value, _BY_KEY if signed else _BY_CONNECTION, now)


def _is_signed(merchant: ChinaumsMerchant, content: bytes, authorization: str) -> bool:
    said = {name.lower(): value for name, value in _FIELD.findall(authorization)}
    if said.get("appid") != merchant.app_id:
        return False
    expected = OpenSignature(merchant.app_id, said.get("timestamp", ""), said.get("nonce", ""))
    claimed = said.get("signature", "")
    return claimed.isascii() and compare_digest(expected.signature(merchant.app_key, content), claimed)
