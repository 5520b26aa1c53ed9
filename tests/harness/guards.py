"""Attacks on messages about money, the ways it comes in, and where an attack does not apply.

A test that shows a guard says so: ``@pytest.mark.guard("SIGNATURE_MISSING", mechanism="WECHAT")``, once for each attack
and mechanism that it shows. ``python -m tests.harness.guard_table`` writes `docs/security-callbacks.md` of the marks
and of the two tables below.
"""

from enum import StrEnum
from typing import Final, NamedTuple


class Mechanism(StrEnum):
    """A way in which somebody outside reports money to us."""

    WECHAT = "WECHAT"
    ALIPAY = "ALIPAY"
    CHINAUMS = "CHINAUMS"
    BANK_AGENT = "BANK_AGENT"
    CHANNEL_FILE = "CHANNEL_FILE"


class Wording(NamedTuple):
    """Words for a page's reader, Chinese first."""

    zh: str
    en: str


MECHANISMS: Final = {
    Mechanism.WECHAT: Wording("微信支付", "WeChat Pay"),
    Mechanism.ALIPAY: Wording("支付宝", "Alipay"),
    Mechanism.CHINAUMS: Wording("银联商务", "ChinaUMS"),
    Mechanism.BANK_AGENT: Wording("代收银行", "bank agents"),
    Mechanism.CHANNEL_FILE: Wording("渠道文件与税务明细", "channel files and tax detail"),
}
ATTACKS: Final = {
    "OTHER_MERCHANT_OR_APP": Wording(
        "其他商户或应用的通知，签名正确：隔离、应答、告警，不参保",
        "another merchant's or application's, rightly signed: quarantined, acknowledged, alerted, nobody enrolled",
    ),
    "UNKNOWN_ORDER": Wording("订单不存在：待查", "an order that does not exist: suspense"),
    "OTHER_AMOUNT": Wording("金额与应缴不符：待查，不参保", "another amount than due: suspense, nobody enrolled"),
    "OTHER_CURRENCY": Wording("其他币种：隔离", "another currency: quarantined"),
    "SAME_NOTICE_AGAIN": Wording("同一通知重复、并发送达：一次有效", "the same again, also at once: one effect"),
    "SAME_TRANSACTION_AGAIN": Wording(
        "同一交易换通知编号再报：一次有效", "the same transaction under another notice: one effect"
    ),
    "TRANSACTION_ON_ANOTHER_ORDER": Wording(
        "同一交易冒充另一订单：待查", "the same transaction on another order: suspense"
    ),
    "TWO_TRANSACTIONS_ON_ONE_ORDER": Wording(
        "一单两笔交易：只缴一次，余款待查", "two transactions on one order: paid once, the rest in suspense"
    ),
    "REFUND_BEFORE_PAYMENT": Wording(
        "退款先于缴费到达：暂存，缴费到后再处理", "a refund or reversal before its payment: parked"
    ),
    "ALGORITHM_CHOSEN_BY_MESSAGE": Wording(
        "消息自选签名算法：按商户固定，不采纳", "the message names its algorithm: pinned for each merchant"
    ),
    "KEY_CHOSEN_BY_MESSAGE": Wording(
        "攻击者自带证书或序列号：拒收，不外联取证书",
        "a certificate of the attacker's own: refused, and none is fetched",
    ),
    "OTHERS_KEY": Wording("以他人密钥签名：拒收", "signed with somebody else's key: refused"),
    "SIGNATURE_MISSING": Wording("无签名或签名为空：拒收", "no signature, or an empty one: refused"),
    "REPLAYED_LATER": Wording("过期重放：拒收", "replayed later than allowed: refused"),
    "BODY_WRITTEN_AGAIN": Wording(
        "报文重排、重新序列化后沿用原签名：拒收", "the body serialised again under the old signature: refused"
    ),
    "PLUS_IN_VALUES": Wording("值含 + 或空格：按原值验签", "`+` in values: verified as it was sent"),
    "DUPLICATE_KEYS": Wording("字段重复：拒收", "a key twice: refused"),
    "LOCALHOST_HOST": Wording("Host 伪称 localhost：照常验签", "`Host: localhost`: verified like any other"),
    "XML_ENTITIES": Wording("XML 外部实体与实体膨胀", "entities of XML"),
    "OVERSIZE": Wording("超大报文：读到上限即止", "oversize: read up to the limit only"),
    "BOMB": Wording("压缩炸弹：解压有上限", "a bomb of zip or gzip: unpacked up to a limit"),
    "PATH_IN_ARCHIVE": Wording("压缩包内的路径穿越", "paths in an archive that lead out of it"),
    "SECRETS_IN_LOGS": Wording(
        "日志中的密钥、完整证件号码、原始报文：一概没有", "secrets, full numbers or raw bodies in logs: none"
    ),
}

_NO_XML = Wording("报文不是 XML，没有任何 XML 解析器参与", "nothing of it is XML, and no parser of XML is asked")
_NO_ARCHIVE = Wording("账单为单个 gzip 流，没有文件名", "its bill is one gzip stream, which names no file")
_NOT_COMPRESSED = Wording("报文与文件都不压缩，压缩内容不解压", "nothing comes compressed, and nothing is unpacked")
_NO_FORM = Wording("报文为 JSON，按原始字节验签，没有表单解码", "JSON verified over its raw bytes: no form is decoded")
_NO_ORDER = Wording("没有订单，按缴费单入账", "it has no orders: the bill's row decides")
_RENMINBI = Wording("报文没有币种，约定为人民币", "it states no currency: renminbi by agreement")
_NO_CALLER = Wording("文件由我方取得或收下，没有 HTTP 回调", "a file that we fetch or are given: nobody calls back")
DOES_NOT_APPLY: Final = {
    ("PLUS_IN_VALUES", Mechanism.WECHAT): _NO_FORM,
    ("PLUS_IN_VALUES", Mechanism.BANK_AGENT): _NO_FORM,
    ("PLUS_IN_VALUES", Mechanism.CHANNEL_FILE): Wording("文件没有表单编码", "a file has no encoding of forms"),
    ("XML_ENTITIES", Mechanism.WECHAT): _NO_XML,
    ("XML_ENTITIES", Mechanism.ALIPAY): _NO_XML,
    ("XML_ENTITIES", Mechanism.CHINAUMS): _NO_XML,
    ("XML_ENTITIES", Mechanism.BANK_AGENT): _NO_XML,
    ("XML_ENTITIES", Mechanism.CHANNEL_FILE): _NO_XML,
    ("PATH_IN_ARCHIVE", Mechanism.WECHAT): _NO_ARCHIVE,
    ("PATH_IN_ARCHIVE", Mechanism.CHINAUMS): _NOT_COMPRESSED,
    ("PATH_IN_ARCHIVE", Mechanism.BANK_AGENT): _NOT_COMPRESSED,
    ("PATH_IN_ARCHIVE", Mechanism.CHANNEL_FILE): _NOT_COMPRESSED,
    ("BOMB", Mechanism.CHINAUMS): _NOT_COMPRESSED,
    ("BOMB", Mechanism.BANK_AGENT): _NOT_COMPRESSED,
    ("BOMB", Mechanism.CHANNEL_FILE): _NOT_COMPRESSED,
    ("OTHER_CURRENCY", Mechanism.ALIPAY): _RENMINBI,
    ("OTHER_CURRENCY", Mechanism.CHINAUMS): _RENMINBI,
    ("OTHER_CURRENCY", Mechanism.BANK_AGENT): _RENMINBI,
    ("OTHER_CURRENCY", Mechanism.CHANNEL_FILE): _RENMINBI,
    ("TRANSACTION_ON_ANOTHER_ORDER", Mechanism.CHANNEL_FILE): _NO_ORDER,
    ("LOCALHOST_HOST", Mechanism.CHANNEL_FILE): _NO_CALLER,
}
# Cells that apply and that no test is marked for: nothing is promised of them. A marked test takes its attack out.
_OPEN: Final = {
    Mechanism.ALIPAY: (
        "OTHER_MERCHANT_OR_APP UNKNOWN_ORDER OTHER_AMOUNT SAME_NOTICE_AGAIN SAME_TRANSACTION_AGAIN "
        "TRANSACTION_ON_ANOTHER_ORDER TWO_TRANSACTIONS_ON_ONE_ORDER REFUND_BEFORE_PAYMENT ALGORITHM_CHOSEN_BY_MESSAGE "
        "KEY_CHOSEN_BY_MESSAGE OTHERS_KEY SIGNATURE_MISSING REPLAYED_LATER BODY_WRITTEN_AGAIN PLUS_IN_VALUES "
        "DUPLICATE_KEYS LOCALHOST_HOST OVERSIZE BOMB PATH_IN_ARCHIVE SECRETS_IN_LOGS"
    ),
    Mechanism.CHINAUMS: (
        "OTHER_MERCHANT_OR_APP UNKNOWN_ORDER OTHER_AMOUNT SAME_NOTICE_AGAIN SAME_TRANSACTION_AGAIN "
        "TRANSACTION_ON_ANOTHER_ORDER TWO_TRANSACTIONS_ON_ONE_ORDER REFUND_BEFORE_PAYMENT ALGORITHM_CHOSEN_BY_MESSAGE "
        "KEY_CHOSEN_BY_MESSAGE OTHERS_KEY SIGNATURE_MISSING REPLAYED_LATER BODY_WRITTEN_AGAIN PLUS_IN_VALUES "
        "DUPLICATE_KEYS LOCALHOST_HOST OVERSIZE SECRETS_IN_LOGS"
    ),
    Mechanism.BANK_AGENT: (
        "OTHER_MERCHANT_OR_APP UNKNOWN_ORDER OTHER_AMOUNT SAME_NOTICE_AGAIN SAME_TRANSACTION_AGAIN "
        "TRANSACTION_ON_ANOTHER_ORDER TWO_TRANSACTIONS_ON_ONE_ORDER REFUND_BEFORE_PAYMENT ALGORITHM_CHOSEN_BY_MESSAGE "
        "KEY_CHOSEN_BY_MESSAGE OTHERS_KEY SIGNATURE_MISSING REPLAYED_LATER BODY_WRITTEN_AGAIN DUPLICATE_KEYS "
        "LOCALHOST_HOST OVERSIZE SECRETS_IN_LOGS"
    ),
    Mechanism.CHANNEL_FILE: (
        "OTHER_MERCHANT_OR_APP UNKNOWN_ORDER OTHER_AMOUNT SAME_NOTICE_AGAIN SAME_TRANSACTION_AGAIN "
        "TWO_TRANSACTIONS_ON_ONE_ORDER REFUND_BEFORE_PAYMENT ALGORITHM_CHOSEN_BY_MESSAGE KEY_CHOSEN_BY_MESSAGE "
        "OTHERS_KEY SIGNATURE_MISSING REPLAYED_LATER BODY_WRITTEN_AGAIN DUPLICATE_KEYS OVERSIZE SECRETS_IN_LOGS"
    ),
}
NOT_YET_COVERED: Final = frozenset(
    (attack, mechanism) for mechanism, words in _OPEN.items() for attack in words.split()
)
