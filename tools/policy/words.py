"""The Chinese names of what a decision answers in codes, for clerks."""

from shared.policy.pack import Wait
from shared.policy.reasons import Ruling
from shared.policy.vocabulary import EnrolmentStatus, Funder, ReasonCode

RULINGS = {Ruling.ACCEPT: "受理", Ruling.REJECT: "不受理", Ruling.HOLD: "暂缓"}
REASONS = {
    ReasonCode.NOT_IN_SCOPE: "不在参保范围",
    ReasonCode.EMPLOYEE_INSURED: "职工医保在保",
    ReasonCode.INSURED_ELSEWHERE: "已在外地参保",
    ReasonCode.ENROL_AT_SCHOOL: "应在学校所在地参保",
    ReasonCode.WINDOW_NOT_OPEN: "缴费期未开始",
    ReasonCode.WINDOW_CLOSED: "缴费期已过",
    ReasonCode.CHANNEL_NOT_ALLOWED: "缴费渠道不适用",
    ReasonCode.AMOUNT_MISMATCH: "实缴与应缴不符",
    ReasonCode.IMPORT_FAILED: "信息未能导入，退还缴款",
    ReasonCode.CONFIG_MISSING_CONTRIBUTION: "缴费标准未配置",
    ReasonCode.SUBSIDY_AMOUNT_NOT_CONFIGURED: "资助金额未配置",
    ReasonCode.NO_RULE_FOR_DATE: "文件对该日期没有规定",
    ReasonCode.ID_NUMBER_REQUIRED: "须有身份证号码",
    ReasonCode.FACT_MISSING: "缺少认定所需的情况",
    ReasonCode.WAITING_EXCEEDS_BENEFIT_PERIOD: "等待期超过待遇享受期",
}
FUNDERS = {
    Funder.CENTRAL: "中央财政",
    Funder.PROVINCE: "省级财政",
    Funder.CITY_FINANCE: "市级财政",
    Funder.COUNTY_FINANCE: "县级财政",
    Funder.TOWN_FINANCE: "镇（街）财政",
    Funder.MEDICAL_ASSISTANCE_FUND: "医疗救助基金",
    Funder.LOCAL: "地方财政",
    Funder.GOVERNMENT_UNSPECIFIED: "政府（文件未写级次）",
    Funder.UNSPLIT: "财政（文件未分级）",
}
STATUSES = {
    EnrolmentStatus.PAID: "已缴费",
    EnrolmentStatus.ACTIVE: "待遇享受中",
    EnrolmentStatus.SUSPENDED: "暂停",
    EnrolmentStatus.TERMINATED: "终止",
    EnrolmentStatus.IMPORT_FAILED_REFUNDED: "未导入，已退费",
}


def length(wait: Wait) -> str:
    """How long a wait is, by the calendar."""
    return (f"{wait.months}个月" if wait.months else "") + (f"{wait.days}天" if wait.days else "")
