"""What goes back to a person: cash that could not be imported, and refunds by event, deadline and double charge."""

from dataclasses import replace
from datetime import date

import pytest

from shared.policy.benefit import CoverPeriod
from shared.policy.decision import Aftermath, decide
from shared.policy.facts import CasePayment, Facts
from shared.policy.loader import load_pack
from shared.policy.reasons import Ruling
from shared.policy.refund import PaidAmount, RefundRequest, judge_refund
from shared.policy.vocabulary import Channel, EnrolmentStatus, RefundReason

SHANTOU, TONGHE, LUOSHAN = load_pack("shantou-2022"), load_pack("tonghe-2023"), load_pack("luoshan-2024")


def _person(day: date) -> Facts:
    return Facts(birth_date=date(1980, 1, 1), registration_date=day)


class TestImportFailed:
    _DAY = date(2023, 11, 1)
    _CASH, _ONLINE = PaidAmount(_DAY, 35_000, Channel.VILLAGE_CASH), PaidAmount(_DAY, 38_000, Channel.WECHAT)

    @pytest.mark.parametrize(
        ("tendered", "paid", "back"),
        [
            (None, (), 38_000),
            (40_000, (), 40_000),
            (40_000, (_CASH,), 35_000),
            (None, (_CASH, _CASH), 70_000),
            (None, (_ONLINE,), 38_000),
            (40_000, (_ONLINE,), 40_000),
            (40_000, (_CASH, _ONLINE), 35_000),
        ],
    )
    def test_what_was_brought_goes_back(self, tendered: int | None, paid: tuple[PaidAmount, ...], back: int) -> None:
        after = Aftermath(payments=paid, import_failed=True)
        failed = decide(LUOSHAN, _person(self._DAY), (), CasePayment(self._DAY, Channel.VILLAGE_CASH, tendered), after)
        assert failed.refund is not None
        assert (failed.refund.allowed, failed.refund.amount_fen, failed.cash_recalled) == (True, back, True)
        assert (failed.ruling is Ruling.ACCEPT) == (self._ONLINE in paid)
        (stated,) = [reason for reason in failed.reasons if reason.code == "IMPORT_FAILED"]
        assert (stated.won, stated.text) == (True, "完善信息后仍未导入，收回收据，退还现金")

    @pytest.mark.parametrize("listed", [0, 1, 2])
    def test_what_was_paid_at_a_bank_has_no_receipt_to_recall(self, listed: int) -> None:
        day = date(2022, 10, 10)
        paid, channel = CasePayment(day, Channel.HRB_BANK_COUNTER), Channel.HRB_BANK_COUNTER
        after = Aftermath(payments=(PaidAmount(day, 38_000, channel),) * listed, import_failed=True)
        failed = decide(TONGHE, _person(day), (), paid, after)
        assert failed.refund is not None
        assert failed.refund.amount_fen == max(listed, 1) * 38_000
        assert (failed.reason_code, failed.cash_recalled) == ("IMPORT_FAILED", False)
        assert failed.reasons[-1].text == "完善信息后仍未导入，退还缴款"

    def test_nobody_else_has_a_receipt_recalled(self) -> None:
        assert decide(LUOSHAN, _person(self._DAY), (), CasePayment(self._DAY)).cash_recalled is False

    def test_an_unknown_amount_of_somebody_refused_is_not_guessed(self) -> None:
        day = date(2024, 3, 1)
        after = Aftermath(import_failed=True)
        refused = decide(LUOSHAN, _person(day), (), CasePayment(day, Channel.VILLAGE_CASH), after)
        assert (refused.reason_code, refused.refund, refused.cash_recalled) == ("WINDOW_CLOSED", None, False)


class TestRefunds:
    _DAY = date(2021, 11, 1)
    _COVERED = CoverPeriod(date(2022, 1, 1), date(2022, 12, 31))

    def _judge(self, reason: RefundReason, asked_on: date, *paid: tuple[date, int]) -> tuple[bool, EnrolmentStatus]:
        decision = decide(SHANTOU, _person(self._DAY), (), CasePayment(self._DAY))
        assert decision.terms is not None
        payments = [PaidAmount(day, fen, Channel.WECHAT) for day, fen in paid]
        found = judge_refund(SHANTOU, RefundRequest(reason, asked_on), decision.terms, self._COVERED, payments, 32_000)
        return found.allowed, found.status

    @pytest.mark.parametrize(
        ("fen", "allowed"),
        [(0, False), (31_999, False), (32_000, False), (32_001, True), (64_000, True)],
    )
    def test_only_what_is_beyond_the_due_was_paid_twice(self, fen: int, allowed: bool) -> None:
        asked_on = date(2021, 12, 1)
        assert self._judge(RefundReason.DUPLICATE_PAYMENT, asked_on, (self._DAY, fen)) == (
            allowed,
            EnrolmentStatus.PAID,
        )

    def test_without_any_payment_nothing_was_paid_twice(self) -> None:
        assert self._judge(RefundReason.DUPLICATE_PAYMENT, date(2021, 12, 1)) == (False, EnrolmentStatus.PAID)

    @pytest.mark.parametrize(
        ("asked_on", "status"),
        [
            (date(2021, 12, 31), EnrolmentStatus.PAID),
            (date(2022, 1, 1), EnrolmentStatus.ACTIVE),
            (date(2022, 6, 1), EnrolmentStatus.ACTIVE),
        ],
    )
    def test_a_changed_mind_changes_nothing(self, asked_on: date, status: EnrolmentStatus) -> None:
        assert self._judge(RefundReason.CHANGED_MIND, asked_on, (self._DAY, 32_000)) == (False, status)

    @pytest.mark.parametrize(
        ("asked_on", "allowed"), [(date(2021, 12, 31), True), (date(2022, 1, 1), False), (date(2022, 3, 1), False)]
    )
    def test_insurance_elsewhere_counts_until_the_day_before_the_cover(self, asked_on: date, allowed: bool) -> None:
        assert self._judge(RefundReason.RESIDENT_INSURANCE_ELSEWHERE, asked_on, (self._DAY, 32_000))[0] is allowed

    @pytest.mark.parametrize(
        ("asked_on", "allowed"),
        [(date(2022, 1, 30), True), (date(2022, 1, 31), False), (date(2022, 2, 20), False), (date(2021, 12, 20), True)],
    )
    def test_a_local_deadline_counts_from_the_first_covered_day(self, asked_on: date, allowed: bool) -> None:
        pack = replace(SHANTOU, refunds=replace(SHANTOU.refunds, days_to_apply=30))
        terms = decide(pack, _person(self._DAY), (), CasePayment(self._DAY)).terms
        assert terms is not None
        request = RefundRequest(RefundReason.RESIDENT_INSURANCE_ELSEWHERE, asked_on, happened_on=date(2021, 12, 15))
        paid = [PaidAmount(self._DAY, 32_000, Channel.WECHAT)]
        found = judge_refund(pack, request, terms, self._COVERED, paid, 32_000)
        assert found.allowed is allowed
        assert [reason.won for reason in found.reasons] == [allowed]

    @pytest.mark.parametrize(("asked_on", "allowed"), [("2022-12-31", True), ("2023-01-01", False)])
    def test_without_a_local_deadline_the_benefit_year_is_one(self, asked_on: str, allowed: bool) -> None:
        terms = decide(SHANTOU, _person(self._DAY), (), CasePayment(self._DAY)).terms
        assert terms is not None
        asked = date.fromisoformat(asked_on)
        elsewhere = RefundRequest(RefundReason.RESIDENT_INSURANCE_ELSEWHERE, asked, happened_on=date(2021, 12, 15))
        assert judge_refund(SHANTOU, elsewhere, terms, self._COVERED, (), 32_000).allowed is allowed
        twice = [PaidAmount(self._DAY, 32_000, Channel.WECHAT), PaidAmount(self._DAY, 32_000, Channel.ALIPAY)]
        duplicate = RefundRequest(RefundReason.DUPLICATE_PAYMENT, asked)
        assert judge_refund(SHANTOU, duplicate, terms, self._COVERED, twice, 64_000).allowed is allowed

    def test_each_payment_beyond_the_due_is_its_own_event_and_a_double_charge_none(self) -> None:
        terms = decide(SHANTOU, _person(self._DAY), (), CasePayment(self._DAY)).terms
        assert terms is not None
        late = date(2022, 1, 5)
        paid = [
            PaidAmount(self._DAY, 32_000, Channel.WECHAT),
            PaidAmount(date(2021, 12, 31), 10_000, Channel.ALIPAY),
            PaidAmount(late, 32_000, Channel.ALIPAY),
            PaidAmount(late, 32_000, Channel.ALIPAY),
        ]
        request = RefundRequest(RefundReason.DUPLICATE_PAYMENT, date(2022, 1, 10))
        found = judge_refund(SHANTOU, request, terms, self._COVERED, paid, 106_000)
        assert (found.allowed, found.amount_fen) == (True, 42_000), "what came after cover began stays, but once"
        assert [reason.won for reason in found.reasons] == [True]
        only = judge_refund(SHANTOU, request, terms, self._COVERED, [paid[0], *paid[2:]], 96_000)
        assert (only.amount_fen, only.reasons[0].basis) == (32_000, SHANTOU.settings.double_charge)
        none = judge_refund(
            SHANTOU, request, terms, self._COVERED, [paid[0], paid[2], replace(paid[2], on=date(2022, 1, 6))], 96_000
        )
        assert (none.allowed, none.status) == (False, EnrolmentStatus.ACTIVE)
        assert none.reasons[0].text == "2022-01-05多缴，待遇已开始享受"
        late_asked = replace(request, asked_on=date(2023, 1, 1))
        too_late = judge_refund(SHANTOU, late_asked, terms, self._COVERED, paid[:2], 42_000)
        assert too_late.reasons[0].text == "2023-01-01申请，已过受理期限"
