"""Chinese beside the English that names a row: what the row is, and what was expected of it."""

# By the first words of a row's name; the name itself stays as it is in JSON.
_KINDS = {
    "account": "科目",
    "aggregate": "聚合",
    "approval": "审批",
    "bank line": "银行流水",
    "balance at": "渠道余额",
    "batch": "批次",
    "billed refund": "账单退款",
    "billed transaction": "账单交易",
    "bill": "缴费单",
    "block": "封存块",
    "books": "账簿",
    "business date": "业务日期",
    "certificate": "完税证明",
    "channel bill": "渠道账单",
    "collection statement": "缴费情况表",
    "count": "汇总人数",
    "database": "数据库",
    "dead letter": "死信",
    "enrolment": "参保",
    "epoch": "纪元",
    "event": "事件",
    "installation": "安装",
    "movement of": "渠道资金流水",
    "notice": "渠道通知",
    "order": "订单",
    "order line": "订单明细",
    "owed": "收款人欠款",
    "payment": "缴费",
    "payment line": "缴费明细",
    "pricing": "档位",
    "payout": "渠道出款",
    "difference": "对账差异",
    "quarantined notice": "已隔离通知",
    "receipt": "现金收据",
    "refund": "退费",
    "remittance line": "上解明细",
    "roster lines": "名册行",
    "serial": "征集通知流水号",
    "settlement": "渠道结算",
    "short": "短款",
    "slip": "缴款单",
    "source": "来源",
    "sum": "合计",
    "suspense": "待查款项",
    "table": "数据表",
    "targets": "任务数",
    "transaction": "渠道交易",
    "transfer": "记账分录",
    "village": "村",
}
_EXPECTED = {
    "a benefit period": "待遇期",
    "a deposit slip or settlement": "缴款单或结算",
    "a posting of the books": "入账",
    "a township": "归属乡镇",
    "no line in the bills": "账单中没有",
    "the bill that was read": "已取回的账单",
    "append-only": "只增不改",
    "applied": "已处理",
    "replaces one that came back": "替换被退回的批次",
    "paid": "已缴费",
    "no payment of its own": "未形成缴费",
    "certified on a roster": "在册",
    "an approval of two people": "两人批准",
    "closed by two people": "由两人了结",
    "released by two people": "由两人放行",
    "attributed by two people": "由两人改记",
    "resolved by two people": "由两人核定",
    "its collector pays in what is missing": "由收款人补缴",
    "movements that add up to it": "凑成该金额的各笔流水",
    "settled to its end": "全部结算",
    "a notice": "渠道通知",
    "a line of its order": "订单内的明细",
    "a batch of its kind and place": "相应的批次",
    "a cause of its kind and day": "相应的起因",
    "a bill": "缴费单",
    "given back": "退还本人",
    "one place": "仅一处",
    "ours": "本单位的款项",
    "sealed": "已封存",
    "taken in": "已接收",
}


def subject(name: str) -> str:
    """A row's name with its kind in Chinese before it; a name of an unknown kind stays as it is."""
    words = name.split(" ")
    for length in (2, 1):
        if kind := _KINDS.get(" ".join(words[:length])):
            return f"{kind} {name}"
    return name


def expected(words: str) -> str:
    """What was expected, with Chinese before it where it is words and no figure."""
    return f"{_EXPECTED[words]} {words}" if words in _EXPECTED else words
