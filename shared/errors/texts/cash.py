"""Refusals of village cash: bills, receipts, collection statements, slips and cash given back."""

from shared.errors.spec import Spec

UNKNOWN_VILLAGE = Spec(
    422, "不是村（居）委会 12 位代码", "Not a 12-digit village code", "核对行政区划代码", "Check the region code"
)
NOT_PRICED_YET = Spec(
    409,
    "该参保尚未核价",
    "The enrolment is not priced yet",
    "按 Retry-After 稍后重试；一直如此，请核对参保编号和辖区",
    "Try again after the seconds of Retry-After; if it stays so, check the identifier and your region",
)
NOT_PRICED = Spec(
    409,
    "该参保待人工核定或不予参保，没有缴费单",
    "The enrolment is held for a person's decision or rejected: it has no bill",
    "原因见 GET /registration/v1/enrolments/{id}",
    "GET /registration/v1/enrolments/{id} says which of the two, and why",
)
ENROLMENT_HELD = Spec(
    409,
    "该参保待人工核定，没有缴费单",
    "The enrolment is held for a person's decision: it has no bill yet",
    "原因见 GET /registration/v1/enrolments/{id}；核定之后自动产生缴费单",
    "GET /registration/v1/enrolments/{id} says why; the bill follows by itself once it is decided",
)
ENROLMENT_REJECTED = Spec(
    409,
    "该参保不予受理，没有缴费单",
    "The enrolment is rejected: it has no bill",
    "原因见 GET /registration/v1/enrolments/{id}",
    "GET /registration/v1/enrolments/{id} says why",
)
BILL_NOT_FOUND_IN_VILLAGE = Spec(
    409,
    "该村没有此参保人的应缴账单",
    "The village has no bill for this enrolment",
    "核对参保登记及其所在村；新登记的稍后再试",
    "Check the enrolment and its village; if it is new, try again shortly",
)
RECEIPT_NUMBER_TAKEN = Spec(
    409,
    "收据号码已登记，内容不同",
    "The receipt number is already recorded with other content",
    "核对收据原件",
    "Check the receipt itself",
)
DATES_OUT_OF_ORDER = Spec(
    409,
    "日期先后不合",
    "The dates contradict each other",
    "按 detail 所列核对凭证上的日期",
    "Check the dates on the papers that detail names",
)
RECEIPT_ENTERED_LATE = Spec(
    409,
    "收据日期过早，不能一人补录",
    "The receipt is too old to be entered by one person",
    "以 POST /payment/v1/late-receipts 提出，由另一人批准",
    "Propose it with POST /payment/v1/late-receipts; another person approves it",
)
RECEIPTS_NOT_LATE = Spec(
    409,
    "所列收据都在补录期限内",
    "None of the receipts is late",
    "直接登记收据",
    "Record them as usual",
)
LOOK_ALIKE_RESOLVED = Spec(
    409,
    "相似号码已由两人核定",
    "Two people have resolved these numbers",
    "按 detail 中的审批编号查询",
    "Look up the approval that detail names",
)
NEW_NUMBER_NOT_POSSIBLE = Spec(
    409,
    "不能按此核定新号码",
    "The document cannot have this number",
    "收据与缴费情况表须给出未被占用的新号码；其他单据不改号码",
    "Give a receipt or statement a number that no other looks like; other documents keep theirs",
)
CASH_REFUND_STEP_NOT_POSSIBLE = Spec(
    409,
    "退还现金须依次批准、领取、签收",
    "Cash goes back in order: approved, fetched, signed for",
    "先完成前一步，见 /payment/v1/cash-refunds",
    "Take the step before it first; see /payment/v1/cash-refunds",
)
CASH_REFUND_RECORDED_OTHERWISE = Spec(
    409,
    "该收据的这一步已登记，日期或签收人不同",
    "This step of the receipt is already recorded with another date or signature",
    "核对领取或签收的纸质凭证",
    "Check it against the signed paper",
)
CASH_REFUND_DATE_TOO_EARLY = Spec(
    409,
    "日期早于前一步",
    "The date lies before the step that has to come first",
    "核对领取或签收日期",
    "Check on which day the cash was fetched or signed for",
)
CASH_REFUND_NOT_IN_ACCOUNT = Spec(
    409,
    "该收据的现金不在待报解账户中",
    "The receipt's cash is not in the pending account",
    "等收款人补缴欠款，或等正确的入账行对应后再领取",
    "Wait until the collector paid in what is missing, or until the right line of the bank is matched",
)
CASH_REFUND_OF_OWN_RECEIPT = Spec(
    403,
    "收据由您登记，不能由您批准退还",
    "You recorded this receipt, so you cannot approve its refund",
    "请另一经办机构批准",
    "Have another office approve it",
)
STATEMENT_NUMBER_TAKEN = Spec(
    409,
    "缴费情况表编号已报送，内容不同",
    "The statement number was already submitted with other content",
    "查询原表；更正请走更正流程",
    "Look up the first one; restate a held one by a correction",
)
SLIP_NUMBER_TAKEN = Spec(
    409,
    "缴款单号码已登记，内容不同",
    "The slip number is already recorded with other content",
    "核对缴款单原件",
    "Check the slip itself",
)
SECOND_SLIP = Spec(
    409,
    "该缴费情况表已有缴款单",
    "The statement already has a deposit slip",
    "分次缴存的，批次暂挂后在更正中列出全部缴款单",
    "If the cash was deposited in parts, name all slips in a correction once the batch is held",
)
STATEMENT_NO_LONGER_OPEN = Spec(
    409,
    "该缴费情况表已核对，不再接受缴款单",
    "The statement was matched already and takes no slip",
    "查询批次状态",
    "Look up the batch",
)
CORRECTION_NOT_POSSIBLE = Spec(
    409,
    "该批次不能这样更正",
    "The batch cannot be corrected this way",
    "查看批次状态和差异；只有导入前的缴费情况表（明细连同合计）和缴款单可以重报",
    "Look at the batch's state and differences; only a statement (lines with their total) and slips that are not"
    " imported yet can be restated",
)
