"""Refusals of quota."""

from shared.errors.spec import Spec

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
