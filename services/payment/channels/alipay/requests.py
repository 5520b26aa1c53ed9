"""Requests as Alipay's gateway takes them: public parameters, the content as JSON, and our signature over all of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from services.payment.channels.alipay.keys import Seller
from services.payment.channels.alipay.signature import ALGORITHM, sign
from services.payment.channels.alipay.values import written

_CONTENT = "biz_content"


def signed_parameters(
    seller: Seller, method: str, content: Mapping[str, Any], now: datetime, notify_url: str | None = None
) -> dict[str, str]:
    """Every parameter of a request, signed; ``now`` is real time, of which Alipay takes some minutes' difference."""
    parameters = {
        "app_id": seller.appid,
        "method": method,
        "format": "JSON",
        "charset": "utf-8",
        "sign_type": ALGORITHM,
        "timestamp": written(now),
        "version": "1.0",
        _CONTENT: orjson.dumps(content).decode(),
    }
    if notify_url is not None:
        parameters["notify_url"] = notify_url
    return {**parameters, "sign": sign(seller.private_key, parameters)}


def address_and_form(gateway_url: str, parameters: Mapping[str, str]) -> tuple[str, bytes]:
    """The content goes as a form, the rest in the address: there it says in which charset the form is to be read."""
    public = {name: value for name, value in parameters.items() if name != _CONTENT}
    return page_address(gateway_url, public), urlencode({_CONTENT: parameters[_CONTENT]}).encode()


def page_address(gateway_url: str, parameters: Mapping[str, str]) -> str:
    """The address that a payer's browser opens to pay."""
    return f"{gateway_url}?{urlencode(parameters, quote_via=quote)}"
