"""Every word on the page, in Chinese and in English: one catalogue, so that neither language falls behind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from shared.names import names_of

Lang = Literal["zh", "en"]
LANGUAGES: Mapping[Lang, str] = {"zh": "zh-CN", "en": "en"}


class Phrase(NamedTuple):
    """One thing to translate; both languages fill the same places."""

    zh: str
    en: str


PHRASES: Mapping[str, Phrase] = {
    # the frame
    "title": Phrase("参保征缴运行", "Enrolment and collection"),
    "subject": Phrase("城乡居民基本医疗保险", "Resident basic medical insurance"),
    "year": Phrase("{year} 年度", "Benefit year {year}"),
    "business_date": Phrase("业务日期", "Business date"),
    "changed_at": Phrase("数据变动于", "Last change"),
    "other_language": Phrase("English", "中文"),
    "live.on": Phrase("实时更新", "Live"),
    "live.off": Phrase("连接中断，正在重连", "Disconnected, trying again"),
    "live.none": Phrase("每 30 秒刷新", "Refreshes every 30 s"),
    "skip": Phrase("跳到乡镇进度", "Skip to the townships"),
    # levels
    "level.ok": Phrase("正常", "OK"),
    "level.info": Phrase("提示", "Note"),
    "level.warn": Phrase("注意", "Attention"),
    "level.bad": Phrase("异常", "Problem"),
    # headlines
    "verdicts": Phrase("运行结论", "Verdicts"),
    "listing": Phrase("明细", "Rows"),
    "to_do": Phrase("待处理", "To do"),
    "the_rest": Phrase("其他情况", "Otherwise"),
    "headline.ok": Phrase("运行正常，无待处理事项。", "All is well; nothing waits for a decision."),
    "headline.warn": Phrase("有 {n} 项需要处理。", "Matters that need a decision: {n}."),
    "headline.bad": Phrase("有 {n} 项异常，请先处理。", "Problems to fix first: {n}."),
    # verdicts
    **{f"service.{code}": Phrase(*name) for code, name in names_of("service").items()},
    "fault.unreachable": Phrase("{service}服务联系不上", "{service} cannot be reached"),
    "fault.no_token": Phrase("{service}服务无法查询：没有取得访问令牌", "{service} cannot be asked: no access token"),
    "fault.refused": Phrase("{service}服务未给出汇总", "{service} gave no summary"),
    "fault.unreadable": Phrase("{service}服务的汇总无法读懂", "The summary of {service} cannot be read"),
    "fault.stale": Phrase("；所示为 {time} 的数据。", "; what is shown was read at {time}."),
    "fault.never": Phrase("；相关数字暂缺。", "; its numbers are missing."),
    "callbacks.credited": Phrase("每一笔回调都已入账。", "Every callback is credited."),
    "callbacks.waiting": Phrase(
        "{n} 笔 {yuan} 元已受理未入账。", "Payments taken and not yet credited: {n}, {yuan} yuan."
    ),
    "callbacks.oldest": Phrase("最早的已等 {minutes} 分钟。", " The oldest has waited for {minutes} min."),
    "messages.none": Phrase("服务之间没有消息滞留。", "No message between the services is stuck."),
    "messages.dead": Phrase(
        "{services}有 {n} 条消息无法处理（死信），需人工重放。",
        "Messages that could not be processed and wait for a person: {n} ({services}).",
    ),
    "messages.late": Phrase(
        "{services}有消息滞留，最早的已等 {minutes} 分钟。",
        "Messages of {services} are held up, the oldest for {minutes} min.",
    ),
    "and": Phrase("、", ", "),
    "suspense.none": Phrase("没有待查款项。", "No money is in suspense."),
    "suspense.some": Phrase(
        "{n} 笔待查款项，共 {yuan} 元，等待退回或认领。",
        "Payments in suspense: {n}, {yuan} yuan, to be refunded or matched.",
    ),
    "quarantine.some": Phrase(
        "{n} 条签名正确但不属于本单位的通知已隔离，未记账。",
        "Signed notices about money that is not ours, kept apart and not booked: {n}.",
    ),
    "parked.some": Phrase(
        "{n} 条通知在等待与它相关的前一条，共 {yuan} 元。", "Notices that wait for an earlier one: {n}, {yuan} yuan."
    ),
    "refunds.some": Phrase("{n} 笔退款办理中，共 {yuan} 元。", "Refunds under way: {n}, {yuan} yuan."),
    "held.none": Phrase("没有因金额或明细不符而暂停的上解批次。", "No remittance batch is held."),
    "held.some": Phrase(
        "{n} 个上解批次因金额或明细不符暂停，涉及 {yuan} 元。",
        "Remittance batches held for a difference: {n}, {yuan} yuan.",
    ),
    "priced.held": Phrase(
        "{n} 人暂缓核定应缴金额（如资助身份未配置金额）。",
        "People not priced yet, for instance because their identity has no configured amount: {n}.",
    ),
    "attributed.all": Phrase("每一分钱都归到了乡镇。", "Every fen belongs to a township."),
    "attributed.money": Phrase("{yuan} 元未能归到任何乡镇。", "Money that belongs to no township: {yuan} yuan."),
    "attributed.suspense": Phrase(
        "待查款项中有 {yuan} 元未归到任何乡镇。", "Of the money in suspense, {yuan} yuan belongs to no township."
    ),
    "attributed.people": Phrase(
        "已登记的 {n} 人不在任何下达了任务的乡镇。", "People registered outside every township with a target: {n}."
    ),
    "flight.people": Phrase(
        "{n} 条登记或缴费消息在途，乡镇进度稍后追平。", "Events in flight: {n}; the townships catch up shortly."
    ),
    "flight.none": Phrase("登记与乡镇进度人数一致。", "Registration and township counts agree."),
    "flight.ahead": Phrase(
        "乡镇进度比参保登记多 {n} 人，两次读数之间有变动或计数有误。",
        "Township counts exceed registration by {n}: something moved between two readings, or a counter is wrong.",
    ),
    "enrolling": Phrase("{n} 人已缴费，参保状态更新中。", "Paid, and shortly to be shown as enrolled: {n}."),
    "targets.none": Phrase("本年度任务数尚未下达。", "No targets have been published for this year."),
    "notices": Phrase("数据说明", "About the data"),
    "notice": Phrase("{document}：{note}", "{document}: {note}"),
    # the season
    "season": Phrase("征缴进度", "The season"),
    "season.window": Phrase("集中征缴期 {first} 至 {last}", "Collection from {first} to {last}"),
    "season.until_first": Phrase("距开始", "Until it begins"),
    "season.until_last": Phrase("距缴费截止", "Until the deadline"),
    "season.since_last": Phrase("截止后", "Since the deadline"),
    "season.day": Phrase("天", "days"),
    "season.daily": Phrase("此后平均每天需参保 {n} 人", "{n} a day from now on"),
    "season.missing": Phrase("距任务 {n} 人", "{n} people to go"),
    "season.target_reached": Phrase("任务数已完成", "The target is reached"),
    "season.ahead": Phrase("超时序进度 {n} 人", "{n} ahead of the straight line"),
    "season.behind": Phrase("落后时序进度 {n} 人", "{n} behind the straight line"),
    "season.level": Phrase("与时序进度持平", "Level with the straight line"),
    "trend.enrolled": Phrase("已参保", "Enrolled"),
    "trend.straight": Phrase("时序进度（到截止日完成任务数）", "Straight line to the target"),
    "trend.year_before": Phrase("上年同期", "A year before"),
    "trend.table": Phrase("按周数据", "By week"),
    "trend.week": Phrase("日期", "Days"),
    "trend.added": Phrase("新参保（人）", "New"),
    "trend.total": Phrase("累计参保（人）", "Enrolled"),
    "trend.even": Phrase("时序进度（人）", "Straight line"),
    "trend.earlier": Phrase("上年同期（人）", "A year before"),
    "trend.axis": Phrase("人", "people"),
    # tiles
    "tiles": Phrase("全县合计", "County totals"),
    "tile.target": Phrase("任务数", "Target"),
    "tile.registered": Phrase("已登记", "Registered"),
    "tile.enrolled": Phrase("已参保", "Enrolled"),
    "tile.taken": Phrase("已收保费", "Money taken"),
    "tile.in_transit": Phrase("上解在途", "In transit"),
    "tile.treasury": Phrase("已入国库", "In the treasury"),
    "people": Phrase("人", "people"),
    "yuan": Phrase("元", "yuan"),
    "tile.completion": Phrase("完成率 {percent}%", "{percent}% of target"),
    "tile.not_enrolled": Phrase("未参保 {n} 人", "{n} not enrolled"),
    "tile.payments": Phrase("{n} 人缴费", "{n} contributions"),
    "tile.share": Phrase("占已收 {percent}%", "{percent}% of money taken"),
    "tile.towns": Phrase("{n} 个乡镇街道", "{n} townships"),
    # the way of the money
    "flow": Phrase("保费走到哪里了", "Where the money is"),
    "flow.sum": Phrase("合计 {yuan} 元", "{yuan} yuan in all"),
    "flow.apart": Phrase(
        "合计 {yuan} 元，其中待查、待退或尚未导入 {apart} 元",
        "{yuan} yuan in all, of which in suspense, to be refunded or not yet imported: {apart}",
    ),
    **{f"flow.{code}": Phrase(*name) for code, name in names_of("account").items()},
    # townships
    "towns": Phrase("乡镇（街道）进度", "Townships"),
    "towns.order": Phrase("完成率低的在前，标出后三名", "Least complete first, the last three marked"),
    "towns.last": Phrase("后三", "Last 3"),
    "towns.missing": Phrase("{n} 人", "{n}"),
    "towns.hidden": Phrase(
        "乡镇明细只在本机地址（127.0.0.1）上显示。", "Townships are shown on a loopback address (127.0.0.1) only."
    ),
    "towns.name": Phrase("乡镇（街道）", "Township"),
    "towns.target": Phrase("任务数（人）", "Target"),
    "towns.registered": Phrase("已登记（人）", "Registered"),
    "towns.enrolled": Phrase("已参保（人）", "Enrolled"),
    "towns.completion": Phrase("完成率", "Completion"),
    "towns.distance": Phrase("距任务", "To go"),
    "towns.taken": Phrase("已收（元）", "Taken (yuan)"),
    "towns.treasury": Phrase("已入国库（元）", "Treasury (yuan)"),
    "towns.total": Phrase("合计", "Total"),
    "towns.elsewhere": Phrase("未归乡镇", "No township"),
    "towns.over": Phrase("超 {n} 人", "{n} over"),
    "towns.reached": Phrase("已完成", "Reached"),
    "towns.empty": Phrase("还没有乡镇数据。", "There are no townships yet."),
    "unknown": Phrase("—", "—"),
    "figures.few": Phrase("不足 {n}", "fewer than {n}"),
    "figures.little": Phrase("不足 {yuan}", "under {yuan}"),
    # the foot
    "foot.completion": Phrase(
        "完成率＝已参保÷任务数，四舍五入保留两位小数；已参保含缴费到账和无需缴费的人员。任务数不是上限。",
        "Completion = enrolled ÷ target, rounded half up to two decimals; enrolled are those paid or with nothing due. "
        "A target is not a cap.",
    ),
    "foot.coarse": Phrase(
        "本页可从其他机器访问：人数舍去个位，不足 10 的不写出，差额和图形也由此算出；金额只写到万元。",
        "Other machines can read this page: counts are rounded down to whole tens, those below 10 are not written, and "
        "differences and charts follow from that; amounts are in whole 10,000 yuan.",
    ),
    "foot.privacy": Phrase("本页只有汇总数，不含个人信息。", "Totals only; nothing here is about a person."),
}


@dataclass(frozen=True, slots=True)
class Translator:
    """Translates into one language."""

    lang: Lang

    def __call__(self, key: str, **values: object) -> str:
        """One phrase of the catalogue with its places filled."""
        phrase = PHRASES[key]
        return (phrase.zh if self.lang == "zh" else phrase.en).format(**values)

    def half(self, label: str) -> str:
        """The half of a label "中文 · English" in this language; a label in one language only stays as it is."""
        zh, both, en = label.partition(" · ")
        return en if both and self.lang == "en" else zh


def language(asked: str | None) -> Lang:
    """The language of ``?lang=``; Chinese unless English is asked for."""
    return "en" if (asked or "").lower().startswith("en") else "zh"
