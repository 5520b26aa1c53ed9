"""Every document that follows from the code, and how ``docs/`` differs from them."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from services.composition import SERVICES
from shared.contracts.schemas import breaks, published, schema_of
from shared.policy.institutions.question import Question
from shared.policy.question import CaseFacts
from shared.policy.schema import OverridesEntry, PackEntry
from shared.web.app import ServiceApp
from tools.documents.defaults_page import defaults_page
from tools.documents.errors_page import errors_page
from tools.documents.events_page import events_page
from tools.documents.names_page import names_page
from tools.policy.coverage import page as coverage_page

OPENAPI, EVENTS, POLICY = "openapi", "events", "policy"
ERRORS, COVERAGE, DEFAULTS = "errors.md", "policy-coverage.md", "policy-defaults.md"
EVENTS_PAGE, NAMES = "events.md", "names.md"


class PublishedEventBroken(ValueError):
    """A published event would change under its readers."""


@cache
def documents() -> Mapping[str, str]:
    """Each document by its path under ``docs/``."""
    described = {
        f"{OPENAPI}/{service.name}.json": _json(ServiceApp(service).openapi())
        for service in SERVICES
        if service.mount is None
    }
    events = {f"{EVENTS}/{name}.json": _json(schema_of(event)) for name, event in sorted(published().items())}
    policy = {
        f"{POLICY}/pack.schema.json": _json(_schema(PackEntry, "policy pack")),
        f"{POLICY}/overrides.schema.json": _json(_schema(OverridesEntry, "overrides of a policy pack")),
        f"{POLICY}/facts.schema.json": _json(_schema(CaseFacts, "facts of a case")),
        f"{POLICY}/questions.schema.json": _json(_schema(Question, "questions to an institution")),
    }
    pages = {
        ERRORS: errors_page(),
        COVERAGE: coverage_page(),
        DEFAULTS: defaults_page(),
        EVENTS_PAGE: events_page(),
        NAMES: names_page(),
    }
    return described | events | policy | pages


def _schema(entry: type[BaseModel], title: str) -> dict[str, Any]:
    """What an editor completes and checks a file by."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    return head | {name: value for name, value in entry.model_json_schema(by_alias=True).items() if name != "title"}


def drift(folder: Path) -> list[str]:
    """What in ``folder`` is missing, differs, or describes what no longer is; by path."""
    wanted = documents()
    found = {path.relative_to(folder).as_posix(): path for path in _written(folder)}
    differing = [name for name in wanted if name in found and found[name].read_text(encoding="utf-8") != wanted[name]]
    return (
        [f"{name} is missing" for name in wanted.keys() - found.keys()]
        + [f"{name} describes what is no longer there" for name in found.keys() - wanted.keys()]
        + [f"{name} differs from the code" for name in differing]
    )


def broken_events(folder: Path) -> Iterator[str]:
    """Changes of published events that their readers would stumble over; a vanished event among them."""
    for path in sorted((folder / EVENTS).glob("*.json")):
        event = published().get(path.stem)
        if event is None:
            yield f"{path.stem} was published and is gone"
            continue
        before: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        yield from (f"{path.stem}: {each}" for each in breaks(dict(before), schema_of(event)))


def write(folder: Path) -> list[str]:
    """Write every document and remove what describes nothing; raises PublishedEventBroken and then writes nothing."""
    broken = list(broken_events(folder))
    if broken:
        raise PublishedEventBroken("\n".join(broken))
    wanted = documents()
    for path in _written(folder):
        if path.relative_to(folder).as_posix() not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return sorted(wanted)


def _written(folder: Path) -> list[Path]:
    found = [
        path for name in (OPENAPI, EVENTS, POLICY) for path in sorted((folder / name).rglob("*")) if path.is_file()
    ]
    pages = (ERRORS, COVERAGE, DEFAULTS, EVENTS_PAGE, NAMES)
    return [*found, *(path for page in pages if (path := folder / page).exists())]


def _json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
