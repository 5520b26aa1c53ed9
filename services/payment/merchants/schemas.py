"""Merchants as they are proposed, kept with their approval, and shown; secret files by name, never by content."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from services.payment.merchants.secret_folder import is_secret_name
from services.payment.merchants.state import MAX_KEYS, MerchantStatement, MerchantStep, MerchantVersion
from services.payment.schemas import DocumentIn
from shared.web.fields import FreeText, SingleLineText, example, printable
from shared.web.page import Page


def _secret_name(name: str) -> str:
    if not is_secret_name(name):
        raise ValueError("a secret file is a bare name, and none of a setting")
    return name


ChannelName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{1,31}$")]
MerchantNumber = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
AppNumber = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
KeySerial = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_]{1,64}$")]
SecretUse = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
CollectedRegion = Annotated[
    str, StringConstraints(pattern=r"^[1-9][0-9](?:[0-9]{2}){0,2}$|^[1-9][0-9]{8}$|^[1-9][0-9]{11}$")
]
SecretFileName = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_secret_name)]
SettingText = Annotated[str, StringConstraints(max_length=500), AfterValidator(printable)]
SettingNumber = Annotated[int, Field(ge=-(2**31), lt=2**31, strict=True)]
SettingValue = bool | SettingNumber | SettingText
BaseVersion = Annotated[int, Field(ge=1, lt=2**31 - 1, strict=True)]


class MerchantTerms(DocumentIn):
    """What a merchant's account is, besides its keys: for which app and region, and its mechanism's own settings."""

    appid: AppNumber
    collects_for: CollectedRegion
    settings: Annotated[dict[SecretUse, SettingValue], Field(max_length=20)]
    secrets: Annotated[dict[SecretUse, SecretFileName], Field(max_length=8)]


class MerchantOpening(MerchantTerms):
    """A merchant that is to be opened, with the keys that check what its channel signs, by serial."""

    channel: ChannelName
    merchant_id: MerchantNumber
    keys: Annotated[dict[KeySerial, SecretFileName], Field(min_length=1, max_length=MAX_KEYS)]

    def stated(self) -> MerchantStatement:
        """What would be stated of it."""
        return MerchantStatement(
            channel=self.channel,
            merchant_id=self.merchant_id,
            appid=self.appid,
            collects_for=self.collects_for,
            takes_orders=True,
            settings=dict(self.settings),
            secrets=dict(self.secrets),
            keys=dict(self.keys),
        )


class MerchantOpeningIn(MerchantOpening):
    """The same, why, and the paper that shows it."""

    model_config = example(
        channel="WECHAT",
        merchant_id="1900000109",
        appid="wx8888888888888888",
        collects_for="411521",
        settings={"merchant_serial": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"},
        secrets={"api_v3_key": "1900000109.apiv3", "merchant_private_key": "1900000109.key.pem"},
        keys={"PUB_KEY_ID_0119000001092024": "1900000109.pub.pem"},
        reason="新开微信支付商户",
        evidence="商户平台开户通知 2023-09",
    )

    reason: FreeText
    evidence: SingleLineText | None = None


class NamedMerchant(DocumentIn):
    """A merchant, and the version of it that was looked at: what was approved meanwhile is never overwritten."""

    channel: ChannelName
    merchant_id: MerchantNumber
    version: BaseVersion


class MerchantChange(NamedMerchant, MerchantTerms):
    """Its terms as they are to be from now on. Orders of before are judged by what they were opened with."""

    takes_orders: bool


class MerchantGivingUp(NamedMerchant):
    """A merchant that is to take no more orders; those that it has, and refunds, go on."""


class KeyAddition(NamedMerchant):
    """One more key, beside those in use: during a rotation the channel signs with either."""

    serial: KeySerial
    file: SecretFileName


class KeyRetirement(NamedMerchant):
    """A key that checks nothing any more."""

    serial: KeySerial


class _Grounded(DocumentIn):
    version: BaseVersion
    reason: FreeText
    evidence: SingleLineText | None = None


class MerchantChangeIn(MerchantTerms, _Grounded):
    """A change of a merchant's terms, why, and the paper that shows it."""

    model_config = example(
        version=1,
        appid="wx8888888888888888",
        collects_for="411521",
        takes_orders=True,
        settings={"merchant_serial": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"},
        secrets={"api_v3_key": "1900000109.apiv3", "merchant_private_key": "1900000109.key.pem"},
        reason="更换小程序",
        evidence="商户平台关联通知 2023-10",
    )

    takes_orders: bool


class MerchantGivingUpIn(_Grounded):
    """Why a merchant is given up."""

    model_config = example(version=1, reason="商户销户")


class KeyAdditionIn(_Grounded):
    """One more key by its serial, in the named file, and why."""

    model_config = example(
        version=1, serial="PUB_KEY_ID_0119000001092025", file="1900000109.pub-2025.pem", reason="平台公钥轮换"
    )

    serial: KeySerial
    file: SecretFileName


class KeyRetirementIn(_Grounded):
    """Why a key is retired."""

    model_config = example(version=2, reason="轮换结束")


class MerchantOut(BaseModel):
    """A version of a merchant: what was approved when, and, of the newest, what is wrong with its files here."""

    channel: str
    merchant_id: str
    version: int
    step: MerchantStep
    mechanism: str
    appid: str
    collects_for: str
    takes_orders: bool
    settings: dict[str, SettingValue]
    secrets: dict[str, str]
    keys: dict[str, str]
    approval_id: UUID
    approved_on: date
    fault: str | None = None

    @classmethod
    def of(cls, version: MerchantVersion, fault: str | None = None) -> "MerchantOut":
        """The version as HTTP shows it."""
        stated = version.stated
        return cls(
            channel=stated.channel,
            merchant_id=stated.merchant_id,
            version=version.version,
            step=version.step,
            mechanism=version.mechanism,
            appid=stated.appid,
            collects_for=stated.collects_for,
            takes_orders=stated.takes_orders,
            settings=dict(stated.settings),
            secrets=dict(stated.secrets),
            keys=dict(stated.keys),
            approval_id=version.approval_id,
            approved_on=version.approved_on,
            fault=fault,
        )


class MerchantHistory(Page[MerchantOut, int]):
    """A merchant's versions, oldest first."""
