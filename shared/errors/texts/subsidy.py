"""Refusals of subsidy."""

from shared.errors.spec import Spec

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
