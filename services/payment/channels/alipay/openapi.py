"""The callback as the OpenAPI document describes it: Alipay's form, and the two words that answer it."""

from typing import Any, Final

_TEXT = {"type": "string"}
_MEANINGS = {
    400: "The form cannot be read",
    401: "The signature is missing or wrong, of another kind, or the charset is neither UTF-8 nor GBK",
    404: "No seller of this installation has that app",
    413: "More than 64 KiB",
    500: "An error of this installation; Alipay sends it again",
    503: "The notice could not be kept; Alipay sends it again",
}
_NEEDED = ("notify_id", "notify_time", "notify_type", "charset", "sign_type", "sign")
_READ = (
    *("app_id", "seller_id", "out_trade_no", "trade_no", "trade_status", "total_amount", "gmt_payment"),
    *("refund_fee", "gmt_refund", "out_biz_no"),
)
_FORM = {
    "title": "AlipayNotice",
    "description": "A notice of Alipay (异步通知): all but sign and sign_type is signed, what is not named here too.",
    "type": "object",
    "properties": dict.fromkeys((*_NEEDED, *_READ), _TEXT) | {"sign_type": {"const": "RSA2"}},
    "required": list(_NEEDED),
}
_EXAMPLE = {
    "app_id": "2021000000000001",
    "seller_id": "2088000000000001",
    "notify_id": "2023100800222103456034560000000001",
    "notify_time": "2023-10-08 10:34:57",
    "notify_type": "trade_status_sync",
    "charset": "utf-8",
    "out_trade_no": "PK7Q2M9T4RCB",
    "trade_no": "2023100822001400001400000001",
    "trade_status": "TRADE_SUCCESS",
    "total_amount": "380.00",
    "gmt_payment": "2023-10-08 10:34:56",
    "sign_type": "RSA2",
    "sign": "c2lnbmVkIHdpdGggQWxpcGF5J3Mga2V5",
}

ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The notice is kept; it is not sent again",
        "content": {"text/plain": {"schema": {"type": "string", "const": "success"}}},
    },
    **{
        status: {"description": meaning, "content": {"text/plain": {"schema": {"type": "string", "const": "failure"}}}}
        for status, meaning in _MEANINGS.items()
    },
}
NOTICE: Final[dict[str, Any]] = {
    "parameters": [{"name": "app_id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}],
    "requestBody": {
        "required": True,
        "content": {"application/x-www-form-urlencoded": {"schema": _FORM, "example": _EXAMPLE}},
    },
    "security": [],
}
