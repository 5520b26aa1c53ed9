"""Each verdict that is not well names what lists its rows, and what it names exists."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click import Context
from typer.main import get_command

from services.composition import BY_NAME
from services.console.listings import LISTINGS, listings
from services.console.summaries import ServiceFault, Snapshot
from tests.harness.conformance import document_of
from tests.services.console.county_summaries import quota_progress
from tests.services.console.test_view import shown, snapshot
from tools.cli import app

ALL = list(dict.fromkeys(each for key in LISTINGS for each in listings(key, year=2024, service="payment")))
SOME = {"count": 3, "fen": 114_000}


def troubled() -> list[Snapshot]:
    progress = quota_progress()
    progress["county"]["enrolled"] -= 100_000
    return [
        snapshot(
            payment={
                **dict.fromkeys(("suspense", "quarantine", "parked", "refunds", "held", "unattributed"), SOME),
                "callbacks": {"received": 9, "waiting": 2, "waiting_fen": 76_000, "oldest_waiting_s": 130},
                "messages": {"dead_letters": 2, "oldest_gap_s": 600},
            },
            registration={"states": {"HELD": 12}},
            quota=progress | {"unattributed": {"registered": 3, "enrolled": 1}},
            subsidy=ServiceFault.UNREACHABLE,
        ),
        snapshot(payment={"suspense": SOME, "unattributed": SOME | {"suspense_fen": 114_000}}),
        snapshot(quota={"towns": []}),
    ]


def test_each_verdict_that_is_not_well_names_its_rows() -> None:
    judged = [verdict for given in troubled() for verdict in shown(given).verdicts]
    silent = [verdict.key for verdict in judged if verdict.level != "ok" and not verdict.listings]
    assert silent == []
    named = {each for verdict in judged for each in verdict.listings}
    assert named == set(ALL), "a listing that no verdict names"


def test_what_is_well_names_nothing() -> None:
    assert [verdict for verdict in shown(snapshot()).verdicts if verdict.listings] == []


@pytest.mark.parametrize("named", [each for each in ALL if "/" in each])
def test_an_endpoint_that_is_named_exists_and_takes_what_is_asked(named: str) -> None:
    method, _, address = named.partition(" ")
    url = urlsplit(address)
    _, service, path = url.path.split("/", 2)
    operation: dict[str, Any] = document_of(service)["paths"]["/" + path][method.lower()]
    parameters = {each["name"]: each["schema"] for each in operation.get("parameters", ())}
    for name, (value,) in parse_qs(url.query).items():
        assert name in parameters
        if name == "state":
            assert value in str(document_of(service)["components"]["schemas"]), value
    assert service in BY_NAME


@pytest.mark.parametrize("named", [each for each in ALL if "/" not in each])
def test_a_command_that_is_named_exists(named: str) -> None:
    program, *words = named.split()
    assert program == "canbao"
    command: Any = get_command(app)
    context = Context(command)
    for word in words:
        if hasattr(command, "get_command"):
            command = command.get_command(context, word)
            assert command is not None, named
