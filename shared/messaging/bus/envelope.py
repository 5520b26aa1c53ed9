"""What travels around an event: CloudEvents 1.0 attributes as headers (Kafka protocol binding, binary mode)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.contracts.event import Trace

# An epoch of the publisher, and a sequence number in the aggregate: the order of an aggregate's events.
Place = tuple[int, int]
BEFORE_ALL: Final[Place] = (0, 0)

_VERSION = "1.0"
_MOST_EPOCHS = 2**31


class MalformedEnvelope(ValueError):
    """The headers are not those of an event of ours."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The event's name, publisher, place among its aggregate's events, and cause.

    A publisher that was restored to an earlier state counts on in a new epoch: numbers come again, places do not.
    """

    id: UUID
    event: str
    publisher: str
    key: UUID
    seq: int
    region: str
    benefit_year: int | None
    occurred_at: datetime
    trace: Trace
    epoch: int = 1
    # The epoch of the event before it, where that is another.
    previous_epoch: int | None = None

    @property
    def place(self) -> Place:
        """Its place among its aggregate's events."""
        return (self.epoch, self.seq)

    @property
    def previous_place(self) -> Place:
        """The place of the event before it; of the first event one before all others."""
        return (self.previous_epoch or self.epoch, self.seq - 1) if self.seq > 1 else BEFORE_ALL


def to_headers(envelope: Envelope, installation: str) -> dict[str, str]:
    """The envelope as headers; what is absent has no header."""
    headers = {
        "content-type": "application/json",
        "ce_specversion": _VERSION,
        "ce_id": str(envelope.id),
        "ce_type": envelope.event,
        "ce_source": f"/canbao/{installation}/{envelope.publisher}",
        "ce_subject": str(envelope.key),
        "ce_time": envelope.occurred_at.isoformat(),
        "ce_sequence": str(envelope.seq),
        "ce_region": envelope.region,
        "ce_actor": envelope.trace.actor,
        "ce_correlationid": str(envelope.trace.correlation_id),
    }
    if envelope.benefit_year is not None:
        headers["ce_benefityear"] = str(envelope.benefit_year)
    if envelope.trace.causation_id is not None:
        headers["ce_causationid"] = str(envelope.trace.causation_id)
    if envelope.epoch > 1:
        headers["ce_epoch"] = str(envelope.epoch)
    if envelope.previous_epoch is not None:
        headers["ce_previousepoch"] = str(envelope.previous_epoch)
    return headers


def from_headers(headers: Mapping[str, str], publisher: str) -> Envelope:
    """The envelope of a record on a publisher's topic; refuses with MalformedEnvelope what is not whole."""
    try:
        version = headers["ce_specversion"]
        envelope = _read(headers)
    except KeyError as missing:
        raise MalformedEnvelope(f"the header {missing.args[0]} is missing") from None
    except ValueError:
        raise MalformedEnvelope("a header is not what it should be") from None
    if version != _VERSION:
        raise MalformedEnvelope(f"CloudEvents {_VERSION} is understood, not {version[:20]!r}")
    if "\0" in envelope.event + envelope.region + envelope.trace.actor:
        raise MalformedEnvelope("a header holds a NUL character, which no text column takes")
    if envelope.publisher != publisher or envelope.event.partition(".")[0] != publisher:
        raise MalformedEnvelope(f"an event of {envelope.publisher[:40]!r} lies in the topic of {publisher!r}")
    if envelope.seq < 1 or envelope.occurred_at.tzinfo is None:
        raise MalformedEnvelope("a sequence starts at 1 and an instant has a zone")
    if not 1 <= (envelope.previous_epoch or 1) <= envelope.epoch < _MOST_EPOCHS:
        raise MalformedEnvelope("an epoch starts at 1 and follows an earlier one")
    return envelope


def aggregate_and_place(headers: Mapping[str, str]) -> tuple[UUID, Place] | None:
    """The aggregate and place of a damaged envelope, so far as they can be read: events after it wait there."""
    try:
        key, seq, epoch = UUID(headers["ce_subject"]), int(headers["ce_sequence"]), int(headers.get("ce_epoch", "1"))
    except (KeyError, ValueError):
        return None
    return (key, (epoch, seq)) if 0 < seq < 2**63 and 0 < epoch < _MOST_EPOCHS else None


def _read(headers: Mapping[str, str]) -> Envelope:
    benefit_year = headers.get("ce_benefityear")
    causation = headers.get("ce_causationid")
    previous_epoch = headers.get("ce_previousepoch")
    return Envelope(
        id=UUID(headers["ce_id"]),
        event=headers["ce_type"],
        publisher=headers["ce_source"].rpartition("/")[2],
        key=UUID(headers["ce_subject"]),
        seq=int(headers["ce_sequence"]),
        region=headers["ce_region"],
        benefit_year=int(benefit_year) if benefit_year is not None else None,
        occurred_at=datetime.fromisoformat(headers["ce_time"]),
        trace=Trace(
            actor=headers["ce_actor"],
            correlation_id=UUID(headers["ce_correlationid"]),
            causation_id=UUID(causation) if causation is not None else None,
        ),
        epoch=int(headers.get("ce_epoch", "1")),
        previous_epoch=int(previous_epoch) if previous_epoch is not None else None,
    )
