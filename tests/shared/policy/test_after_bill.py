"""After the bill: what counts for a paid day, then death, work and withdrawal around the first covered day."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from shared.policy.after_bill import BilledSchedule, Happening, counting_for, what_follows
from shared.policy.facts import Certified, Facts
from shared.policy.loader import load_pack
from shared.policy.pack import Pack
from shared.policy.schedule import schedule
from shared.policy.vocabulary import EnrolmentStatus, Funder, Identity

AMOUNTS = Path(__file__).parents[3] / "deploy/counties/luoshan-2024/example-amounts.yaml"
LUOSHAN, SHANTOU = load_pack("luoshan-2024", overrides=AMOUNTS), load_pack("shantou-2022")
DIBAO = (Certified(Identity.DIBAO, date(2023, 11, 20)),)
NOVEMBER, DECEMBER, JANUARY = date(2023, 11, 10), date(2023, 12, 31), date(2024, 1, 1)


def _facts(day: date, **facts: object) -> Facts:
    return Facts(birth_date=date(1980, 1, 1), registration_date=day, **facts)  # type: ignore[arg-type]


def _bill(pack: Pack, facts: Facts, held: tuple[Certified, ...] = (), paid_on: date | None = None) -> BilledSchedule:
    return BilledSchedule(schedule(pack, facts, held).rows, paid_on)


TONGHE = load_pack("tonghe-2023")


class TestCountingFor:
    """A paid bill is held against what its own day would cost with what counts today."""

    def test_what_was_certified_after_the_payment_counts_for_its_day(self) -> None:
        assert counting_for(DIBAO, NOVEMBER, date(2023, 11, 19)) == ()  # certified a day later
        (certified, again) = counting_for(DIBAO, NOVEMBER, date(2023, 11, 20))
        assert certified == DIBAO[0]
        assert (again.identity, again.counts_on(NOVEMBER)) == (Identity.DIBAO, True)

    def test_a_certificate_from_before_the_payment_counts_once(self) -> None:
        early = (Certified(Identity.DIBAO, date(2023, 10, 1)),)
        assert counting_for(early, NOVEMBER, DECEMBER) == early

    def test_what_is_withdrawn_by_today_does_not_count_for_the_day_of_payment(self) -> None:
        gone = (Certified(Identity.DIBAO, date(2023, 10, 1), date(2023, 12, 1)),)
        assert counting_for(gone, NOVEMBER, date(2023, 11, 30)) == gone
        assert counting_for(gone, NOVEMBER, date(2023, 12, 1)) == ()

    @pytest.mark.parametrize("today", [date(2022, 12, 1), date(2023, 7, 5), date(2023, 10, 5), date(2024, 2, 1)])
    def test_time_alone_changes_nothing_for_a_paid_day(self, today: date) -> None:
        paid_on, held = date(2022, 10, 1), (Certified(Identity.TEKUN, date(2022, 9, 1)), Certified(Identity.DIBAO))
        facts = _facts(paid_on)
        before, after = (schedule(TONGHE, facts, counting_for(held, paid_on, day), paid_on) for day in (paid_on, today))
        assert before == after


class TestBilledSchedule:
    def test_a_payment_outside_every_row_is_no_bill(self) -> None:
        with pytest.raises(ValueError, match="2024-02-01"):
            _ = _bill(LUOSHAN, _facts(NOVEMBER), paid_on=date(2024, 2, 1)).settled_row


class TestWhatFollows:
    @pytest.mark.parametrize("happening", Happening)
    def test_a_person_who_has_not_paid_is_enrolled_no_more(self, happening: Happening) -> None:
        found = what_follows(SHANTOU, _bill(SHANTOU, _facts(date(2021, 11, 1))), happening, DECEMBER, DECEMBER)
        assert (found.status, found.bill_ends, found.refund) == (EnrolmentStatus.TERMINATED, True, None)
        (reason,) = found.reasons
        assert reason.basis is not SHANTOU.refunds.basis, "that clause is about people who have paid"

    @pytest.mark.parametrize(
        "pack_id", ["luoshan-2024", "anon-city-2023", "tonghe-2023", "shantou-2022", "national-2025"]
    )
    def test_what_was_paid_goes_back_to_the_fen_until_the_day_before_the_first_covered_one(self, pack_id: str) -> None:
        root = AMOUNTS.parents[1] / pack_id / "example-amounts.yaml"
        pack = load_pack(pack_id, overrides=root if root.exists() else None)
        day = pack.windows[0].first
        bill = _bill(pack, _facts(day), (Certified(Identity.DIBAO, day),), day)
        paid = bill.settled_row
        assert paid is not None
        first = pack.benefit.first
        for happened, before in ((first - timedelta(1), True), (first, False)):
            found = what_follows(pack, bill, Happening.JOINED_EMPLOYEE_INSURANCE, happened, happened)
            assert found.refund is not None
            assert found.refund.allowed is before
            if before:
                assert found.refund.amount_fen == paid.terms.due_fen
                back = sum(share.amount_fen for share in found.refund.reversal)
                assert paid.terms.due_fen + back == paid.terms.standard_fen
                assert found.status is EnrolmentStatus.TERMINATED
            else:
                assert (found.refund.amount_fen, found.status) == (None, EnrolmentStatus.SUSPENDED)

    def test_where_nothing_was_due_the_registration_settled_it(self) -> None:
        day = date(2021, 11, 1)
        bill = _bill(SHANTOU, _facts(day), (Certified(Identity.TEKUN, date(2021, 9, 1)),), day)
        before = what_follows(SHANTOU, bill, Happening.JOINED_EMPLOYEE_INSURANCE, date(2021, 12, 1), date(2021, 12, 1))
        assert before.refund is not None
        assert (before.refund.amount_fen, sum(share.amount_fen for share in before.refund.reversal)) == (0, 32_000)
        begun = what_follows(SHANTOU, bill, Happening.JOINED_EMPLOYEE_INSURANCE, date(2022, 6, 1), date(2022, 6, 1))
        assert (begun.status, begun.refund and begun.refund.allowed) == (EnrolmentStatus.SUSPENDED, False)

    def test_the_day_of_the_event_counts_not_the_day_on_which_it_is_known(self) -> None:
        bill = _bill(SHANTOU, _facts(date(2021, 11, 1)), paid_on=date(2021, 11, 1))
        for happened, allowed in ((date(2021, 12, 31), True), (date(2022, 1, 1), False)):
            found = what_follows(SHANTOU, bill, Happening.INSURED_ELSEWHERE, happened, date(2022, 1, 20))
            assert found.refund is not None
            assert found.refund.allowed is allowed

    def test_the_dead_are_enrolled_no_more_whether_or_not_money_goes_back(self) -> None:
        bill = _bill(SHANTOU, _facts(date(2021, 11, 1)), paid_on=date(2021, 11, 1))
        for happened in (date(2021, 12, 31), date(2022, 6, 1)):
            assert what_follows(SHANTOU, bill, Happening.DIED, happened, happened).status is EnrolmentStatus.TERMINATED

    def test_who_changed_their_mind_gets_nothing_back_and_stays_enrolled(self) -> None:
        bill = _bill(SHANTOU, _facts(date(2021, 11, 1)), paid_on=date(2021, 11, 1))
        found = what_follows(SHANTOU, bill, Happening.WITHDREW, date(2021, 11, 2), date(2021, 11, 2))
        assert found.refund is not None
        assert (found.refund.allowed, found.status) == (False, EnrolmentStatus.PAID)

    def test_the_funders_get_their_shares_back(self) -> None:
        held = (Certified(Identity.DIBAO, date(2021, 9, 1)),)
        bill = _bill(SHANTOU, _facts(date(2021, 11, 1)), held, date(2021, 11, 1))
        found = what_follows(SHANTOU, bill, Happening.INSURED_ELSEWHERE, date(2021, 11, 5), date(2021, 11, 5))
        assert found.refund is not None
        assert {share.funder: share.amount_fen for share in found.refund.reversal} == {
            Funder.MEDICAL_ASSISTANCE_FUND: 28_000
        }
