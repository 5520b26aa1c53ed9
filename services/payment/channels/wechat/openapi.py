"""The callback as the OpenAPI document describes it: WeChat Pay's request, and answers in WeChat Pay's own form."""

from typing import Any, Final

_TEXT = {"type": "string"}
_SIGNED_BY = ("Wechatpay-Serial", "Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Signature")
_MEANINGS = {
    400: "The envelope or its sealed resource cannot be read",
    401: "The signature is missing, wrong or stale",
    404: "No merchant of this installation has that number",
    413: "More than 64 KiB",
    500: "An error of this installation; WeChat Pay sends it again",
    503: "The notice could not be kept; WeChat Pay sends it again",
}
_FAILED = {
    "title": "WechatFailure",
    "description": "A refusal in WeChat Pay's form.",
    "type": "object",
    "properties": {"code": {"const": "FAIL"}, "message": _TEXT},
    "required": ["code", "message"],
    "additionalProperties": False,
}
_SEALED = {
    "title": "WechatResource",
    "description": "What a notice says, encrypted with the merchant's APIv3 key.",
    "type": "object",
    "properties": {
        "algorithm": {"const": "AEAD_AES_256_GCM"},
        "ciphertext": {"type": "string", "format": "base64"},
        "associated_data": _TEXT,
        "nonce": _TEXT,
    },
    "required": ["algorithm", "ciphertext", "nonce"],
}
_ENVELOPE = {
    "title": "WechatNotice",
    "description": "A notice of WeChat Pay, its content encrypted.",
    "type": "object",
    "properties": {
        "id": {"type": "string", "maxLength": 64},
        "event_type": {"type": "string", "maxLength": 64, "examples": ["TRANSACTION.SUCCESS", "REFUND.SUCCESS"]},
        "resource": _SEALED,
    },
    "required": ["id", "event_type", "resource"],
}
_EXAMPLE = {
    "id": "EV-2018022511223320873",
    "event_type": "TRANSACTION.SUCCESS",
    "resource": {
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": "c2VhbGVkIHdpdGggdGhlIG1lcmNoYW50J3MgQVBJdjMga2V5",
        "associated_data": "transaction",
        "nonce": "fdasflkja484",
    },
}

ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    204: {"description": "The notice is kept; it is not sent again"},
    **{
        status: {"description": meaning, "content": {"application/json": {"schema": _FAILED}}}
        for status, meaning in _MEANINGS.items()
    },
}
NOTICE: Final[dict[str, Any]] = {
    "parameters": [
        {"name": "mchid", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}},
        *({"name": name, "in": "header", "required": True, "schema": _TEXT} for name in _SIGNED_BY),
    ],
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": _ENVELOPE, "example": _EXAMPLE}},
    },
    "security": [],
}
