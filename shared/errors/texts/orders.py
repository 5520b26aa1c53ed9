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
