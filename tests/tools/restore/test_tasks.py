"""For every kind of fact it is stated what becomes of it when it is lost."""

from services.composition import WITH_DATABASE
from shared.contracts.event import EVENT_TYPES
from tools.restore.tasks import ALSO, KINDS, kind_of


def test_every_event_that_a_service_announces_is_listed() -> None:
    announced = {name for name, kind in EVENT_TYPES.items() if kind.__module__.startswith("shared.contracts")}
    assert announced <= set(KINDS)
    assert set(ALSO) == set(WITH_DATABASE)


def test_money_through_a_channel_is_asked_for_and_cash_is_entered_again() -> None:
    assert not kind_of("payment.contribution_paid.v1", {"channel": "WECHAT"}).kept
    assert kind_of("payment.contribution_paid.v1", {"channel": "VILLAGE_CASH"}).zh


def test_of_a_kind_that_nobody_knows_a_person_decides() -> None:
    assert kind_of("registration.something_new.v9", {}).kept
