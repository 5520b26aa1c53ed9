"""The page as a pure function of what the services answered."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.console.page_renderer import PageRenderer
from services.console.summaries import (
    PaymentSummary,
    QuotaProgress,
    RegistrationSummary,
    ServiceAnswer,
    ServiceFault,
    Snapshot,
    SubsidySummary,
)
from services.console.translations import Lang
from services.console.view import PageContent, page
from shared.settings import Settings
from tests.services.console import county_summaries

READ_AT = datetime(2023, 12, 18, 2, 3, 4, tzinfo=UTC)


def snapshot(**changes: Any) -> Snapshot:
    """A county where all is well, except for what is changed in a service's summary (or its fault)."""
    faults = {name: value for name, value in changes.items() if isinstance(value, ServiceFault)}
    said: dict[str, dict[str, Any]] = {
        "registration": county_summaries.registration_summary(),
        "subsidy": county_summaries.subsidy_summary(),
        "payment": county_summaries.payment_summary(),
        "quota": county_summaries.quota_progress(),
    }
    for name, change in changes.items():
        if name not in faults:
            said[name] |= change
    return Snapshot(
        ServiceAnswer(RegistrationSummary(**said["registration"]), faults.get("registration"), READ_AT),
        ServiceAnswer(SubsidySummary(**said["subsidy"]), faults.get("subsidy"), READ_AT),
        ServiceAnswer(PaymentSummary(**said["payment"]), faults.get("payment"), READ_AT),
        ServiceAnswer(QuotaProgress(**said["quota"]), faults.get("quota"), READ_AT),
        changed_at=READ_AT,
    )


def shown(given: Snapshot, lang: Lang = "zh") -> PageContent:
    return page(given, lang=lang, area="罗山县", benefit_year=2024)


def said(given: Snapshot, lang: Lang = "zh") -> dict[str, tuple[str, str]]:
    return {verdict.key: (verdict.level, verdict.text) for verdict in shown(given, lang).verdicts}


class TestVerdicts:
    def test_a_county_where_all_is_well_says_so(self) -> None:
        result = shown(snapshot())
        assert result.headline.text == "运行正常，无待处理事项。"
        assert {verdict.level for verdict in result.verdicts} == {"ok"}
        assert said(snapshot())["callbacks"] == ("ok", "每一笔回调都已入账。")

    @pytest.mark.parametrize(
        ("change", "key", "verdict"),
        [
            (
                {"callbacks": {"received": 9, "waiting": 2, "waiting_fen": 76_000}},
                "callbacks",
                ("info", "2 笔 760.00 元已受理未入账。"),
            ),
            (
                {"callbacks": {"received": 9, "waiting": 2, "waiting_fen": 76_000, "oldest_waiting_s": 130}},
                "callbacks",
                ("warn", "2 笔 760.00 元已受理未入账。最早的已等 2 分钟。"),
            ),
            (
                {"suspense": {"count": 3, "fen": 114_000}},
                "suspense",
                ("warn", "3 笔待查款项，共 1,140.00 元，等待退回或认领。"),
            ),
            ({"quarantine": {"count": 2}}, "quarantine", ("warn", "2 条签名正确但不属于本单位的通知已隔离，未记账。")),
            (
                {"held": {"count": 1, "fen": 760_000}},
                "held",
                ("warn", "1 个上解批次因金额或明细不符暂停，涉及 7,600.00 元。"),
            ),
            ({"refunds": {"count": 1, "fen": 38_000}}, "refunds", ("info", "1 笔退款办理中，共 380.00 元。")),
            ({"unattributed": {"count": 2, "fen": 76_000}}, "attributed", ("warn", "760.00 元未能归到任何乡镇。")),
        ],
    )
    def test_money_that_stands_apart_is_a_sentence_with_its_amount(
        self, change: dict[str, Any], key: str, verdict: tuple[str, str]
    ) -> None:
        assert said(snapshot(payment=change))[key] == verdict

    def test_money_of_no_township_that_stands_in_suspense_is_one_matter(self) -> None:
        stray = {"count": 1, "fen": 38_000, "suspense_fen": 38_000, "channel_fen": 38_000}
        given = snapshot(payment={"suspense": {"count": 1, "fen": 38_000}, "unattributed": stray})
        assert said(given)["attributed"] == ("info", "待查款项中有 380.00 元未归到任何乡镇。")
        assert shown(given).headline.text == "有 1 项需要处理。"

    def test_who_has_paid_and_is_not_yet_enrolled_is_counted(self) -> None:
        assert "enrolling" not in said(snapshot())
        progress = county_summaries.quota_progress()
        paid = sum(town["paid_count"] for town in county_summaries.payment_summary()["towns"])
        progress["county"]["enrolled"] = paid - 193
        assert said(snapshot(quota=progress))["enrolling"] == ("info", "193 人已缴费，参保状态更新中。")

    def test_people_who_cannot_be_priced_are_named(self) -> None:
        level, text = said(snapshot(registration={"states": {"HELD": 12}}))["priced.held"]
        assert (level, text[:4]) == ("warn", "12 人")

    def test_events_in_flight_are_the_distance_between_registration_and_its_counters(self) -> None:
        progress = county_summaries.quota_progress()
        progress["county"]["registered"] -= 20
        progress["county"]["enrolled"] -= 6
        assert said(snapshot(quota=progress))["flight"] == ("info", "26 条登记或缴费消息在途，乡镇进度稍后追平。")

    def test_counters_ahead_of_registration_are_not_called_agreement(self) -> None:
        progress = county_summaries.quota_progress()
        progress["county"]["enrolled"] += 6
        level, text = said(snapshot(quota=progress))["flight"]
        assert (level, "多 6 人" in text) == ("info", True)

    def test_messages_that_nobody_could_take_in_name_their_services(self) -> None:
        dead = {"messages": {"dead_letters": 2}}
        found = said(snapshot(payment=dead, quota=dead))
        assert found["messages.dead"] == ("warn", "缴费、任务进度有 4 条消息无法处理（死信），需人工重放。")
        assert "messages" not in found

    @pytest.mark.parametrize("age", ["oldest_unpublished_s", "oldest_gap_s"])
    def test_a_message_that_waits_for_minutes_is_a_problem_and_one_that_waits_for_seconds_is_not(
        self, age: str
    ) -> None:
        assert said(snapshot(subsidy={"messages": {age: 59}}))["messages"][0] == "ok"
        found = said(snapshot(subsidy={"messages": {age: 360}}))
        assert found["messages.late"] == ("bad", "资助核定有消息滞留，最早的已等 6 分钟。")

    def test_a_service_that_cannot_be_reached_is_the_first_thing_said(self) -> None:
        result = shown(snapshot(payment=ServiceFault.UNREACHABLE, registration={"states": {"HELD": 1}}))
        assert (result.verdicts[0].level, result.verdicts[0].text) == (
            "bad",
            "缴费服务联系不上；所示为 10:03:04 的数据。",
        )
        assert result.headline.text == "有 1 项异常，请先处理。"

    def test_what_no_service_reports_is_not_judged(self) -> None:
        silent = dict.fromkeys(("callbacks", "suspense", "quarantine", "parked", "refunds", "held", "unattributed"))
        assert set(said(snapshot(payment=silent))) == {"flight", "messages"}
        assert "messages" not in said(snapshot(quota={"messages": None}))

    def test_a_year_without_targets_is_said(self) -> None:
        assert said(snapshot(quota={"towns": (), "notices": ()}))["targets"] == ("warn", "本年度任务数尚未下达。")

    def test_english_says_the_same(self) -> None:
        found = said(snapshot(payment={"suspense": {"count": 3, "fen": 114_000}}), "en")
        assert found["suspense"][1] == "Payments in suspense: 3, 1,140.00 yuan, to be refunded or matched."


class TestNotices:
    def test_scaled_targets_are_labelled_as_such(self) -> None:
        notice = {"document": "罗政办〔2023〕52号", "note": "任务数按比例缩小，仅供演示"}
        assert shown(snapshot(quota={"notices": (notice,)})).notices == (
            "罗政办〔2023〕52号：任务数按比例缩小，仅供演示",
        )

    def test_a_note_in_both_languages_is_said_in_the_language_of_the_page(self) -> None:
        notice = {"document": "罗政办〔2023〕52号", "note": "演示数据 · demonstration"}
        scaled = snapshot(quota={"notices": (notice,)})
        assert shown(scaled).notices == ("罗政办〔2023〕52号：演示数据",)
        assert shown(scaled, "en").notices == ("罗政办〔2023〕52号: demonstration",)

    def test_invented_amounts_are_labelled_in_the_language_of_the_page(self) -> None:
        invented = snapshot(subsidy={"amounts": "示例配置，资助金额系虚构 · invented example amounts"})
        assert shown(invented).notices == ("示例配置，资助金额系虚构",)
        assert shown(invented, "en").notices == ("invented example amounts",)

    def test_the_real_targets_need_no_label(self) -> None:
        assert shown(snapshot()).notices == ()


class TestFigures:
    def test_the_county_adds_up_to_its_townships(self) -> None:
        result = shown(snapshot())
        assert len(result.towns) == 20
        assert result.total is not None
        for column in ("target", "registered", "enrolled", "taken", "treasury"):
            lines = [getattr(row, column) for row in result.towns]
            assert _exact(getattr(result.total, column)) == sum(map(_exact, lines)), column

    def test_registered_and_not_enrolled_is_not_called_unpaid(self) -> None:
        result = shown(snapshot())
        registered, enrolled = (
            next(tile for tile in result.tiles if tile.key == key) for key in ("registered", "enrolled")
        )
        missing = _exact(registered.value) - _exact(enrolled.value)
        assert registered.remark == f"未参保 {missing:,} 人"

    def test_the_way_of_the_money_adds_up_to_the_money_taken(self) -> None:
        result = shown(snapshot())
        taken = next(tile for tile in result.tiles if tile.key == "taken")
        assert sum(_exact(part.amount) for part in result.flow) == _exact(taken.value)
        assert sum(part.filled for part in result.flow) == 1000
        assert [part.starts for part in result.flow] == [
            sum(part.filled for part in result.flow[:place]) for place in range(5)
        ]

    def test_money_that_is_no_premium_is_named_where_the_money_lies(self) -> None:
        assert shown(snapshot()).flow_sum == "合计 210,054,880.00 元"
        stray = {"count": 1, "fen": 38_000, "suspense_fen": 38_000, "channel_fen": 38_000}
        result = shown(snapshot(payment={"unattributed": stray}))
        assert result.flow_sum == "合计 210,055,260.00 元，其中待查、待退或尚未导入 380.00 元"
        assert result.elsewhere is None, "money in suspense is no township's premium, and has its own sentence"

    def test_a_township_beyond_its_target_is_over_and_its_bar_is_full(self) -> None:
        over = next(row for row in shown(snapshot()).towns if row.percent == "103.00")
        assert (over.filled, over.reached, over.distance) == (1000, True, "超 619 人")

    def test_money_of_no_township_has_a_line_of_its_own_and_is_in_the_total(self) -> None:
        payment = county_summaries.payment_summary()
        payment["towns"].append({"region": "411521999", "taken_fen": 38_000, "treasury_fen": 38_000})
        payment["unattributed"] = {"count": 1, "fen": 5, "taken_fen": 5, "channel_fen": 5}
        result = shown(snapshot(payment=payment))
        assert result.elsewhere is not None
        assert (result.elsewhere.taken, result.elsewhere.treasury) == ("380.05", "380.00")
        assert result.total is not None
        lines = [*result.towns, result.elsewhere]
        assert _exact(result.total.taken) == sum(_exact(row.taken) for row in lines)

    def test_people_of_no_township_have_a_line_of_their_own(self) -> None:
        result = shown(snapshot(quota={"unattributed": {"registered": 3, "enrolled": 1}}))
        assert result.elsewhere is not None
        assert (result.elsewhere.registered, result.elsewhere.enrolled) == ("3", "1")

    def test_without_quota_the_money_is_still_shown(self) -> None:
        known = snapshot()
        result = shown(
            Snapshot(known.registration, known.subsidy, known.payment, ServiceAnswer(None, ServiceFault.UNREACHABLE))
        )
        assert len(result.towns) == 20
        assert result.towns[0].name == "411521101"
        assert (result.towns[0].target, result.towns[0].taken) == ("—", "3,424,180.00")

    def test_without_payment_the_people_are_still_shown(self) -> None:
        known = snapshot()
        result = shown(
            Snapshot(known.registration, known.subsidy, ServiceAnswer(None, ServiceFault.UNREACHABLE), known.quota)
        )
        assert (result.towns[0].enrolled, result.towns[0].taken) == ("9,387", "—")
        assert result.flow == ()


class TestPages:
    def test_the_live_part_is_the_same_text_in_page_and_stream(self) -> None:
        pages = PageRenderer(Settings())
        live, seen = pages.live(snapshot(), "zh")
        whole = pages.whole(snapshot(), "zh")
        assert live in whole
        assert f'data-seen="{seen}"' in whole

    def test_nothing_on_the_page_comes_from_elsewhere_or_is_inline(self) -> None:
        whole = PageRenderer(Settings()).whole(snapshot(), "zh")
        assert "://" not in whole
        assert "style=" not in whole
        assert "<script>" not in whole

    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_a_page_without_any_answer_is_still_a_page(self, lang: Lang) -> None:
        nothing: Any = ServiceAnswer(None, ServiceFault.UNREACHABLE)
        whole = PageRenderer(Settings()).whole(Snapshot(nothing, nothing, nothing, nothing), lang)
        assert whole.count('class="status bad"') == 5

    def test_names_are_escaped(self) -> None:
        progress = county_summaries.quota_progress()
        progress["towns"][0]["name"] = "<b>铁铺"
        assert "<b>铁铺" not in PageRenderer(Settings()).whole(snapshot(quota=progress), "zh")


def _exact(text: str) -> int:
    return int(text.replace(",", "").replace(".", ""))
