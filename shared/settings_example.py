"""The settings as ``.env.example`` shows them: every variable, what it means, its default."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from shared.setting_groups.partners import WechatMerchant
from shared.settings import Settings


def env_example() -> str:
    """One commented line per variable, in the order of ``Settings``."""
    lines = [
        "# canbao 的全部设置；前缀 CANBAO_。取消注释即生效。",
        "# Every setting of canbao; uncomment to change. Written by: canbao config example > .env.example",
        "",
    ]
    for name, field in Settings.model_fields.items():
        lines += [f"# {field.description}", *_fields_of(name), f"#CANBAO_{name.upper()}={_shown(field.default)}", ""]
    return "\n".join(lines)


def _fields_of(name: str) -> list[str]:
    """The fields of a merchant, a line each: what its JSON has to hold."""
    if name != "wechat_merchants":
        return []
    fields = [f"#   {each}: {field.description}" for each, field in WechatMerchant.model_fields.items()]
    example = (
        '[{"mchid": "1900000109", "appid": "wx…", "api_v3_key": "…", "merchant_serial": "…", '
        '"merchant_private_key_file": "/run/merchant.pem", "platform_keys": {"PUB_KEY_ID_…": "/run/pub.pem"}}]'
    )
    return [*fields, f"#   {example}"]


def _shown(value: Any) -> str:
    if value is None or isinstance(value, SecretStr):
        return ""
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    if isinstance(value, dict | tuple | list):
        return json.dumps(value, default=str)
    return str(value) if not isinstance(value, Path) else value.as_posix()
