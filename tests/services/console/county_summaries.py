"""What four services report of a county: the twenty townships of the notice, with invented counts and money."""

from datetime import date, timedelta
from typing import Any

from tests.services.quota.targets_notice import TARGETS, TOTAL

PRICE_FEN = 38_000
NO_MESSAGES = {"unpublished": 0, "oldest_unpublished_s": 0, "dead_letters": 0, "parked": 0, "oldest_gap_s": 0}


def region_of(place: int) -> str:
    """The illustrative code of the township in this place of the notice, from 0."""
    return f"411521{place + 101:03d}"


def reached(place: int, target: int) -> int:
    """An invented number of people enrolled: between 78 and 103 in a hundred."""
    return target * (78 + place * 37 % 26) // 100


def quota_progress() -> dict[str, Any]:
    """What quota answers."""
    towns = [_town(region_of(place), name, target, place) for place, (name, target) in enumerate(TARGETS.items())]
    enrolled, registered = (sum(town[key] for town in towns) for key in ("enrolled", "registered"))
    return {
        "benefit_year": 2024,
        "notices": [{"region": "411521", "version": 1, "document": "罗政办〔2023〕52号", "note": ""}],
        "towns": towns,
        "unattributed": {"registered": 0, "enrolled": 0, "terminated": 0, "villages": []},
        "county": {"region": "411521", **_standing(registered, enrolled, TOTAL)},
        "messages": NO_MESSAGES,
    }


def payment_summary() -> dict[str, Any]:
    """What payment answers."""
    towns = []
    for place, target in enumerate(TARGETS.values()):
        paid = reached(place, target) * 96 // 100
        taken = paid * PRICE_FEN
        treasury = paid * 60 // 100 * PRICE_FEN
        pending = paid * 15 // 100 * PRICE_FEN
        transit = paid * 8 // 100 * PRICE_FEN
        towns.append(
            {
                "region": region_of(place),
                "paid_count": paid,
                "taken_fen": taken,
                "pending_fen": pending,
                "in_transit_fen": transit,
                "treasury_fen": treasury,
                "village_cash_fen": 0,
                "channel_fen": taken - pending - transit - treasury,
            }
        )
    return {
        "benefit_year": 2024,
        "towns": towns,
        "callbacks": {"received": 612_004, "waiting": 0, "waiting_fen": 0, "oldest_waiting_s": 0},
        "suspense": {"count": 0, "fen": 0},
        "quarantine": {"count": 0, "fen": 0},
        "refunds": {"count": 0, "fen": 0},
        "held": {"count": 0, "fen": 0},
        "parked": {"count": 0, "fen": 0},
        "unattributed": {"count": 0, "fen": 0},
        "messages": NO_MESSAGES,
    }


def registration_summary() -> dict[str, Any]:
    """What registration answers."""
    progress = quota_progress()
    return {
        "business_date": "2023-12-18",
        "benefit_year": 2024,
        "states": {"PAID": progress["county"]["enrolled"]},
        "towns": [{key: town[key] for key in ("region", "registered", "enrolled")} for town in progress["towns"]],
        "enrolled_by_day": enrolled_by_day(progress["county"]["enrolled"]),
        "enrolled_by_day_year_before": [],
        "messages": NO_MESSAGES,
    }


def enrolled_by_day(enrolled: int) -> list[dict[str, Any]]:
    """As many people on each of the 79 days from October 1 to December 18, the rest on the last."""
    first, days = date(2023, 10, 1), 79
    counts = [enrolled // days] * (days - 1)
    counts.append(enrolled - sum(counts))
    return [
        {"day": (first + timedelta(days=number)).isoformat(), "enrolled": count} for number, count in enumerate(counts)
    ]


def subsidy_summary() -> dict[str, Any]:
    """What subsidy answers."""
    window = {"first": "2023-10-01", "last": "2023-12-31"}
    return {"benefit_year": 2024, "amounts": None, "collection_window": window, "held": 0, "messages": NO_MESSAGES}


def _town(region: str, name: str, target: int, place: int) -> dict[str, Any]:
    enrolled = reached(place, target)
    return {"region": region, "name": name, **_standing(enrolled + target // 50, enrolled, target)}


def _standing(registered: int, enrolled: int, target: int) -> dict[str, Any]:
    hundredths = (enrolled * 20_000 + target) // (2 * target)
    return {
        "target": target,
        "registered": registered,
        "enrolled": enrolled,
        "terminated": 0,
        "percent": f"{hundredths // 100}.{hundredths % 100:02d}",
        "remaining": max(target - enrolled, 0),
        "over": max(enrolled - target, 0),
    }
