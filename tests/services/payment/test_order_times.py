"""How long an order lives and when the channel is asked about it: real time, and never past its price's last day."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from services.payment.channels.adapter import ChannelConnection
from services.payment.channels.prepayment import TradeType
from services.payment.channels.wechat.client import WechatClient
from services.payment.channels.wechat.keys import load_merchant
from services.payment.orders import pace
from services.payment.orders.life import expiry, next_question
from shared.domain.clock import SystemClock
from shared.settings import Settings
from tests.harness.wechat_peer import merchant

OPENED = datetime(2023, 10, 8, 2, 0, 0, 500_000, tzinfo=UTC)  # ten in the morning
TODAY, LAST = date(2023, 10, 8), date(2023, 12, 31)
TWO_HOURS = timedelta(hours=2)


def ends(*, opened: datetime = OPENED, life: timedelta = TWO_HOURS, today: date = TODAY, last: date = LAST) -> str:
    return f"{expiry(opened, life, today, last).astimezone(UTC):%m-%d %H:%M:%S}"


async def test_the_settings_say_how_long_each_trade_type_can_be_paid(tmp_path: Path) -> None:
    """WeChat's own figures unless somebody sets others."""
    async with httpx.AsyncClient() as http:
        connection = ChannelConnection(http, SystemClock(), "411521", Settings())
        offered = WechatClient(load_merchant(merchant(tmp_path)), connection).lives
    minutes = {trade_type: life.total_seconds() / 60 for trade_type, life in offered.items()}
    assert minutes == {TradeType.NATIVE: 120, TradeType.JSAPI: 120, TradeType.H5: 5}


def test_an_order_lives_in_real_time_by_whole_seconds() -> None:
    assert ends() == "10-08 04:00:00"
    assert ends(life=timedelta(minutes=5)) == "10-08 02:05:00"


def test_an_order_ends_with_the_last_day_of_its_price() -> None:
    """Paid at 23:59:59 of that day is paid on it."""
    late = datetime(2023, 10, 8, 15, 30, tzinfo=UTC)
    assert ends(opened=late, last=TODAY) == "10-08 15:59:59"
    assert ends(opened=late, last=TODAY + timedelta(days=1)) == "10-08 17:30:00"


def test_in_a_rehearsal_the_clock_ends_no_business_day() -> None:
    """The installation's date stands in December while it is October outside: midnight outside says nothing."""
    late = datetime(2023, 10, 8, 15, 30, tzinfo=UTC)
    assert ends(opened=late, today=LAST, last=LAST) == "10-08 17:30:00"


@pytest.mark.parametrize(
    ("asked", "next_at"),
    [(0, 1), (0.99, 1), (1, 3), (2.5, 3), (3, 5), (5, 10), (10, 20), (19.9, 20), (20, 30), (115, 120)],
)
def test_an_open_order_is_asked_about_as_the_channel_advises(asked: float, next_at: float) -> None:
    expires_at = OPENED + timedelta(hours=3)
    found = next_question(OPENED, expires_at, OPENED + timedelta(minutes=asked))
    assert (found - OPENED) / timedelta(minutes=1) == next_at


def test_its_end_is_the_last_time() -> None:
    expires_at = expiry(OPENED, TWO_HOURS, TODAY, LAST)
    found = next_question(OPENED, expires_at, expires_at - timedelta(minutes=1))
    assert found == expires_at + timedelta(seconds=1), "a payment of that very second is in time"


class TestPace:
    def test_a_merchant_that_was_never_asked_has_a_seconds_worth(self) -> None:
        assert pace.allowance(pace.fresh(OPENED), OPENED, 20)[0] == 20

    def test_what_was_asked_in_the_last_second_counts(self) -> None:
        free, began = pace.allowance(pace.fresh(OPENED), OPENED, 20)
        later = OPENED + timedelta(milliseconds=500)
        assert pace.allowance(pace.used(began, free, 20), OPENED, 20)[0] == 0
        assert pace.allowance(pace.used(began, free, 20), later, 20)[0] == 10

    def test_an_idle_hour_is_no_reason_for_a_burst(self) -> None:
        assert pace.allowance(OPENED - timedelta(hours=1), OPENED, 20)[0] == 20

    def test_a_clock_that_was_set_back_holds_nobody_up(self) -> None:
        assert pace.allowance(OPENED + timedelta(hours=1), OPENED, 20) == (0, OPENED)
        later = OPENED + timedelta(seconds=1)
        assert pace.allowance(OPENED, later, 20)[0] == 20

    @pytest.mark.parametrize(("per_second", "in_parallel", "pause_s"), [(1, 8, 1), (20, 8, 0.25), (1_000, 24, 0.25)])
    def test_nothing_of_the_rate_is_lost_by_looking_late_or_waiting_for_answers(
        self, per_second: int, in_parallel: int, pause_s: float
    ) -> None:
        """E1: at 20 questions in a second 11 were asked: the job looked every two seconds, and one second counts."""
        assert pace.in_parallel(per_second) == in_parallel
        assert pace.pause_s(per_second) == pause_s
        used_until = pace.used(OPENED, 1, per_second)
        looked_again = OPENED + timedelta(seconds=pause_s)
        assert pace.allowance(used_until, looked_again + timedelta(seconds=1 / per_second), per_second)[0] >= 1
        assert timedelta(seconds=pause_s) <= timedelta(seconds=1), "what is free for longer is gone"
