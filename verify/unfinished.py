"""What a restored service has still to make good: said beside what differs meanwhile, and never instead of it."""

from dataclasses import dataclass
from typing import Final

from verify.report import UnfinishedRestoration
from verify.snapshot import Databases


@dataclass(frozen=True, slots=True)
class _Sentence:
    """What waits in one service's database for events of a kind, in words with a place for the count."""

    service: str
    sql: str
    event: str
    zh: str
    en: str


# Each of these ends without anybody saying so: a question that was answered, a fact that was announced again.
_LOST = "SELECT coalesce(sum(waiting), 0)::bigint AS waiting FROM proof.lost_event WHERE event = :event"
_TO_ASK = """
    SELECT (coalesce(sum(waiting), 0) + (SELECT orders FROM proof.order_to_ask))::bigint AS waiting
    FROM proof.lost_event WHERE event = :event
"""
_SENTENCES: Final = (
    _Sentence(
        "payment",
        _TO_ASK,
        "payment.order_opened.v1",
        "缴费正在恢复：还有 {} 个订单待向渠道查询",
        "payment is being made whole again: {} orders are still to be asked about",
    ),
    _Sentence(
        "subsidy",
        _LOST,
        "subsidy.contribution_assessed.v1",
        "资助核定正在恢复：还有 {} 份核定待恢复",
        "subsidy is being made whole again: {} assessments are still to be taken up again",
    ),
    _Sentence(
        "registration",
        _LOST,
        "registration.enrolment_registered.v1",
        "参保登记正在恢复：还有 {} 人待重新登记",
        "registration is being made whole again: {} people are still to be registered again",
    ),
)


async def unfinished(databases: Databases) -> tuple[UnfinishedRestoration, ...]:
    """One sentence for each service that is still being made whole again."""
    by_name = {snapshot.database: snapshot for snapshot in databases.each}
    found = []
    for each in _SENTENCES:
        waiting = (await by_name[each.service].one(each.sql, event=each.event))["waiting"]
        if waiting:
            zh, en = (words.format(f"{waiting:,}") for words in (each.zh, each.en))
            found.append(UnfinishedRestoration(each.service, waiting, zh, en))
    return tuple(found)
