"""For every kind of fact it is stated what becomes of it when it is lost."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.composition import WITH_DATABASE
from shared.contracts.event import EVENT_TYPES
from shared.domain.ids import new_id
from shared.messaging.outbox.epochs import LostEvent
from tools.restore.tasks import ALSO, KINDS, kind_of, tasks_of


def test_every_event_that_a_service_announces_is_listed() -> None:
    announced = {name for name, kind in EVENT_TYPES.items() if kind.__module__.startswith("shared.contracts")}
    assert announced <= set(KINDS)
    assert set(ALSO) == set(WITH_DATABASE)


def test_money_through_a_channel_is_asked_for_and_cash_is_entered_again() -> None:
    assert not kind_of("payment.contribution_paid.v1", {"channel": "WECHAT"}).kept
    assert kind_of("payment.contribution_paid.v1", {"channel": "VILLAGE_CASH"}).zh


def test_of_a_kind_that_nobody_knows_a_person_decides() -> None:
    assert kind_of("registration.something_new.v9", {}).kept


def _lost(name: str, minute: int, region: str = "411521101201", key: UUID | None = None, **payload: Any) -> LostEvent:
    return LostEvent(
        id=new_id(),
        event=f"payment.{name}.v1",
        key=key or new_id(),
        epoch=1,
        seq=minute,
        region=region,
        benefit_year=2024,
        person_token=None,
        actor="bank",
        recorded_at=datetime(2023, 10, 8, 12, minute, tzinfo=UTC),
        payload=payload,
    )


def test_what_people_typed_as_one_entry_is_one_task() -> None:
    """E1: a remittance of 2,000 lines is typed once; two receipts are two."""
    batch, other = new_id(), new_id()
    person = new_id()
    lost = [
        _lost(
            "contribution_paid", 1, enrolment_id=str(person), channel="VILLAGE_CASH", amount_fen=1, paid_on="2023-10-08"
        ),
        _lost("contribution_paid", 2, enrolment_id=str(batch), channel="WECHAT", amount_fen=5, paid_on="2023-10-08"),
        _lost("contribution_remitted", 5, batch_id=str(batch), amount_fen=10, remitted_on="2023-10-10"),
        _lost("contribution_remitted", 4, "411521102201", batch_id=str(batch), amount_fen=20, remitted_on="2023-10-10"),
        _lost("contribution_remitted", 3, batch_id=str(other), amount_fen=30, remitted_on="2023-10-10"),
        _lost("order_opened", 0),
    ]
    found = [(task.at.minute, task.region, task.about) for task in tasks_of(lost)]
    assert found == [
        (1, "411521101201", f"enrolment_id {person}, amount_fen 1, paid_on 2023-10-08"),
        (3, "411521101201", f"batch_id {other}, remitted_on 2023-10-10"),
        (4, "411521", f"batch_id {batch}, remitted_on 2023-10-10, 2 笔 · lines, 30 fen"),
    ]


def test_events_of_a_kind_that_names_no_entry_are_tasks_of_their_own() -> None:
    """Two cash returns to one person on one day are two signatures."""
    person = new_id()
    assert [
        task.about for task in tasks_of([_lost("cash_returned", 1, key=person), _lost("cash_returned", 2, key=person)])
    ] == [
        str(person),
        str(person),
    ]
