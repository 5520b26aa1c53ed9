"""Refusals of what a collecting institution says: its signature, its channel, its dates."""

from shared.errors.spec import Spec

AGENT_SIGNATURE_INVALID = Spec(
    401,
    "代收机构的签名无效",
    "The institution's signature is not valid",
    "核对证书序列号、时间戳、随机串和签名原文（方法、路径、时间戳、随机串、报文原文各占一行）",
    "Check serial, timestamp, nonce and the signed text: method, path, timestamp, nonce and raw body, a line each",
)
AGENT_MESSAGE_REPLAYED = Spec(
    409,
    "该随机串刚刚用过",
    "The nonce was used a moment ago",
    "重发时换一个随机串并重新签名；缴费流水号不变",
    "Sign again with another nonce; the payment's own number stays the same",
)
AGENT_CHANNEL_NOT_ITS_OWN = Spec(
    422,
    "该机构不经此渠道代收",
    "The institution does not collect through that channel",
    "使用为该机构配置的渠道代码",
    "Use a channel that is configured for the institution",
)
AGENT_DATE_IMPLAUSIBLE = Spec(
    422,
    "联机报文的日期不在允许范围内",
    "A day in an online message is out of range",
    "联机只受理当日或前一日的缴费；更早的缴费放入日终文件",
    "Online, payments of today or yesterday are taken; put earlier ones into the day-end file",
)
