"""The payment channels and the tax exchange platform."""

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from shared.setting_values import (
    OptionalPath,
    OptionalWebAddress,
    WebAddress,
)


class WechatMerchant(BaseModel):
    """One WeChat Pay merchant: our keys and the platform keys that sign its notices, by serial."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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


class CollectingAgent(BaseModel):
    """One institution that collects without an order, a bank or the tax bureau: its keys by serial, and ours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[
        str,
        Field(pattern=r"^[0-9A-Z_]{2,32}$", description="机构代码，出现在其接口地址中 · its code, in its addresses"),
    ]
    channels: Annotated[
        tuple[str, ...],
        Field(min_length=1, description="经哪些渠道代收 · through which channels it collects"),
    ]
    region: Annotated[
        str,
        Field(
            pattern=r"^([1-9][0-9]{5}([0-9]{3}){0,2})?$",
            description="负责的地区，空为本系统全部 · the region that it serves; empty: all of this installation",
        ),
    ] = ""
    public_keys: Annotated[
        dict[str, Path],
        Field(description="该机构的密钥序列号 → 公钥 PEM 文件 · serial → PEM of its public keys; check its messages"),
    ]
    answer_serial: Annotated[
        str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}$", description="本方密钥序列号 · serial of our key for it")
    ]
    answer_private_key_file: Annotated[
        Path, Field(description="本方私钥 PEM 文件，用于应答签名 · PEM of our key; signs our answers to it")
    ]
    layout: Annotated[
        str,
        Field(
            pattern=r"^([a-z0-9_-]{0,64}|/.{1,400}\.ya?ml)$",
            description="日终文件格式的名称，或自备格式的 YAML 文件，空为不送文件 · "
            "name of its day-end file's layout, or a YAML file of your own; empty: it sends none",
        ),
    ] = ""
    named_in_file: Annotated[
        str, Field(description="文件首行中的机构号 · its number in the header of its files, where the layout has one")
    ] = ""
    folder: Annotated[
        OptionalPath, Field(description="机构投放文件的目录 · folder into which it drops files, a .sig beside each")
    ] = None
    fetch_url: Annotated[
        str,
        Field(
            pattern=r"^$|^https?://.*\{day\}.*$",
            description="取文件的地址，{day} 为日期 YYYY-MM-DD · where a day's file is fetched, {day} is YYYY-MM-DD",
        ),
    ] = ""
    fetch_token: Annotated[SecretStr | None, Field(description="取文件的令牌 · bearer token for fetching")] = None
    fetched_from: Annotated[
        date | None, Field(description="从哪一天起取文件，空为不取 · the first day fetched; empty: none is")
    ] = None


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
    collecting_agents: Annotated[
        tuple[CollectingAgent, ...],
        Field(
            description="JSON：无订单代收的机构（银行、税务） · "
            "JSON: institutions that collect without an order: banks, the tax bureau"
        ),
    ] = ()
    tax_base_url: Annotated[OptionalWebAddress, Field(description="税务交换平台的地址 · the tax exchange platform")] = (
        ""
    )
    tax_token: Annotated[
        SecretStr | None, Field(description="税务交换平台的访问令牌 · bearer token for the tax exchange platform")
    ] = None
