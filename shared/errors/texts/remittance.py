"""Refusals on the way of batches to the treasury."""

from shared.errors.spec import Spec

REMITTANCE_STEP_NOT_POSSIBLE = Spec(
    409,
    "批次当前状态不允许此操作",
    "The batch is not where this step begins",
    "detail 依次写明现状 ≠ 应有状态 → 操作；先办完前面的步骤："
    "现金先录征集通知流水号，其后都是提取明细、上解、入国库、完税证明",
    "detail says where the batch is ≠ where it has to be → the step; take the steps before it first: for cash the "
    "collection notice serial, then for all the tax detail, remittance, treasury and certificate",
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
