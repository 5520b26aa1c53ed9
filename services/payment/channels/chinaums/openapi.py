"""The callback as the OpenAPI document describes it: ChinaUMS's form, and its two words as answers."""

from typing import Any, Final

from services.payment.channels.callback import CallbackReply

TAKEN: Final = CallbackReply(200, b"SUCCESS", "text/plain")
FAILED: Final = b"FAILED"
_TEXT = {"type": "string"}
_MEANINGS = {
    400: "The form cannot be read, or the notice can never be kept",
    401: "The signature is missing or wrong, a field is repeated, or another algorithm is asked for",
    404: "No merchant of this installation has that number",
    413: "More than 64 KiB",
    500: "An error of this installation; ChinaUMS sends it again",
    503: "The notice could not be kept; ChinaUMS sends it again",
}
_FORM = {
    "title": "ChinaumsNotice",
    "description": "A notice of ChinaUMS: of a code (`billStatus`, `billPayment`) or a page (`status`). Sums in fen.",
    "type": "object",
    "properties": {
        "mid": _TEXT,
        "tid": _TEXT,
        "billNo": _TEXT,
        "billStatus": {"type": "string", "examples": ["PAID", "UNPAID", "CLOSED", "REFUND"]},
        "billPayment": {"type": "string", "description": "JSON"},
        "merOrderId": _TEXT,
        "status": {"type": "string", "examples": ["TRADE_SUCCESS", "TRADE_CLOSED", "NEW_ORDER"]},
        "totalAmount": _TEXT,
        "notifyId": _TEXT,
        "signType": {"const": "SHA256"},
        "sign": {"type": "string", "pattern": "^[0-9A-F]{64}$"},
    },
    "required": ["sign"],
    "additionalProperties": _TEXT,
}
_EXAMPLE = {
    "mid": "898201612345678",
    "tid": "88880001",
    "billNo": "10170PQRSTUVWXYZ0123456789ABC",
    "billStatus": "PAID",
    "totalAmount": "38000",
    "signType": "SHA256",
    "sign": "0" * 64,
}


def _word(said: str) -> dict[str, Any]:
    return {"text/plain": {"schema": {"type": "string", "const": said}}}


ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The notice is kept; it is not sent again", "content": _word(TAKEN.content.decode())},
    **{status: {"description": meaning, "content": _word(FAILED.decode())} for status, meaning in _MEANINGS.items()},
}
NOTICE: Final[dict[str, Any]] = {
    "parameters": [{"name": "mid", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}],
    "requestBody": {
        "required": True,
        "content": {"application/x-www-form-urlencoded": {"schema": _FORM, "example": _EXAMPLE}},
    },
    "security": [],
}
