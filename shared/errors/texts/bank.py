"""Refusals of the bank's side: settlements, its lines, and differences from the channels' bills."""

from shared.errors.spec import Spec

SETTLEMENT_REFERENCE_MALFORMED = Spec(
    422,
    "结算款摘要有误",
    "The settlement's reference is malformed",
    "格式为 渠道:商户号:缴费日，如 WECHAT:1900000109:2023-10-09，渠道用大写",
    "Write it as CHANNEL:MCHID:YYYY-MM-DD with the day of the payments, such as WECHAT:1900000109:2023-10-09",
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
    "该提现没有挂起，或应先办较早的一笔，或情况已变",
    "The payout is not held, an earlier one comes first, or it has changed",
    "查询提现清单；凑不成金额的（`NOT_COVERED`）按先后办理",
    "Look it up in the list of payouts; those that no movements add up to (`NOT_COVERED`) are decided in their order",
)
PAYOUT_NOT_RELEASED = Spec(
    409,
    "该提现没有放行，或银行已到账，或应先办其后的一笔",
    "The payout is not released, the bank has shown it, or a later one comes first",
    "查询提现清单；已到账的先冲销该行到账",
    "Look it up in the list of payouts; where the bank has shown it, have the bank's line reversed first",
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
BANK_LINE_BEING_SETTLED = Spec(
    409,
    "该行对应的提现正在分批入账，暂不能冲销",
    "The movements of the line's payout are being settled, portion by portion",
    "查询批次，待其不再为 OPEN 后再冲销",
    "Look the batch up, and reverse the line once it is no longer OPEN",
)
POOLING_AREA_REQUIRED = Spec(
    403,
    "只有统筹区级客户端可以办理此项",
    "Only a caller of the whole pooling area may do this",
    "使用 --region 为整个统筹区（如全县）的客户端",
    "Use a client whose --region is the whole pooling area",
)
DATE_IN_THE_FUTURE = Spec(
    422,
    "日期晚于业务日期",
    "The date lies after the business date",
    "核对日期；演练往年业务时，先推进业务日期",
    "Check the date; where an earlier season is rehearsed, advance the business date first",
)
CHANNEL_FILE_UNSIGNED = Spec(
    403,
    "文件签名不符，未接收",
    "The file is not signed by the institution; it was not taken",
    "用机构私钥对文件原始字节做 RSA-SHA256 签名，密钥编号须已登记；传输中不要改动文件",
    "Sign the file's raw bytes with RSA-SHA256 by a key whose serial is configured, and change nothing on the way",
)
CHANNEL_FILE_WRONG = Spec(
    422,
    "文件整体有误，其中任何一行都未入账",
    "The file is wrong as a whole; no line of it counts",
    "按提示核对笔数、总金额、日期和格式，由机构重新出具该日文件",
    "Check its count, total, day and form as named, and let the institution issue the day's file again",
)
CHANNEL_FILE_DIFFERS = Spec(
    409,
    "该机构当日已有另一份文件",
    "Another file of the institution counts for this day",
    "已接收的文件不会被覆盖；更正的明细放入以后日期的文件，或与机构核对",
    "What was taken is never overwritten: corrected lines come in a later day's file, or the two are compared by hand",
)
INSTITUTION_UNKNOWN = Spec(
    404,
    "没有登记此代收机构",
    "No such institution is configured",
    "在 CANBAO_FILE_INSTITUTIONS 中登记机构代码、文件格式和公钥",
    "Name its code, layout and keys in CANBAO_FILE_INSTITUTIONS",
)
