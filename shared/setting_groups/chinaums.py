"""ChinaUMS (银联商务): its merchants, whose secrets lie in files, and how it is spoken to."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.setting_values import WebAddress


class ChinaumsMerchantSetting(BaseModel):
    """One ChinaUMS merchant: its numbers at the channel, and where its keys and the layout of its file lie."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "mid": "898201612345678",
                    "tid": "88880001",
                    "source": "1017",
                    "app_id": "…",
                    "app_key_file": "/run/app.key",
                    "notice_keys": {"2026": "/run/notice-2026.key"},
                    "settlement_layout_file": "/run/settlement.yaml",
                    "settlement_path": "/settlement/{mid}/{day}.txt",
                }
            ]
        },
    )

    channel: Annotated[
        str,
        Field(pattern=r"^[A-Z][A-Z0-9_]{1,31}$", description="文件中的渠道名称 · the documents' name of the channel"),
    ] = "UNIONPAY_QR"
    mid: Annotated[str, Field(pattern=r"^[0-9A-Z]{1,20}$", description="商户号 · merchant number")]
    tid: Annotated[str, Field(pattern=r"^[0-9A-Z]{1,20}$", description="终端号 · terminal number")]
    source: Annotated[
        str,
        Field(
            pattern=r"^[0-9A-Z]{4}$",
            description="来源编号 msgSrcId，账单号的前四位 · the source number, which bill numbers begin with",
        ),
    ]
    app_id: Annotated[str, Field(pattern=r"^[!#-~]{1,64}$", description="开放平台 AppId · the application that asks")]
    app_key_file: Annotated[Path, Field(description="开放平台 AppKey 的文件 · file of the application's key")]
    notice_keys: Annotated[
        dict[str, Path],
        Field(
            description="通知的通讯密钥：自定名称 → 文件，轮换期间可有多个 · "
            "shared keys of notices: a name of your own → file; several while one is replaced"
        ),
    ]
    settlement_layout_file: Annotated[
        Path,
        Field(
            description="清算文件的格式声明 · the declared layout of the settlement file; an invented example: "
            "services/payment/channels/chinaums/settlement_example.yaml"
        ),
    ]
    settlement_path: Annotated[
        str,
        Field(
            pattern=r"^/[!-z|~]*\{mid\}[!-z|~]*\{day\}[!-z|~]*$",
            description="清算文件的路径，含 {mid} 和 {day} · path of the settlement file, with {mid} and {day} in it",
        ),
    ]
    answers_are_signed: Annotated[
        bool,
        Field(
            description="渠道应答带 OPEN-BODY-SIG 签名时设为 true，此后不采信无签名的应答 · "
            "true where the channel signs its answers: unsigned ones are not believed then"
        ),
    ] = False
    takes_orders: Annotated[
        bool,
        Field(
            description="停用商户时设为 false：不再开新订单，已有订单和退款照办 · "
            "false for a merchant that is given up: no new orders, while its orders and refunds go on"
        ),
    ] = True


class ChinaumsSettings(BaseModel):
    """How ChinaUMS is spoken to, and for which merchants."""

    chinaums_merchants: Annotated[
        tuple[ChinaumsMerchantSetting, ...], Field(description="JSON：银联商务商户 · JSON: ChinaUMS merchants")
    ] = ()
    chinaums_base_url: Annotated[WebAddress, Field(description="银联商务接口地址 · ChinaUMS's API")] = (
        "https://api-mop.chinaums.com"
    )
    chinaums_minutes: Annotated[
        int,
        Field(ge=2, le=1440, description="扫码订单的有效时间，分钟 · how long a code to scan can be paid, minutes"),
    ] = 30
    chinaums_questions_per_second: Annotated[
        int,
        Field(
            ge=1,
            le=1_000,
            description="每个商户每秒最多查询多少个订单 · orders that ChinaUMS is asked about per second and merchant",
        ),
    ] = 10
