"""The payment channels and the tax exchange platform."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from shared.setting_values import (
    OptionalWebAddress,
    WebAddress,
)


class WechatMerchant(BaseModel):
    """One WeChat Pay merchant: our keys and the platform keys that sign its notices, by serial."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "mchid": "1900000109",
                    "appid": "wx…",
                    "api_v3_key": "…",
                    "merchant_serial": "…",
                    "merchant_private_key_file": "/run/merchant.pem",
                    "platform_keys": {"PUB_KEY_ID_…": "/run/pub.pem"},
                }
            ]
        },
    )

    channel: Annotated[
        str,
        Field(pattern=r"^[A-Z][A-Z0-9_]{1,31}$", description="文件中的渠道名称 · the documents' name of the channel"),
    ] = "WECHAT"
    mchid: Annotated[str, Field(description="商户号 · merchant number")]
    appid: Annotated[str, Field(description="公众号或小程序 · the official account's or mini program's id")]
    api_v3_key: Annotated[SecretStr, Field(description="APIv3 密钥，32 个字符 · 32 characters; opens notices")]
    merchant_serial: Annotated[str, Field(description="商户 API 证书序列号 · serial of the merchant's certificate")]
    merchant_private_key_file: Annotated[Path, Field(description="商户私钥 PEM 文件 · PEM; signs requests")]
    platform_keys: Annotated[
        dict[str, Path],
        Field(description="平台公钥 ID 或证书序列号 → PEM 文件 · public key id or serial → PEM; checks notices"),
    ]
    takes_orders: Annotated[
        bool,
        Field(
            description="停用商户时设为 false：不再开新订单，已有订单和退款照办 · "
            "false for a merchant that is given up: no new orders, while its orders and refunds go on"
        ),
    ] = True


class PartnerSettings(BaseModel):
    """The payment channels and the tax exchange platform."""

    public_base_url: Annotated[
        WebAddress,
        Field(description="支付渠道发送通知的地址，即本系统对外的网址 · where channels reach us, for their notices"),
    ] = "http://127.0.0.1:8000"
    wechat_merchants: Annotated[
        tuple[WechatMerchant, ...], Field(description="JSON：微信支付商户 · JSON: WeChat Pay merchants")
    ] = ()
    wechat_base_url: Annotated[WebAddress, Field(description="微信支付接口地址 · WeChat Pay's API")] = (
        "https://api.mch.weixin.qq.com"
    )
    wechat_native_minutes: Annotated[
        int,
        Field(ge=2, le=10_080, description="扫码订单的有效时间，分钟 · how long a code to scan can be paid, minutes"),
    ] = 120
    wechat_jsapi_minutes: Annotated[
        int,
        Field(
            ge=2,
            le=10_080,
            description="公众号、小程序订单的有效时间，分钟 · how long an order inside WeChat can be paid, minutes",
        ),
    ] = 120
    wechat_browser_minutes: Annotated[
        int,
        Field(
            ge=2,
            le=10_080,
            description="手机网页订单的有效时间，分钟 · how long an H5 order can be paid, minutes",
        ),
    ] = 5
    wechat_questions_per_second: Annotated[
        int,
        Field(
            ge=1,
            le=1_000,
            description="每个商户每秒最多查询多少个订单 · orders that WeChat is asked about per second and merchant",
        ),
    ] = 20
    tax_base_url: Annotated[OptionalWebAddress, Field(description="税务交换平台的地址 · the tax exchange platform")] = (
        ""
    )
    tax_token: Annotated[
        SecretStr | None, Field(description="税务交换平台的访问令牌 · bearer token for the tax exchange platform")
    ] = None
