"""Beginning an epoch: a database that was restored to earlier counts on in a new one, and keeps what it has lost.

What others know of the lost window lies on the bus. It is written down here, so that orders can be asked about and
people can see what to enter again, however long that takes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.bulk import ColumnMap, insert_rows
from shared.database.row import fetch_all, select_into
from shared.messaging.bus.envelope import Envelope
from shared.messaging.bus.protocol import Incoming

AT_ONCE: Final = 2_000


@dataclass(frozen=True, slots=True)
class LostEvent:
    """An event that this service announced and that its restored database does not know."""

    id: UUID
    event: str
    key: UUID
    epoch: int
    seq: int
    region: str
    benefit_year: int | None
    person_token: str | None
    actor: str
    recorded_at: datetime
    payload: Mapping[str, Any]

    @classmethod
    def of(cls, envelope: Envelope, record: Incoming) -> "LostEvent":
        """As it lies on the bus; what is no JSON object is kept without its content."""
        try:
            payload = orjson.loads(record.value or b"{}")
        except orjson.JSONDecodeError:
            payload = {}
        if not isinstance(payload, dict):
            payload = {}
        token = payload.get("person_token")
        return cls(
            envelope.id,
            envelope.event,
            envelope.key,
            envelope.epoch,
            envelope.seq,
            envelope.region,
            envelope.benefit_year,
            token if isinstance(token, str) else None,
            envelope.trace.actor,
            envelope.occurred_at,
            payload,
        )


@dataclass(frozen=True, slots=True)
class Beginning:
    """Why an epoch begins: by whom, to which moment the database was restored, and which heads are abandoned."""

    began_by: str
    because: str
    restored_to: datetime
    abandoned: Mapping[str, Sequence[Mapping[str, Any]]]


_LOST = ColumnMap[LostEvent](
    {
        "id": "uuid",
        "event": "text",
        "key": "uuid",
        "epoch": "integer",
        "seq": "bigint",
        "region": "text",
        "benefit_year": "integer",
        "person_token": "text",
        "actor": "text",
        "recorded_at": "timestamptz",
        "payload": ("json", lambda lost: orjson.dumps(lost.payload).decode()),
    }
)
_KEEP = insert_rows(
    "lost_event", _LOST, given={"lost_in": "integer"}, order_by="n.id", then="ON CONFLICT (id) DO NOTHING"
)
# Each announcement holds the table until its commit: none is under way when an epoch begins, and none begins.
_LOCK = text("LOCK TABLE epoch IN ACCESS EXCLUSIVE MODE")
_BEGIN = text(
    """
    INSERT INTO epoch (epoch, began_by, because, restored_to, abandoned)
    SELECT max(epoch) + 1, :began_by, :because, :restored_to, CAST(:abandoned AS jsonb) FROM epoch
    RETURNING epoch
    """
)
_CURRENT = text("SELECT max(epoch) FROM epoch")
# What was announced since the restoration bears numbers of the epoch that was abandoned, and was not sent.
_MOVE = text(
    """
    WITH moved AS (
        INSERT INTO outbox_moved (id, epoch)
        SELECT id, :epoch FROM outbox
        WHERE published_at IS NULL AND id <> ALL (CAST(:on_the_bus AS uuid[])) ORDER BY id
        ON CONFLICT (id) DO NOTHING RETURNING id
    ), counted AS (
        UPDATE aggregate SET epoch = :epoch
        FROM (SELECT DISTINCT o.key FROM moved JOIN outbox o ON o.id = moved.id) AS m WHERE aggregate.id = m.key
    )
    SELECT count(*) FROM moved
    """
)
_LAST_RECORDED = text("SELECT coalesce(max(recorded_at), clock_timestamp()) FROM outbox WHERE published_at IS NOT NULL")
_WAITING = select_into(
    LostEvent,
    """
    SELECT {fields} FROM lost_event
    WHERE settled_at IS NULL AND event = ANY (CAST(:events AS text[])) AND id > :after
    ORDER BY id LIMIT :limit
    """,
)
_EVERY = select_into(
    LostEvent, "SELECT {fields} FROM lost_event WHERE settled_at IS NULL AND id > :after ORDER BY id LIMIT :limit"
)
_KEYS = text(
    """
    SELECT DISTINCT key FROM lost_event WHERE event = :event AND settled_at IS NULL AND key > :after
    ORDER BY key LIMIT :limit
    """
)
_OF_KEYS = select_into(
    LostEvent,
    """
    SELECT {fields} FROM lost_event
    WHERE event = :event AND settled_at IS NULL AND key = ANY(CAST(:keys AS uuid[])) ORDER BY key, epoch, seq
    """,
)
# Made good is what happened again, to the same and of the same kind; targets have a number of their own each time.
_MADE_GOOD = text(
    """
    UPDATE lost_event SET settled_at = now(), settled_because = 'ANNOUNCED_AGAIN'
    WHERE settled_at IS NULL AND (
        EXISTS (
            SELECT FROM outbox AS again
            WHERE again.key = lost_event.key AND again.event = lost_event.event
              AND again.recorded_at > lost_event.recorded_at)
        OR event = 'quota.targets_published.v1' AND EXISTS (
            SELECT FROM outbox AS again
            WHERE again.event = lost_event.event AND again.recorded_at > lost_event.recorded_at
              AND again.benefit_year = lost_event.benefit_year
              AND again.payload ->> 'document' = lost_event.payload ->> 'document'))
    """
)
_ABOUT = select_into(
    LostEvent,
    """
    SELECT {fields}
    FROM unnest(CAST(:tokens AS text[]), CAST(:years AS integer[])) AS n (token, year)
    JOIN lost_event ON lost_event.person_token = n.token AND lost_event.benefit_year = n.year
     AND lost_event.event = :event AND lost_event.settled_at IS NULL
    ORDER BY recorded_at DESC, id DESC
    """,
)
_SETTLE_ABOUT = text(
    """
    UPDATE lost_event SET settled_at = now(), settled_because = :because
    FROM unnest(CAST(:keys AS uuid[]), CAST(:events AS text[])) AS n (key, event)
    WHERE lost_event.key = n.key AND lost_event.event = n.event AND lost_event.settled_at IS NULL
    """
)


async def current_epoch(session: AsyncSession) -> int:
    """The epoch in which this database announces."""
    return int((await session.execute(_CURRENT)).scalar_one())


async def last_recorded(session: AsyncSession) -> datetime:
    """When the last event was recorded that this database knows to be sent: until then it was restored."""
    moment: datetime = (await session.execute(_LAST_RECORDED)).scalar_one()
    return moment


async def lock_announcing(session: AsyncSession) -> None:
    """Wait until nobody announces, and let nobody announce until the transaction ends."""
    await session.execute(_LOCK)


async def begin_epoch(session: AsyncSession, beginning: Beginning) -> int:
    """Begin the next epoch, as the owner of the tables; answers its number."""
    values = {
        "began_by": beginning.began_by,
        "because": beginning.because,
        "restored_to": beginning.restored_to,
        "abandoned": orjson.dumps(beginning.abandoned).decode(),
    }
    return int((await session.execute(_BEGIN, values)).scalar_one())


async def move_unsent(session: AsyncSession, epoch: int, on_the_bus: Collection[UUID]) -> int:
    """Let what was announced since the restoration count in the epoch that begins; answers how many events."""
    return int((await session.execute(_MOVE, {"epoch": epoch, "on_the_bus": sorted(on_the_bus)})).scalar_one())


async def keep_lost(session: AsyncSession, epoch: int, lost: Sequence[LostEvent]) -> None:
    """Write down what this database has lost."""
    for start in range(0, len(lost), AT_ONCE):
        await session.execute(_KEEP, _LOST.arrays(lost[start : start + AT_ONCE]) | {"lost_in": epoch})


async def waiting_lost(
    session: AsyncSession, events: Sequence[str] | None = None, *, after: UUID = UUID(int=0), limit: int = AT_ONCE
) -> list[LostEvent]:
    """Lost events that nobody has made good yet, by id; of these kinds, or of all."""
    asked: dict[str, Any] = {"after": after, "limit": limit}
    if events is None:
        return await fetch_all(session, _EVERY, LostEvent, asked)
    return await fetch_all(session, _WAITING, LostEvent, asked | {"events": list(events)})


async def lost_keys(session: AsyncSession, event: str, *, after: UUID, limit: int = AT_ONCE) -> list[UUID]:
    """The next keys of which events of one kind were lost that nobody has made good."""
    return list((await session.execute(_KEYS, {"event": event, "after": after, "limit": limit})).scalars())


async def lost_of(session: AsyncSession, event: str, keys: Sequence[UUID]) -> list[LostEvent]:
    """The lost events of one kind of these keys that nobody has made good, by key and in their order."""
    return await fetch_all(session, _OF_KEYS, LostEvent, {"event": event, "keys": keys})


async def settle_lost(session: AsyncSession, facts: Collection[tuple[UUID, str]], because: str) -> None:
    """Note that what was lost, by its key and its event's name, was made good."""
    if facts:
        keys, events = zip(*sorted(facts), strict=True)
        await session.execute(_SETTLE_ABOUT, {"keys": list(keys), "events": list(events), "because": because})


async def settle_made_good(session: AsyncSession) -> None:
    """Note which lost events have happened again."""
    await session.execute(_MADE_GOOD)


async def lost_about(
    session: AsyncSession, event: str, people: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], LostEvent]:
    """The lost events of one kind about these people and years.

    Of several about one person the first is answered, as it is the one that others have known for longest.
    """
    values = {"event": event, "tokens": [token for token, _ in people], "years": [year for _, year in people]}
    found = await fetch_all(session, _ABOUT, LostEvent, values)
    return {(lost.person_token or "", lost.benefit_year or 0): lost for lost in found}
