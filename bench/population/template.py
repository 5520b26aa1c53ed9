"""One person's season in the services' own words: what the rows of everybody are copied from."""

from datetime import date
from typing import Any

import orjson

from bench.installation import TODAY, Installation
from services.registration.periods.decision import decide_period
from services.subsidy.pricing.pricer import Pricing
from services.subsidy.resources import open_resources
from shared.contracts.registration import PersonFacts
from simulator.prepare import APPID, MCHID

_FACTS = PersonFacts(birth_date=date(1985, 5, 5))
_TOWNS, _VILLAGES_PER_TOWN = 20, 10


def villages(county: str) -> list[str]:
    """Codes of a county's villages."""
    return [
        f"{county}{100 + town}{200 + village}"
        for town in range(1, _TOWNS + 1)
        for village in range(1, _VILLAGES_PER_TOWN + 1)
    ]


def template_of(made: Installation) -> dict[str, tuple[str, Any]]:
    """Every value that the rows share, with its column type; the price is what the pack says."""
    resources = open_resources(made.settings)
    pricing = resources.pricer.price(_FACTS, (), made.settings.benefit_year, TODAY)
    number = pricing.row_no_on(TODAY)
    assert number is not None  # noqa: S101 - the season is open on its day
    row = pricing.schedule[number]
    period = decide_period(TODAY, row.wait, row.benefit)
    where = villages(made.settings.region)
    return {
        "county": ("text", made.settings.region),
        "villages": ("text[]", where),
        "today": ("date", TODAY),
        "merchant_id": ("text", MCHID),
        "appid": ("text", APPID),
        "due_fen": ("bigint", row.due_fen),
        "row_no": ("integer", number),
        "starts_on": ("date", period.starts_on),
        "ends_on": ("date", period.ends_on),
        "pricing_id": ("text", pricing.id),
        "pack": ("text", resources.pack.id),
        "facts": ("jsonb", _FACTS.model_dump_json()),
        "schedule": ("jsonb", _json([one.model_dump(mode="json", exclude={"reasons"}) for one in pricing.schedule])),
        "reasons": ("jsonb", _json([[why.model_dump(mode="json") for why in one.reasons] for one in pricing.schedule])),
        "rows": ("json", _json([one.model_dump(mode="json") for one in pricing.schedule])),
        "common": ("json", _json([why.model_dump(mode="json") for why in pricing.reasons])),
        "assessment": ("jsonb", _json(_shown(resources.pack.id, pricing))),
        # Nothing that is measured reads a notice of long ago again: its words are left short.
        "envelope": ("bytea", b"{}"),
    }


def _shown(pack: str, pricing: Pricing) -> dict[str, Any]:
    """What registration shows of an assessment, as its event carries it."""
    rows = [one.model_dump(mode="json") for one in pricing.schedule]
    reasons = [why.model_dump(mode="json") for why in pricing.reasons]
    shown: dict[str, Any] = {
        "version": 1,
        "outcome": pricing.outcome,
        "reason_code": None,
        "pack": pack,
        "identities": [],
    }
    return shown | {"schedule": rows, "reasons": reasons}


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
