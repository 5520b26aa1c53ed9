"""How WeChat wants to be answered: 204 takes a notice off its list, any failure brings it again later."""

from typing import Final

from services.payment.channels.wechat.signature import Refusal

FAILED: Final = '{"code":"FAIL","message":"失败"}'.encode()

_STATUS = {
    Refusal.UNKNOWN_MERCHANT: 404,
    Refusal.TOO_LARGE: 413,
    Refusal.ENVELOPE: 400,
    Refusal.CIPHERTEXT: 400,
}


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal; whatever concerns the signature is 401."""
    return _STATUS.get(refusal, 401)
