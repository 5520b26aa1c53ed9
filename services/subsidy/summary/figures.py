"""Sums over people who are priced alike."""

from collections import Counter
from collections.abc import Callable, Iterable

from services.subsidy.summary.repository import PriceCount
from services.subsidy.summary.schemas import FunderOut, IdentityOut
from shared.policy.vocabulary import Identity


def people_by(counts: Iterable[PriceCount], key: Callable[[PriceCount], str | None]) -> dict[str, int]:
    """People by what ``key`` gives for their price; those for whom it gives nothing are left out."""
    people = Counter[str]()
    for count in counts:
        name = key(count)
        if name is not None:
            people[name] += count.people
    return dict(people)


def by_identity(counts: Iterable[PriceCount]) -> list[IdentityOut]:
    """People whose relief comes from each identity, and how much it is."""
    people, paid, aided = Counter[str](), Counter[str](), Counter[str]()
    for count in counts:
        identity = count.row and count.row["identity"]
        if count.row and identity:
            people[identity] += count.people
            paid[identity] += count.people if count.paid else 0
            aided[identity] += count.people * sum(share["amount_fen"] for share in count.row["shares"])
    return [
        IdentityOut(identity=i, name=Identity[i].name_zh, people=people[i], paid=paid[i], aided_fen=aided[i])
        for i in sorted(people)
    ]


def by_funder(counts: Iterable[PriceCount]) -> list[FunderOut]:
    """What each budget pays for those who have paid, and will pay for the others."""
    earned, expected = Counter[str](), Counter[str]()
    for count in counts:
        for share in count.row["shares"] if count.row else ():
            (earned if count.paid else expected)[share["funder"]] += count.people * share["amount_fen"]
    return [FunderOut(funder=f, earned_fen=earned[f], expected_fen=expected[f]) for f in sorted({*earned, *expected})]
