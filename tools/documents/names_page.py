"""The names of codes as a page, so that a code in an answer can be looked up."""

from shared.names import all_names

_HEAD = """\
# Names of codes 代码名称

Written by `canbao docs` from `shared/names.yaml`; do not edit. 接口、名单和导出文件里的代码，对应下列名称。A code never
changes; its name may.
"""
_TITLES = {
    "identity": "资助身份 · identities",
    "channel": "缴费渠道 · channels",
    "funder": "资金来源 · funders",
    "document_type": "证件类型 · identity documents",
    "hukou": "户籍 · household registration",
    "residence": "居住情况 · residence",
    "insurance_type": "其他医保 · other insurance",
    "insurance_status": "其他医保状态 · state of the other insurance",
    "relation": "与就业外国人或公民的关系 · relations",
    "school_level": "学校类别 · kinds of school",
    "refund_reason": "退费原因 · reasons for a refund",
    "ruling": "判定 · rulings",
    "ruling_reason": "暂缓或不受理的原因 · why a case is held or rejected",
    "outcome": "核定结果 · outcomes of an assessment",
    "enrolment_state": "参保登记的状态 · states of an enrolment",
    "enrolment_status": "判定后的参保状态 · status after a decision",
    "bill_state": "缴费单状态 · states of a bill",
    "bill_superseded": "缴费单被替代的原因 · why a bill was superseded",
    "order_state": "订单状态 · states of an order",
    "batch_kind": "批次种类 · kinds of batch",
    "batch_state": "上解批次状态 · states of a remittance batch",
    "batch_held_at": "批次暂停在哪次核对 · where a batch is held",
    "money_place": "批次款项所在 · where a batch's money is",
    "receipt_state": "现金收据状态 · states of a cash receipt",
    "cash_refund_state": "现金退还状态 · states of a cash refund",
    "signature": "签收人 · who signed",
    "import_failure": "现金未能导入的原因 · why cash is not imported",
    "refund_state": "退款状态 · states of a refund",
    "suspense_state": "待查款项状态 · states of suspended money",
    "suspense_reason": "款项待查的原因 · why money is in suspense",
    "quarantine_reason": "渠道通知被隔离的原因 · why a notice is quarantined",
    "service": "服务 · services",
    "account": "款项所在 · where money is",
}


def names_page() -> str:
    """One table per group, in the order of the file."""
    return _HEAD + "".join(_section(group) for group in all_names())


def _section(group: str) -> str:
    rows = "".join(f"| `{code}` | {name.zh} | {name.en} |\n" for code, name in all_names()[group].items())
    return f"\n## {_TITLES[group]}\n\n| code | 中文 | English |\n| --- | --- | --- |\n{rows}"
