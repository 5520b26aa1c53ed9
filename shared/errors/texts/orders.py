"""Refusals of orders, channels and suspended money."""

from shared.errors.spec import Spec

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
SUSPENSE_NOT_HELD = Spec(
    409,
    "该笔待查款项没有可退的资金",
    "The suspended item holds no money that could be returned",
    "查询该笔待查款项的状态",
    "Look up the item's state",
)
SUSPENSE_BILL_NOT_PAYABLE = Spec(
    409,
    "该笔待查款项不能缴清此缴费单",
    "The suspended money does not pay this bill",
    "核对金额、缴费日和缴费单状态；对不上的申请退回或结转",
    "Compare amount, day and the bill's state; what fits no bill is given back or carried over",
)
SUSPENSE_NO_CARRY_OVER = Spec(
    409,
    "该笔待查款项不能结转至此年度",
    "The suspended money cannot be carried over to this benefit year",
    "只有已知参保人的款项可以结转，且只能结转至以后的年度",
    "Only money of a known person is carried over, and only to a later year",
)
SUSPENSE_NEEDS_TREASURY_REFUND = Spec(
    409,
    "该笔款项须经国库退库",
    "The money has to be returned by the treasury",
    "终止参保后由税务、国库办理退库",
    "The tax bureau and the treasury return it once the enrolment has ended",
)
SUSPENSE_MONEY_MOVING = Spec(
    409,
    "该笔款项正在结算",
    "The money is being settled",
    "等待渠道出款结算完成后再批准",
    "Approve once the channel's payout is settled to its end",
)
