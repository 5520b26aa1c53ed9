"""Every refusal canbao can give: one frozen catalogue of stable codes with status, title and remedy in Chinese and English.

A code is part of the interface: it is never renamed and never vanishes. The error that carries it is declared beside
the function that raises it.
"""

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Spec:
    """What a refusal means to the caller: HTTP status, title and the mend, in both languages."""

    status: int
    zh: str
    en: str
    remedy_zh: str
    remedy_en: str


class ErrorCode(Enum):
    """The catalogue. ``type`` in problem+json is a URI made of the name."""

    # every service
    MALFORMED_REQUEST = Spec(
        422, "请求内容有误", "The request is malformed", "按 errors 中的指针逐项改正", "Mend each item that errors points to"
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
    DATABASE_UNAVAILABLE = Spec(
        503,
        "数据库暂时不可用，未作任何更改",
        "The database is not available; nothing was changed",
        "稍后重试同一请求",
        "Try the same request again shortly",
    )
    INTERNAL_ERROR = Spec(
        500,
        "系统内部错误",
        "Internal error",
        "记下 trace_id 并联系运维",
        "Give the trace_id to your operator",
    )
    BAD_REQUEST = Spec(400, "请求无法处理", "The request cannot be handled", "查阅接口文档", "See the API documentation")

    # registration
    INVALID_CLIENT = Spec(
        401, "客户端名称或密钥错误", "Unknown client or wrong secret", "核对客户端凭据", "Check the client credentials"
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


class DomainError(Exception):
    """An expected refusal, rendered as problem+json; subclasses name their code."""

    code: ClassVar[ErrorCode]

    def __init__(self, detail: str | None = None, *, pointer: str | None = None) -> None:
        """Say in ``detail`` what exactly was refused (no personal data) and in ``pointer`` which field it was."""
        super().__init__(detail or self.code.value.en)
        self.detail = detail
        self.pointer = pointer


class NotFound(DomainError):
    """Nothing with this identifier is visible to the caller."""

    code = ErrorCode.NOT_FOUND
