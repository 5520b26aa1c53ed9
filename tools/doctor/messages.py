"""Messages: who relays, what waits to be sent, what could not be taken in."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.messaging.topics.stats import bus_stats_in
from tools.doctor.findings import DatabaseCheck, Finding, FindingType, OpenDatabase

_SLOW_S, _STUCK_S = 30.0, 300.0

LANES = FindingType(
    "LANES", "ok", "{lanes} 条通道由 {holders} 个中继持有", "{lanes} lanes are held by {holders} relay(s)"
)
LANES_IDLE = FindingType(
    "LANES_IDLE",
    "warn",
    "没有中继在工作，{free} 条通道无人持有。",
    "No relay works here: {free} lanes are held by nobody.",
    "启动 canbao serve {service} --role work（或 canbao up）。",
    "Start canbao serve {service} --role work (or canbao up).",
)
LANES_EXPIRED = FindingType(
    "LANES_EXPIRED",
    "warn",
    "{expired} 条通道的租约已过期，持有者 {owners} 可能已停滞或被强杀。",
    "The leases of {expired} lanes have expired; their holder {owners} was stopped or killed.",
    "确认 {service} 的 work 进程在运行；新的中继会自行接管。",
    "See that a work process of {service} runs; another relay takes them over by itself.",
)
OUTBOX = FindingType("OUTBOX", "ok", "待发送 {unpublished} 条", "{unpublished} events wait to be sent")
OUTBOX_SLOW = FindingType(
    "OUTBOX_SLOW",
    "warn",
    "{unpublished} 条消息待发送，最早的已等 {age} 秒。",
    "{unpublished} events wait to be sent, the oldest for {age} s.",
    "确认 {service} 的 work 进程与消息总线在运行；恢复后自动补发。",
    "See that a work process of {service} and the bus run; what waits is sent by itself.",
)
OUTBOX_STUCK = FindingType(
    "OUTBOX_STUCK",
    "broken",
    "{unpublished} 条消息待发送，最早的已等 {age} 秒，其他服务看不到这些事实。",
    "{unpublished} events wait to be sent, the oldest for {age} s: other services do not know these facts.",
    "检查消息总线与 {service} 的 work 进程日志（relay interrupted）；恢复后自动补发。",
    "Check the bus and the log of {service}'s work process (relay interrupted); what waits is sent by itself.",
)
DEAD_LETTERS = FindingType(
    "DEAD_LETTERS",
    "warn",
    "{count} 封死信等待处理，其后 {behind} 条消息被挡住。",
    "{count} dead letters wait for a person, {behind} events wait behind gaps or letters.",
    "canbao replay list {service}，改正原因后 canbao replay run {service} --all。",
    "canbao replay list {service}; fix the cause, then canbao replay run {service} --all.",
)
GAP = FindingType(
    "GAP",
    "broken",
    "{gaps} 条消息在等前一条，最早的已等 {age} 秒，前一条未到达。",
    "{gaps} events wait for one before them, the oldest for {age} s, and it does not come.",
    "检查发布方的发件箱是否发出；canbao verify 会指出缺的是哪一条。",
    "See whether the publisher's outbox is sent; canbao verify names the event that is missing.",
)
TAKEN_IN = FindingType("TAKEN_IN", "ok", "没有死信，没有缺口", "no dead letter, no gap")

_LANES = text(
    """
    SELECT count(*) AS lanes,
           count(*) FILTER (WHERE owner IS NULL) AS free,
           count(*) FILTER (WHERE owner IS NOT NULL AND expires_at < clock_timestamp()) AS expired,
           count(DISTINCT owner) FILTER (WHERE expires_at >= clock_timestamp()) AS holders,
           coalesce(string_agg(DISTINCT right(owner::text, 12), ', ')
                    FILTER (WHERE expires_at < clock_timestamp()), '') AS owners
    FROM relay_lane
    """
)
_SET_REGION = text("SELECT set_config('canbao.region', :region, true)")


async def examine_lanes(database: OpenDatabase) -> Sequence[Finding]:
    """Who holds the lanes of the outbox, and whose leases have run out."""
    row = (await database.connection.execute(_LANES)).one()
    if row.expired:
        return [LANES_EXPIRED.at(database.name, expired=row.expired, owners=row.owners, service=database.name)]
    if row.holders == 0:
        return [LANES_IDLE.at(database.name, free=row.free, service=database.name)]
    return [LANES.at(database.name, lanes=row.lanes, holders=row.holders)]


async def examine_events(database: OpenDatabase) -> Sequence[Finding]:
    """What waits in the outbox, and what could not be taken in."""
    async with AsyncSession(database.connection) as session:
        await session.execute(_SET_REGION, {"region": database.installation.settings.region})
        found = await bus_stats_in(session)
    age = found.oldest_unpublished_s
    finding_type = OUTBOX_STUCK if age > _STUCK_S else OUTBOX_SLOW if age > _SLOW_S else OUTBOX
    findings = [finding_type.at(database.name, unpublished=found.unpublished, age=round(age), service=database.name)]
    if found.dead_letters:
        findings.append(
            DEAD_LETTERS.at(database.name, count=found.dead_letters, behind=found.parked, service=database.name)
        )
    if not found.ready:
        findings.append(GAP.at(database.name, gaps=found.gaps, age=round(found.oldest_gap_s)))
    return findings if len(findings) > 1 else [*findings, TAKEN_IN.at(database.name)]


CHECKS = (DatabaseCheck("relay", examine_lanes), DatabaseCheck("events", examine_events))
