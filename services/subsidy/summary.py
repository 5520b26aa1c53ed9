"""Subsidy in figures: how people are priced, who is held and why, and what each funder pays; never a person."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import text

from shared.messaging.topics.stats import MessagesOut, bus_stats_in
from shared.policy.pack import Pack
from shared.policy.payment_window import collection_days
from shared.policy.vocabulary import Identity
from shared.web.dependencies import CurrentRunning, Session, requires
from shared.web.strict_route import StrictRoute

router = APIRouter(route_class=StrictRoute, tags=["summary"])
# People who are priced alike share a row of pricing, so a county comes down to some hundred combinations.
_COMBINATIONS = text(
    """
    SELECT counted.people, counted.paid, pricing.outcome, pricing.reason_code,
           pricing.schedule -> counted.row_no AS row
    FROM (
        SELECT pricing_id, row_no, paid_on IS NOT NULL AS paid, count(*) AS people
        FROM enrolment WHERE benefit_year = :benefit_year AND terminated_on IS NULL
        GROUP BY pricing_id, row_no, paid_on IS NOT NULL
    ) AS counted
    JOIN pricing ON pricing.id = counted.pricing_id
    ORDER BY pricing.id, counted.row_no, counted.paid
    LIMIT 10000
    """
)
_IN_FORCE = text(
    """
    SELECT identity, count(*) AS lines FROM roster_line WHERE withdrawn_on IS NULL
    GROUP BY identity ORDER BY identity LIMIT 100
    """
)


class IdentityOut(BaseModel):
    """People whose relief comes from one identity; amounts in fen."""

    identity: str
    name: str
    people: int
    paid: int
    aided_fen: int


class FunderOut(BaseModel):
    """What one budget pays: for those whose enrolment is paid, and for those who have not paid yet; in fen."""

    funder: str
    earned_fen: int
    expected_fen: int


class CollectionWindowOut(BaseModel):
    """First and last day on which everybody may pay and nobody pays late."""

    first: date
    last: date


class SummaryOut(BaseModel):
    """The caller's region in figures."""

    benefit_year: int
    pack: str
    document: str
    amounts: str | None
    collection_window: CollectionWindowOut | None
    outcomes: dict[str, int]
    held: int
    reasons: dict[str, int]
    identities: list[IdentityOut]
    funders: list[FunderOut]
    roster_lines: dict[str, int]
    messages: MessagesOut


@router.get("/v1/summary", dependencies=[requires("subsidy:read")])
async def summary(
    session: Session, running: CurrentRunning, benefit_year: Annotated[int, Query(ge=2000, le=2100)]
) -> SummaryOut:
    """People by outcome, reason and identity, and the sums of each funder."""
    combinations = list((await session.execute(_COMBINATIONS, {"benefit_year": benefit_year})).mappings())
    outcomes, reasons = Counter[str](), Counter[str]()
    for one in combinations:
        outcomes[one["outcome"]] += one["people"]
        if one["reason_code"] is not None:
            reasons[one["reason_code"]] += one["people"]
    pack = running.resources.pack
    return SummaryOut(
        benefit_year=benefit_year,
        pack=pack.id,
        document=pack.document,
        amounts=pack.overrides_label,
        collection_window=_collection_window(pack),
        outcomes=dict(outcomes),
        held=outcomes["HELD"],
        reasons=dict(reasons),
        identities=_identities(combinations),
        funders=_funders(combinations),
        roster_lines={row.identity: row.lines for row in await session.execute(_IN_FORCE)},
        messages=(await bus_stats_in(session)).out(),
    )


def _collection_window(pack: Pack) -> CollectionWindowOut | None:
    days = collection_days(pack)
    return None if days is None else CollectionWindowOut(first=days[0], last=days[1])


def _identities(combinations: Iterable[Any]) -> list[IdentityOut]:
    people, paid, aided = Counter[str](), Counter[str](), Counter[str]()
    for one in combinations:
        identity = one["row"] and one["row"]["identity"]
        if identity:
            people[identity] += one["people"]
            paid[identity] += one["people"] if one["paid"] else 0
            aided[identity] += one["people"] * sum(share["amount_fen"] for share in one["row"]["shares"])
    return [
        IdentityOut(identity=i, name=Identity[i].name_zh, people=people[i], paid=paid[i], aided_fen=aided[i])
        for i in sorted(people)
    ]


def _funders(combinations: Iterable[Any]) -> list[FunderOut]:
    earned, expected = Counter[str](), Counter[str]()
    for one in combinations:
        for share in one["row"]["shares"] if one["row"] else ():
            (earned if one["paid"] else expected)[share["funder"]] += one["people"] * share["amount_fen"]
    return [FunderOut(funder=f, earned_fen=earned[f], expected_fen=expected[f]) for f in sorted({*earned, *expected})]
