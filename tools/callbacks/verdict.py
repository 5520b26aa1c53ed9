"""What a diagnosis says, line by line, in Chinese and English: never a key. Pure."""

from collections.abc import Iterator
from typing import Final

from services.payment.channels.callback import Callback, Refusal
from tools.callbacks.diagnosis import Diagnosis

_SHOWN = 4_096

MEANINGS: Final = {
    Refusal.UNKNOWN_MERCHANT: ("本套系统没有此商户", "no merchant of this installation has that number"),
    Refusal.HEADER_MISSING: ("缺少签名报头", "a signature's header is missing"),
    Refusal.HEADER_REPEATED: ("签名报头出现了两次", "a signature's header comes twice"),
    Refusal.FIELD_MISSING: ("缺少签名字段", "a signature's field is missing"),
    Refusal.FIELD_REPEATED: ("有字段出现了两次", "a field comes twice"),
    Refusal.ALGORITHM: ("签名算法不是约定的", "the signature's algorithm is not the agreed one"),
    Refusal.CHARSET: ("字符集不符", "the charset is not the one that the message names"),
    Refusal.SERIAL: ("没有此序列号的平台公钥", "there is no platform key of that serial"),
    Refusal.TIMESTAMP: ("时间戳无法读取", "the timestamp cannot be read"),
    Refusal.STALE: ("时间戳与当前时间相差过大", "the timestamp is too far from now"),
    Refusal.PROBE: ("这是渠道的验签探测，应当拒收", "this is the channel's probe, rightly refused"),
    Refusal.SIGNATURE: ("签名不符", "the signature does not fit"),
    Refusal.TOO_LARGE: ("报文超过 64 KiB", "the body has more than 64 KiB"),
    Refusal.ENVELOPE: ("报文格式无法读取", "the message's form cannot be read"),
    Refusal.CIPHERTEXT: ("密文无法解开（请核对密钥）", "the sealed part does not open (compare the key)"),
}


def lines(found: Diagnosis, callback: Callback) -> Iterator[str]:
    """The base string, the verdict, and where it differs from what was signed."""
    if found.base is None:
        yield "待验签名串无法组成 · there is no base string"
    else:
        size = len(found.base.content)
        yield f"待验签名串 · base string ({size} bytes):"
        yield f"  {readable(found.base.content[:_SHOWN])}{' …' if size > _SHOWN else ''}"
        if found.base.key_name:
            yield f"签名所用公钥 · signed with: {found.base.key_name}"
        if found.base.signed_at is not None:
            age = (callback.now - found.base.signed_at).total_seconds()
            yield f"签名时间 · signed at: {found.base.signed_at.isoformat()} ({age:.0f} s)"
    yield verdict(found)
    if found.stale_only:
        yield "  除时间外均无误（抓取的旧请求属正常） · all but its age is right, as of an old capture"
    if found.change is not None:
        yield f"  与渠道所签的不同：{found.change.zh} · it differs from what was signed: {found.change.en}"
    if found.difference is not None:
        yield f"  首个不同的字节 · first differing byte: {found.difference.offset}"
        yield f"    应为 · expected: {readable(found.difference.expected)}"
        yield f"    收到 · received: {readable(found.difference.received)}"
    elif found.refusal is Refusal.SIGNATURE:
        yield (
            "  常见的改动都不能解释：公钥不对、报文被改过，或请用 --original 给出渠道发出的报文"
            " · no usual change explains it: another key, an altered body; or give the body as sent by --original"
        )


def verdict(found: Diagnosis) -> str:
    """One line: taken, or refused and why."""
    if found.refusal is None:
        return "结论：验签通过 · verdict: accepted"
    zh, en = MEANINGS[found.refusal]
    return f"结论：拒收，{zh} · verdict: refused ({found.refusal.value}), {en}"


def readable(content: bytes) -> str:
    """Bytes as one line: Chinese as it is, line ends and what is no text as escapes."""
    text = content.decode("utf-8", "backslashreplace")
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
