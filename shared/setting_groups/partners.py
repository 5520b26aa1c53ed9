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


class AlipaySeller(BaseModel):
    """One seller at Alipay: our key, and the keys that sign its notices; during a rotation two of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: Annotated[
        str,
        Field(pattern=r"^[A-Z][A-Z0-9_]{1,31}$", description="文件中的渠道名称 · the documents' name of the channel"),
    ] = "ALIPAY"
    app_id: Annotated[str, Field(description="开放平台应用 APPID · the app's id at the open platform")]
    seller_id: Annotated[str, Field(description="收款方 PID，2088 开头 · the seller's id, which begins with 2088")]
    private_key_file: Annotated[Path, Field(description="应用私钥 PEM 文件 · PEM; signs requests")]
    alipay_public_keys: Annotated[
        tuple[Path, ...],
        Field(
            min_length=1,
            max_length=4,
            description="支付宝公钥 PEM 文件，轮换期间新旧并存 · PEM; check notices and answers, "
            "old and new during a rotation",
        ),
    ]
    account_bill_refund_column: Annotated[
        str,
        Field(
            description="账务账单中写退款请求号的列（按签约产品核对） · the account bill's column that names a refund: "
            "compare it with a real bill of this seller"
        ),
    ] = "业务流水号"
    takes_orders: Annotated[
        bool,
        Field(
            description="停用时设为 false：不再开新订单，已有订单和退款照办 · "
            "false for a seller that is given up: no new orders, while its orders and refunds go on"
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
    alipay_sellers: Annotated[
        tuple[AlipaySeller, ...], Field(description="JSON：支付宝收款方 · JSON: sellers at Alipay")
    ] = ()
    alipay_gateway_url: Annotated[WebAddress, Field(description="支付宝网关地址 · Alipay's gateway")] = (
        "https://openapi.alipay.com/gateway.do"
    )
    alipay_bill_url: Annotated[
        WebAddress,
        Field(description="支付宝账单下载的网址，不从别处下载 · where Alipay's bills are downloaded, and nowhere else"),
    ] = "https://dwbillcenter.alipay.com"
    alipay_order_minutes: Annotated[
        int,
        Field(
            ge=2,
            le=120,
            description="支付宝订单的有效时间，分钟；二维码最长两小时 · how long an order can be paid, minutes; "
            "a code lasts two hours at most",
        ),
    ] = 120
    alipay_questions_per_second: Annotated[
        int,
        Field(
            ge=1,
            le=1_000,
            description="每个收款方每秒最多查询多少个订单 · orders that Alipay is asked about per second and seller",
        ),
    ] = 20
    tax_base_url: Annotated[OptionalWebAddress, Field(description="税务交换平台的地址 · the tax exchange platform")] = (
        ""
    )
    tax_token: Annotated[
        SecretStr | None, Field(description="税务交换平台的访问令牌 · bearer token for the tax exchange platform")
    ] = None
