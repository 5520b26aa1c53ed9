"""Named queries on the versions of merchants. Versions are added; nothing changes or deletes one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.merchants.state import MAX_MERCHANTS, MerchantStatement, MerchantStep, MerchantVersion
from shared.database.row import fetch_all, fetch_one, select_into


@dataclass(frozen=True, slots=True)
class _Row:
    id: UUID
    channel: str
    merchant_id: str
    version: int
    step: str
    mechanism: str
    appid: str
    collects_for: str
    takes_orders: bool
    settings: str
    secrets: str
    keys: str
    approval_id: UUID
    approved_on: date

    def version_of(self) -> MerchantVersion:
        stated = MerchantStatement(
            channel=self.channel,
            merchant_id=self.merchant_id,
            appid=self.appid,
            collects_for=self.collects_for,
            takes_orders=self.takes_orders,
            settings=orjson.loads(self.settings),
            secrets=orjson.loads(self.secrets),
            keys=orjson.loads(self.keys),
        )
        return MerchantVersion(
            id=self.id,
            version=self.version,
            step=MerchantStep(self.step),
            mechanism=self.mechanism,
            stated=stated,
            approval_id=self.approval_id,
            approved_on=self.approved_on,
        )


_TEXTS = {"settings": "settings::text", "secrets": "secrets::text", "keys": "keys::text"}
_IN_FORCE = select_into(
    _Row,
    """
    SELECT DISTINCT ON (channel, merchant_id) {fields} FROM merchant_version
    ORDER BY channel, merchant_id, version DESC LIMIT :limit
    """,
    **_TEXTS,
)
_NEWEST = select_into(
    _Row,
    """
    SELECT {fields} FROM merchant_version WHERE channel = :channel AND merchant_id = :merchant_id
    ORDER BY version DESC LIMIT 1
    """,
    **_TEXTS,
)
_HISTORY = select_into(
    _Row,
    """
    SELECT {fields} FROM merchant_version
    WHERE channel = :channel AND merchant_id = :merchant_id AND version > :after ORDER BY version LIMIT :limit
    """,
    **_TEXTS,
)
# Two approvals that build on the same version: one of them adds the next, and the other finds that it is there.
_ADD = text(
    """
    INSERT INTO merchant_version (id, channel, merchant_id, version, step, mechanism, appid, collects_for, takes_orders,
                                  settings, secrets, keys, approval_id, approved_on, region)
    VALUES (:id, :channel, :merchant_id, :version, :step, :mechanism, :appid, :collects_for, :takes_orders,
            CAST(:settings AS jsonb), CAST(:secrets AS jsonb), CAST(:keys AS jsonb), :approval_id, :approved_on,
            :region)
    ON CONFLICT (channel, merchant_id, version) DO NOTHING RETURNING id
    """
)


async def in_force(session: AsyncSession) -> Sequence[MerchantVersion]:
    """The newest version of each merchant."""
    rows = await fetch_all(session, _IN_FORCE, _Row, {"limit": MAX_MERCHANTS})
    return [each.version_of() for each in rows]


async def newest(session: AsyncSession, channel: str, merchant_id: str) -> MerchantVersion | None:
    """The newest version of one merchant."""
    row = await fetch_one(session, _NEWEST, _Row, {"channel": channel, "merchant_id": merchant_id})
    return None if row is None else row.version_of()


async def history(
    session: AsyncSession, channel: str, merchant_id: str, *, after: int, limit: int
) -> Sequence[MerchantVersion]:
    """A page of a merchant's versions, oldest first."""
    asked = {"channel": channel, "merchant_id": merchant_id, "after": after, "limit": limit}
    return [each.version_of() for each in await fetch_all(session, _HISTORY, _Row, asked)]


async def add(session: AsyncSession, version: MerchantVersion, region: str) -> bool:
    """Add a version; False where another one of its number stands."""
    stated = version.stated
    row = {
        "id": version.id,
        "channel": stated.channel,
        "merchant_id": stated.merchant_id,
        "version": version.version,
        "step": version.step.value,
        "mechanism": version.mechanism,
        "appid": stated.appid,
        "collects_for": stated.collects_for,
        "takes_orders": stated.takes_orders,
        "settings": orjson.dumps(stated.settings).decode(),
        "secrets": orjson.dumps(stated.secrets).decode(),
        "keys": orjson.dumps(stated.keys).decode(),
        "approval_id": version.approval_id,
        "approved_on": version.approved_on,
        "region": region,
    }
    return (await session.execute(_ADD, row)).one_or_none() is not None
