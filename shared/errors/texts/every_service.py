"""Refusals of every service."""

from shared.errors.spec import Spec

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
METHOD_NOT_ALLOWED = Spec(405, "不支持该请求方法", "Method not allowed", "查阅接口文档", "See the API documentation")
UNAUTHENTICATED = Spec(
    401,
    "未登录或令牌失效",
    "No valid token",
    "向 /registration/v1/token 重新获取令牌",
    "Ask for a new token at /registration/v1/token",
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
BAD_REQUEST = Spec(400, "请求无法处理", "The request cannot be handled", "查阅接口文档", "See the API documentation")
FACT_MISSING = Spec(
    422,
    "缺少判定所需的事实",
    "A fact that a rule has to look at is missing",
    "补充 errors 中指出的事实",
    "Add the fact that errors points to",
)
