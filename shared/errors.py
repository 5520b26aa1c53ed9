"""Every refusal canbao can give: one frozen catalogue of stable codes with title and remedy in Chinese and English.

A code is part of the interface: it is never renamed and never vanishes. The error that carries it is declared beside
the function that raises it.
"""

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Spec:
    """What a refusal means to the caller: HTTP status, title and remedy, in both languages."""

    status: int
    zh: str
    en: str
    remedy_zh: str
    remedy_en: str

    @property
    def both(self) -> str:
        """The title in Chinese and English, as a detail reads."""
        return f"{self.zh} · {self.en}"


class ErrorCode(Enum):
    """The catalogue. ``type`` in problem+json is a URI made of the name."""

    # every service
    MALFORMED_REQUEST = Spec(
        422,
        "请求内容有误",
        "The request is malformed",
        "按 errors 中的指针逐项改正",
        "Correct each item that errors points to",
    )
    NOT_FOUND = Spec(
        404,
        "未找到，或不在您的辖区内",
        "Not found, or not in your region",
        "核对编号和辖区",
        "Check the identifier and your region",
    )
    METHOD_NOT_ALLOWED = Spec(
        405, "不支持该请求方法", "Method not allowed", "查阅接口文档", "See the API documentation"
    )
    UNAUTHENTICATED = Spec(
        401, "未登录或令牌失效", "No valid token", "重新获取令牌", "Ask for a new token at /registration/v1/token"
    )
    SCOPE_MISSING = Spec(
        403, "没有此项权限", "The token lacks the scope", "向管理员申请权限", "Ask the administrator for the scope"
    )
    BODY_TOO_LARGE = Spec(413, "请求内容过大", "The body is too large", "分批提交", "Send it in parts")
    UNSUPPORTED_MEDIA_TYPE = Spec(
        415,
        "请求内容的类型不支持",
        "The body is of another media type",
        "按接口文档设置 Content-Type，以 UTF-8 发送",
        "Set Content-Type as the API documentation says and send UTF-8",
    )
    DATABASE_UNAVAILABLE = Spec(
        503,
        "数据库暂时不可用，未作任何更改",
        "The database is not available; nothing was changed",
        "稍后重试同一请求",
        "Try the same request again shortly",
    )
    PROTECTION_KEYS_DIFFER = Spec(
        503,
        "加密密钥与已有数据不符，未作任何更改",
        "The keys do not fit the stored data; nothing was changed",
        "请管理员从备份恢复密钥（canbao doctor 指出是哪把），再重试同一请求",
        "Have the administrator restore the key that canbao doctor names, then try the same request again",
    )
    INTERNAL_ERROR = Spec(
        500,
        "系统内部错误",
        "Internal error",
        "记下 trace_id 并联系运维",
        "Give the trace_id to your operator",
    )
    BAD_REQUEST = Spec(
        400, "请求无法处理", "The request cannot be handled", "查阅接口文档", "See the API documentation"
    )

    FACT_MISSING = Spec(
        422,
        "缺少判定所需的事实",
        "A fact that a rule has to look at is missing",
        "补充 errors 中指出的事实",
        "Add the fact that errors points to",
    )

    # acts that need two people
    APPROVAL_OF_OWN_ACT = Spec(
        403,
        "不能审批自己提出或自己录入的事项",
        "Nobody decides what they proposed, nor undoes their own entry alone",
        "由另一客户端（另一人员）审批",
        "Let another client decide",
    )
    APPROVAL_ALREADY_DECIDED = Spec(
        409,
        "该事项已有决定",
        "The proposal is decided already",
        "查询该事项；需要改变时重新提出",
        "Look it up; propose again where another end is wanted",
    )
    APPROVAL_EXPIRED = Spec(
        409,
        "该事项已过期，未作任何更改",
        "The proposal has expired; nothing was changed",
        "理由仍成立的，重新提出",
        "Propose again where the reasons still hold",
    )
    APPROVAL_WITHDRAWN_BY_PROPOSER_ONLY = Spec(
        403,
        "只有提出人可以撤回",
        "Only the proposer withdraws",
        "其他人员可以不批准",
        "Refuse it instead",
    )
    APPROVAL_ANOTHER_WAITS = Spec(
        409,
        "同一事项已有待审批的申请",
        "Another proposal on the same subject waits",
        "先对其作出决定或撤回",
        "Decide or withdraw that one first",
    )

    # registration
    INVALID_CLIENT = Spec(
        401, "客户端名称或密钥错误", "Unknown client or wrong secret", "核对客户端凭据", "Check the client credentials"
    )
    INVALID_TOKEN_REQUEST = Spec(
        400,
        "令牌请求缺少 grant_type",
        "The token request has no grant_type",
        "以表单提交 grant_type=client_credentials",
        "Send grant_type=client_credentials as a form",
    )
    UNSUPPORTED_GRANT_TYPE = Spec(
        400,
        "只支持 client_credentials",
        "Only client_credentials is supported",
        "改用 client_credentials",
        "Use client_credentials",
    )
    INVALID_IDENTITY_NUMBER = Spec(
        422,
        "证件号码有误",
        "The identity number is invalid",
        "核对证件原件后重新录入",
        "Check it against the document and enter it again",
    )
    BIRTH_DATE_DIFFERS = Spec(
        422,
        "出生日期与证件号码不符",
        "The birth date differs from the one in the identity number",
        "核对证件原件",
        "Check both against the document",
    )
    BIRTH_DATE_IN_FUTURE = Spec(
        422,
        "出生日期晚于登记当日",
        "The birth date lies after the day of registration",
        "核对出生日期",
        "Check the birth date",
    )
    UNKNOWN_REGION = Spec(
        422,
        "行政区划代码不存在",
        "Unknown region code",
        "使用本统筹区的村（居）委会 12 位代码",
        "Use a 12-digit village code of this pooling area",
    )
    ALREADY_ENROLLED = Spec(
        409,
        "此人本年度已参保登记",
        "This person is already registered for the benefit year",
        "查询已有登记，不要重复登记",
        "Look up the existing enrolment",
    )
    BUSINESS_DATE_GOES_BACK = Spec(
        409,
        "业务日期不能倒退",
        "The business date cannot go back",
        "使用不早于当前业务日期的日期",
        "Use a date not before the current one",
    )

    # registration: imports by file
    IMPORT_FILE_EMPTY = Spec(
        422,
        "文件是空的",
        "The file is empty",
        "第一行写表头，其后每人一行",
        "Begin with a header, then a row per person",
    )
    IMPORT_FILE_NOT_CSV = Spec(
        422,
        "不是可读取的 CSV 文件",
        "Not a CSV file that can be read",
        "在表格软件中另存为“CSV UTF-8（逗号分隔）”",
        'Save it as "CSV UTF-8 (comma delimited)"',
    )
    IMPORT_COLUMN_MISSING = Spec(
        422, "缺少必需的列", "A required column is missing", "在表头补上该列", "Add the column to the header"
    )
    IMPORT_COLUMN_DOUBLED = Spec(
        422, "同一列出现两次", "A column stands in the header twice", "删除其中一列", "Delete one of them"
    )
    IMPORT_ROW_MALFORMED = Spec(
        422,
        "该行格式有误",
        "The row is malformed",
        "按所述改正该行：引号成对，格数与表头相同，整个文件用同一种编码保存",
        "Correct the row: quotes in pairs, as many cells as the header has, one encoding for the whole file",
    )
    IMPORT_CELL_MALFORMED = Spec(422, "单元格内容有误", "A cell is malformed", "改正该单元格", "Correct the cell")
    IMPORT_FORMULA_IN_CELL = Spec(
        422, "单元格内容是公式", "A cell holds a formula", "改为文字内容", "Write the text itself"
    )
    IMPORT_NUMBER_ROUNDED = Spec(
        422,
        "号码已被表格软件变成科学计数法",
        "A spreadsheet turned the number into scientific notation",
        "将该列设为“文本”格式后重新录入完整号码",
        "Make the column text and enter the whole number again",
    )
    IMPORT_ENROLLED_DIFFERENTLY = Spec(
        409,
        "此人本年度已参保登记，内容与本行不同",
        "This person is already registered for the benefit year, with other content",
        "核对本行与已有登记，不要重复登记",
        "Compare the row with the existing enrolment",
    )
    IMPORT_DOUBLED_IN_FILE = Spec(
        409,
        "此人在文件前面已出现，内容与本行不同",
        "This person stands in the file before, with other content",
        "只保留正确的一行",
        "Keep the right one of the rows",
    )
    IMPORT_FILE_CHANGED = Spec(
        409,
        "导入过程中文件被改动",
        "The file was changed while it was imported",
        "文件存好后重新导入；已导入的不会重复",
        "Run it again once the file is saved; nothing is entered twice",
    )
    IMPORT_RUNS_ELSEWHERE = Spec(
        409,
        "另一进程正在导入同一文件",
        "Another process imports the same file",
        "等待其完成；若已中止，重新运行即可继续",
        "Wait for it; if it has died, run again to continue",
    )

    # quota
    TARGETS_DO_NOT_SUM = Spec(
        422,
        "各乡镇任务数合计与声明总数不符",
        "The towns' targets do not add up to the declared total",
        "对照文件附件核对各行与总计",
        "Check each line and the total against the notice's annex",
    )
    UNKNOWN_TOWN = Spec(
        422,
        "不是本县的乡镇（街道）",
        "Not a township of this county",
        "使用本县乡镇（街道）的 9 位代码",
        "Use the 9-digit code of a township of this county",
    )
    DUPLICATE_TOWN = Spec(
        422,
        "同一乡镇（街道）出现多次",
        "A township stands in the set twice",
        "每个乡镇（街道）只列一行",
        "List each township once",
    )
    TOWN_MISSING = Spec(
        409,
        "修订遗漏了现行任务中的乡镇（街道）",
        "The amendment leaves out a township that has a target",
        "补上该乡镇；不再承担任务的填 0",
        "Add it; a township without a task has the target 0",
    )
    TARGETS_AMENDED_MEANWHILE = Spec(
        409,
        "任务数刚被他人修订",
        "The targets were amended meanwhile",
        "查看现行任务数后重新提交",
        "Read the targets in force and submit again",
    )

    # payment: village cash, bank statements, remittance
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
    SETTLEMENT_REFERENCE_MALFORMED = Spec(
        422,
        "结算款摘要有误",
        "The settlement's reference is malformed",
        "格式为 渠道:商户号:结算日",
        "Write it as CHANNEL:MCHID:YYYY-MM-DD",
    )
    SHORTAGE_BATCH_NOT_HELD = Spec(
        409,
        "该批次没有因缴存比对而挂起",
        "The batch is not held by the comparison of its deposit",
        "查看批次状态；只有挂起的缴费情况表可以按短款受理",
        "Look at the batch's state; only a held collection statement can be accepted as short",
    )
    SHORTAGE_DEPOSIT_NOT_SHORT = Spec(
        409,
        "入账金额不少于收据合计",
        "The bank booked no less than the receipts come to",
        "更正缴款单后重新比对",
        "Restate the slips and let the batch be compared again",
    )
    SHORTAGE_OTHER_DIFFERENCES = Spec(
        409,
        "除短款外还有其他差异",
        "More differs than the money that is missing",
        "先更正其他差异，再受理短款",
        "Have the other differences corrected first",
    )
    SHORTAGE_CHANGED = Spec(
        409,
        "提议后金额或版本已变化",
        "The batch changed since it was proposed",
        "撤回提议，按现在的金额重新提议",
        "Withdraw the proposal and make one with the present amounts",
    )
    PAYOUT_NOT_HELD = Spec(
        409,
        "该提现没有因手续费等异常变动而挂起",
        "The payout is not held by a fee or another unusual movement",
        "查询提现清单；资金变动不足以构成提现的，由渠道更正账单",
        "Look it up in the list of payouts; one that its movements do not add up to is for the channel to correct",
    )
    DIFFERENCE_CLOSED = Spec(
        409,
        "该差异已经了结",
        "The difference is closed already",
        "查询差异清单",
        "Look it up in the list of differences",
    )
    SETTLED_BY_BILL = Spec(
        409,
        "该日按渠道账单逐笔对账，不能改记结算日",
        "That day is settled by the channel's bill, which says what belongs to which payout",
        "查询差异清单；账单本身有误时联系渠道",
        "Look at the list of differences; ask the channel where its bill is wrong",
    )
    SETTLEMENT_ALREADY_COUNTED = Spec(
        409,
        "该笔款项已随某一结算日对账",
        "A settlement counted this money already",
        "如对账有误，先冲销该结算日的到账记录",
        "Where that was wrong, reverse the bank line of that settlement first",
    )
    BANK_LINE_CHANGED = Spec(
        409,
        "对账单明细已导入，内容不同",
        "A line of the bank statement was imported before with other content",
        "向银行核实对账单",
        "Ask the bank which one is right",
    )
    SETTLEMENT_OF_UNKNOWN_MERCHANT = Spec(
        422,
        "没有此渠道或商户号的收款",
        "No money was ever taken through this channel and merchant",
        "核对结算款摘要中的渠道和商户号",
        "Check the channel and merchant in the settlement's reference",
    )
    BANK_LINE_AMOUNT_IMPOSSIBLE = Spec(
        422,
        "现金存入的金额必须大于零",
        "A deposit is more than nothing",
        "银行冲正记为 REVERSAL，利息等其他款项记为 OTHER",
        "Enter the bank's own reversal as REVERSAL, interest and the like as OTHER",
    )
    BANK_LINE_ALREADY_REVERSED = Spec(
        409,
        "该行已冲销",
        "The line is reversed already",
        "查询该行；需要时重新录入正确的一行",
        "Look the line up; enter the right one where it is missing",
    )
    BANK_LINE_ALREADY_MATCHED = Spec(
        409,
        "该行的现金已有一部分退还本人，不能冲销",
        "Cash of the line was fetched and given back, so it cannot be reversed",
        "由县医保与税务会商处理",
        "Settle it with the tax bureau",
    )
    BANK_LINE_ALREADY_REMITTED = Spec(
        409,
        "该行的款项已上解，不能冲销",
        "The line's money was brought on to the treasury and cannot be reversed",
        "由县医保与税务会商处理；退回后在新批次中处理",
        "Settle it with the tax bureau",
    )
    POOLING_AREA_REQUIRED = Spec(
        403,
        "只有统筹区级客户端可以办理此项",
        "Only a caller of the whole pooling area may do this",
        "使用县级客户端",
        "Use a client of the pooling area",
    )
    DATE_IN_THE_FUTURE = Spec(
        422,
        "日期晚于业务日期",
        "The date lies after the business date",
        "核对日期；演练往年业务时，先推进业务日期",
        "Check the date; where an earlier season is rehearsed, advance the business date first",
    )
    REMITTANCE_STEP_NOT_POSSIBLE = Spec(
        409,
        "批次当前状态不允许此操作",
        "The batch is not where this step begins",
        "查询批次状态",
        "Look up the batch's state",
    )
    REMITTANCE_LINES_MOVING = Spec(
        409,
        "上一步骤的明细仍在分批办理",
        "The lines of the step before are still following, portion by portion",
        "查询批次，待 lines_left 为 0 后再办理",
        "Look the batch up, and take the step once lines_left is 0",
    )
    REMITTANCE_STEP_TAKEN_DIFFERENTLY = Spec(
        409,
        "此操作已办理，内容不同",
        "The step was taken before with other facts",
        "查询批次已登记的内容",
        "Look up what was recorded",
    )
    DATE_BEFORE_PREVIOUS_STEP = Spec(
        409, "日期早于上一步骤", "The date is before the previous step", "核对凭证日期", "Check the voucher's date"
    )
    COLLECTION_NOTICE_SERIAL_REQUIRED = Spec(
        422,
        "缺少征集通知流水号",
        "The collection notice serial is missing",
        "录入县税务征收大厅的征集通知流水号",
        "Enter the serial given by the county's tax hall",
    )
    COLLECTION_NOTICE_SERIAL_TAKEN = Spec(
        409,
        "征集通知流水号已用于其他批次",
        "Another batch has this collection notice serial",
        "核对征集通知",
        "Check the collection notice",
    )
    COLLECTION_NOTICE_SERIAL_NOT_FOR_ONLINE = Spec(
        409,
        "线上缴费批次不经征收大厅，无征集通知流水号",
        "An online batch has no collection notice serial",
        "直接获取税务明细",
        "Fetch the tax detail directly",
    )
    CERTIFICATE_NUMBER_TAKEN = Spec(
        409,
        "完税证明号码已登记给其他批次",
        "Another batch has this certificate number",
        "核对完税证明",
        "Check the certificate",
    )
    TAX_EXCHANGE_UNAVAILABLE = Spec(
        502,
        "税务数据交换平台没有有效答复，未作任何更改",
        "The tax exchange platform gave no usable answer; nothing was changed",
        "稍后重试",
        "Try again shortly",
    )
    TAX_DETAIL_NOT_FOUND = Spec(
        409,
        "税务尚未收到该批次明细",
        "The tax bureau has received no detail of this batch",
        "确认明细已报送后重试",
        "Try again once the detail has been sent",
    )

    # payment: orders, channels, suspense, refunds
    CHANNEL_NOT_OFFERED = Spec(
        409,
        "未开通该缴费渠道",
        "This payment channel is not offered here",
        "在设置中配置该渠道的商户",
        "Configure a merchant for the channel",
    )
    CHANNEL_NOT_ALLOWED = Spec(
        409,
        "本地文件不接受该缴费渠道",
        "The local document does not take contributions through this channel",
        "改用文件所列渠道缴费",
        "Pay through a channel that the document lists",
    )
    CHANNEL_UNAVAILABLE = Spec(
        503,
        "支付渠道暂无有效答复",
        "The payment channel gave no usable answer",
        "稍后查询订单或重试同一请求",
        "Look up the order shortly, or try the same request again",
    )
    CHANNEL_REFUSED = Spec(
        502, "支付渠道拒绝了请求", "The payment channel refused", "按渠道返回的原因处理", "See the channel's reason"
    )
    NOTHING_TO_PAY = Spec(
        409,
        "其中有参保人今日没有可缴账单",
        "An enrolment in the order has no bill that can be paid today",
        "查询各参保人的账单",
        "Look up each enrolment's bill",
    )
    ORDER_ALREADY_OPEN = Spec(
        409,
        "刚有他人为同一账单下单",
        "Another order for the same bill was opened meanwhile",
        "查询该订单或重新下单",
        "Look up that order, or order again",
    )
    ORDER_PAID = Spec(
        409,
        "原订单在渠道侧已支付",
        "The earlier order has been paid at the channel",
        "等待入账后查询",
        "Wait until it is credited",
    )
    ORDER_NOT_OPEN = Spec(
        409, "订单已结束，不能撤销", "The order is closed and cannot be cancelled", "查询订单状态", "Look up the order"
    )
    NOTICE_NOT_RETRIABLE = Spec(
        409,
        "隔离区中没有可重新处理的此条通知",
        "No such notice in quarantine can be processed again",
        "仅限原因为 UNPROCESSABLE、UNKNOWN_MERCHANT 或已能读懂的 UNREADABLE 通知，见 /payment/v1/quarantine",
        "Only notices with the reason UNPROCESSABLE or UNKNOWN_MERCHANT, or UNREADABLE ones that can be read by now; "
        "see /payment/v1/quarantine",
    )
    NOTICE_NOT_QUARANTINED = Spec(
        409,
        "该通知不在隔离区",
        "The notice is not in quarantine",
        "已入账、正在重新处理或已了结，见 /payment/v1/quarantine",
        "It was credited, is being processed again, or is closed; see /payment/v1/quarantine",
    )
    NOTICE_NOT_CLOSED = Spec(
        409,
        "该通知未曾了结",
        "The notice is not closed",
        "只有已了结的通知可以重新打开，见 /payment/v1/quarantine/closed",
        "Only a closed notice is taken up again; see /payment/v1/quarantine/closed",
    )
    NOTICE_CLOSING_NEEDS_EVIDENCE = Spec(
        409,
        "该通知是本方未付订单的付款，了结须附凭证",
        "The notice is a payment of an unpaid order of ours: closing it needs evidence",
        "在 evidence 填写说明款项去向的凭证，如渠道退款单号；能入账的应重新处理",
        "Name in evidence the paper that shows where the money went; process it again where it can be credited",
    )
    SUSPENSE_NOT_HELD = Spec(
        409,
        "该笔暂收款没有可退的资金",
        "The suspended item holds no money that could be returned",
        "查询暂收款状态",
        "Look up the item's state",
    )

    # subsidy
    DUPLICATE_ROSTER_LINE = Spec(
        422, "名单内同一人重复", "The person stands in the roster twice", "每人只列一行", "List each person once"
    )
    ROSTER_NAME_MISSING = Spec(
        422, "名单缺少姓名或姓名有误", "A roster line has no proper name", "补上姓名", "Add the name"
    )
    ROSTER_LINE_WITHDRAWN = Spec(
        409,
        "此人已从名单撤销，日期或原因不同",
        "The person was taken off the roster before, on another day or for another reason",
        "查询原撤销记录；重新认定请上传新名单",
        "Look up the withdrawal; to certify again, upload a new roster",
    )


class DomainError(Exception):
    """An expected refusal, rendered as problem+json; subclasses name their code."""

    code: ClassVar[ErrorCode]
    # Where the same request is expected to succeed by then; a class says the least, a refusal its own.
    retry_after_s: int | None = None

    def __init__(
        self,
        detail: str | None = None,
        *,
        pointer: str | None = None,
        existing: UUID | None = None,
        order_no: str | None = None,
    ) -> None:
        """Say in ``detail`` what exactly was refused (no personal data) and in ``pointer`` which field it was.

        A detail is either in both languages (“中文 · English”) or in none: numbers, codes and signs.

        ``existing`` and ``order_no`` name what stands in the way, or what is to be looked up, where the caller may see
        it; a lost answer is found again.
        """
        super().__init__(detail or self.code.value.en)
        self.detail = detail
        self.pointer = pointer
        self.existing = existing
        self.order_no = order_no


class NotFound(DomainError):
    """Nothing with this identifier is visible to the caller."""

    code = ErrorCode.NOT_FOUND
