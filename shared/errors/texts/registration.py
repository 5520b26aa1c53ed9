"""Refusals of registration."""

from shared.errors.spec import Spec

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
