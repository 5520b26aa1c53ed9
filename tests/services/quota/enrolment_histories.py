"""People's histories as registration announces them, ready for quota's handlers or its intake."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from shared.contracts.event import Event, Received, Trace
from shared.contracts.registration import EnrolmentPaid, EnrolmentRegistered, EnrolmentTerminated, PersonFacts
from shared.domain.ids import new_id
from shared.messaging.bus.envelope import Envelope, to_headers
from shared.messaging.bus.protocol import Incoming, PartitionId

DAY = date(2023, 10, 9)
INSTANT = datetime(2023, 10, 9, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Person:
    """One enrolment: where, and how far it came."""

    village: str
    paid: bool = False
    terminated: bool = False
    benefit_year: int = 2024
    id: UUID = field(default_factory=new_id)

    def events(self) -> list[Event]:
        """What registration announces about it, in order."""
        known = {
            "enrolment_id": self.id,
            "person_token": self.id.hex,
            "region": self.village,
            "benefit_year": self.benefit_year,
        }
        history: list[Event] = [
            EnrolmentRegistered(**known, registered_on=DAY, facts=PersonFacts(birth_date=date(1990, 1, 1)))
        ]
        if self.paid:
            history.append(EnrolmentPaid(**known, paid_on=DAY, due_fen=38_000, basis="CONTRIBUTION"))
        if self.terminated:
            history.append(EnrolmentTerminated(**known, terminated_on=DAY, reason="MOVED_AWAY", was_paid=self.paid))
        return history

    def received(self) -> list[Received[Event]]:
        """The same, as handlers get it."""
        return [
            Received(event, new_id(), seq, "registration", INSTANT, Trace.start("clerk"))
            for seq, event in enumerate(self.events(), start=1)
        ]


def as_record(received: Received[Event], offset: int) -> Incoming:
    """An event as it lies on a bus."""
    envelope = Envelope(
        id=received.id,
        event=received.event.name,
        publisher="registration",
        key=received.event.key,
        seq=received.seq,
        region=received.event.region,
        benefit_year=received.event.benefit_year,
        occurred_at=received.occurred_at,
        trace=received.trace,
    )
    return Incoming(
        partition_id=PartitionId("registration", 0),
        offset=offset,
        key=received.event.key.bytes,
        headers=to_headers(envelope, "local"),
        value=received.event.model_dump_json().encode(),
    )
