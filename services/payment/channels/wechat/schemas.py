"""What a WeChat Pay merchant needs besides its number, its app and the names of its secret files."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.web.fields import example


class WechatAccountSettings(BaseModel):
    """The merchant's own side: under which serial WeChat knows the certificate of the key that signs our requests."""

    model_config = ConfigDict(extra="forbid", frozen=True) | example(
        merchant_serial="5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
    )

    merchant_serial: Annotated[str, Field(pattern=r"^[0-9A-F]{1,40}$")]
