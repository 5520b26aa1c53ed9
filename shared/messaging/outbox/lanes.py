"""Lanes of the outbox: each has one holder at a time, by a lease that the database's clock ends.

An advisory lock would be no lease: a stopped process keeps it. Each new holder raises the lane's token; a relay with
an older one may still send records, which consumers recognise, but can no longer mark them.
"""

from collections.abc import Collection
from time import monotonic
from typing import Any

from sqlalchemy import Result, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.engine import Database
from shared.domain.ids import new_id

LEASE_S = 15.0

_PRESENT = text(
    """
    INSERT INTO relay_member (owner, expires_at) VALUES (:me, clock_timestamp() + make_interval(secs => :lease_s))
    ON CONFLICT (owner) DO UPDATE SET expires_at = EXCLUDED.expires_at
    """
)
_FORGET = text(
    """
    DELETE FROM relay_member WHERE owner IN (
        SELECT owner FROM relay_member WHERE expires_at < clock_timestamp() ORDER BY owner LIMIT 100
        FOR UPDATE SKIP LOCKED)
    """
)
_SHARE = text(
    """
    SELECT CAST(ceil((SELECT count(*) FROM relay_lane) / CAST(count(*) AS numeric)) AS integer)
    FROM relay_member WHERE expires_at >= clock_timestamp()
    """
)
_RENEW = text(
    """
    WITH kept AS (
        SELECT lane FROM relay_lane WHERE owner = :me ORDER BY lane LIMIT :share FOR UPDATE
    )
    UPDATE relay_lane l SET expires_at = clock_timestamp() + make_interval(secs => :lease_s)
    FROM kept WHERE l.lane = kept.lane
    RETURNING l.lane, l.token
    """
)
_RELEASE = text(
    """
    WITH given AS (
        SELECT lane FROM relay_lane WHERE owner = :me AND lane <> ALL (CAST(:kept AS integer[]))
        ORDER BY lane FOR UPDATE
    )
    UPDATE relay_lane l SET owner = NULL, expires_at = '-infinity' FROM given WHERE l.lane = given.lane
    """
)
_TAKE = text(
    """
    WITH free AS (
        SELECT lane FROM relay_lane WHERE owner IS NULL OR (owner <> :me AND expires_at < clock_timestamp())
        ORDER BY lane LIMIT :wanted FOR UPDATE SKIP LOCKED
    )
    UPDATE relay_lane l
    SET owner = :me, token = l.token + 1, expires_at = clock_timestamp() + make_interval(secs => :lease_s)
    FROM free WHERE l.lane = free.lane
    RETURNING l.lane, l.token
    """
)
_SEIZE = text(
    """
    WITH before AS (
        SELECT lane, owner IS NOT NULL AND expires_at >= clock_timestamp() AS busy FROM relay_lane
        ORDER BY lane FOR UPDATE
    )
    UPDATE relay_lane l
    SET owner = :me, token = l.token + 1, expires_at = clock_timestamp() + make_interval(secs => :lease_s)
    FROM before WHERE l.lane = before.lane
    RETURNING before.busy
    """
)
_LEAVE = text("DELETE FROM relay_member WHERE owner = :me")


class Lanes:
    """The lanes that one relay holds: its fair share of all."""

    def __init__(self, database: Database, region: str, lease_s: float = LEASE_S) -> None:
        self.owner = new_id()
        self._database, self._region, self._lease_s = database, region, lease_s
        self._tokens: dict[int, int] = {}
        self._renewed = float("-inf")

    @property
    def held(self) -> dict[int, int]:
        """Lane → token, as of the last renewal; empty once the lease must be taken to have ended."""
        return self._tokens if self.age_s < self._lease_s else {}

    @property
    def age_s(self) -> float:
        """Seconds since the leases were asked for; the database counts from a moment later."""
        return monotonic() - self._renewed

    @property
    def due(self) -> bool:
        """Whether it is time to renew; one renewal may fail."""
        return self.age_s > self._lease_s / 4

    async def renew(self) -> None:
        """Stay present, keep a fair share of the lanes, give up what is more and take what is free."""
        asked = monotonic()
        me = {"me": self.owner, "lease_s": self._lease_s}
        async with self._database.transaction(self._region) as session:
            await session.execute(_FORGET)
            await session.execute(_PRESENT, me)
            share: int = (await session.execute(_SHARE)).scalar_one()
            tokens = _tokens(await session.execute(_RENEW, me | {"share": share}))
            await self._release(session, tokens)
            if len(tokens) < share:
                tokens |= _tokens(await session.execute(_TAKE, me | {"wanted": share - len(tokens)}))
        self._tokens, self._renewed = tokens, asked

    async def seize(self) -> bool:
        """Take every lane from whichever process holds it; whether one did: then something may still be on its way.

        Nothing is marked by an earlier holder from now on, and nothing sent once its lease has ended.
        """
        async with self._database.transaction(self._region) as session:
            taken = (await session.execute(_SEIZE, {"me": self.owner, "lease_s": self._lease_s})).scalars().all()
        return any(taken)

    async def leave(self) -> None:
        """Give up every lane, so that another relay need not wait for the lease to end."""
        self._tokens = {}
        async with self._database.transaction(self._region) as session:
            await session.execute(_LEAVE, {"me": self.owner})
            await self._release(session, ())

    async def _release(self, session: AsyncSession, kept: Collection[int]) -> None:
        await session.execute(_RELEASE, {"me": self.owner, "kept": list(kept)})


def _tokens(rows: Result[Any]) -> dict[int, int]:
    return {row.lane: row.token for row in rows}
