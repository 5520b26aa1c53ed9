"""Writing raw notices: one statement per group, in the driver's own words, because this is the hottest path."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.payment.channels.wechat.notice import Notice
from shared.domain.ids import new_id

Insert = Callable[[Sequence["RawNotice"]], Awaitable[None]]

_COLUMNS: Final = {
    "id": "uuid",
    "channel": "text",
    "mchid": "text",
    "notify_id": "text",
    "source": "text",
    "envelope": "bytea",
    "serial": "text",
    "signed_at": "timestamptz",
    "event_type": "text",
    "kind": "text",
    "payee_mchid": "text",
    "payee_appid": "text",
    "order_no": "text",
    "transaction_id": "text",
    "refund_no": "text",
    "outcome": "text",
    "amount_fen": "bigint",
    "currency": "text",
    "succeeded_at": "timestamptz",
    "actor": "text",
    "correlation_id": "uuid",
}
_NAMES = ", ".join(_COLUMNS)
_ARRAYS = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(_COLUMNS.values(), start=2))
_INSERT = f"""
    INSERT INTO raw_notice ({_NAMES}, region)
    SELECT {_NAMES}, $1 FROM unnest({_ARRAYS}) AS new ({_NAMES})
    ON CONFLICT (channel, notify_id) DO NOTHING
"""  # noqa: S608 - constant columns


@dataclass(frozen=True, slots=True)
class RawNotice:
    """A channel's word as it came, with what our books need of it."""

    channel: str
    mchid: str
    source: str
    envelope: bytes
    serial: str
    signed_at: datetime
    notice: Notice

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same notice when the channel sends it again."""
        return self.channel, self.notice.notify_id

    def values(self) -> tuple[object, ...]:
        """Its row, in the order of the columns."""
        said = self.notice
        return (
            new_id(), self.channel, self.mchid, said.notify_id, self.source, self.envelope, self.serial, self.signed_at,
            said.event_type, said.kind, said.payee_mchid, said.payee_appid, said.order_no, said.transaction_id,
            said.refund_no, said.outcome, said.amount_fen, said.currency, said.succeeded_at,
            f"channel:{self.channel}", new_id(),
        )  # fmt: skip


async def prepare_insert(connection: AsyncConnection, region: str) -> Insert:
    """Make a connection the intake's own: it works in one region, each call is one statement with its own commit."""
    driver = (await connection.get_raw_connection()).driver_connection
    if driver is None:
        raise ConnectionError("the connection has no driver")
    await driver.execute("SELECT set_config('canbao.region', $1, false)", region)
    statement = await driver.prepare(_INSERT)

    async def insert(notices: Sequence[RawNotice]) -> None:
        await statement.fetch(region, *map(list, zip(*(notice.values() for notice in notices), strict=True)))

    return insert
