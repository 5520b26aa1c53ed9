"""Folders of services have one shape: SQL in repository.py, schemas in schemas.py, HTTP in routes.py, one table of all.

Where something stands outside its file, the test names it. Move it; a new exception needs a reason.
"""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from services.composition import SERVICES, WITH_DATABASE
from shared.messaging.consumer.subscription import Subscription
from shared.service import Job
from tests.harness.modules import imported_names, text_literals

ROOT = Path(__file__).parents[2]
_SQL = re.compile(r"\s*(WITH|SELECT|INSERT INTO|UPDATE|DELETE FROM|LOCK TABLE|COPY|TRUNCATE)\s")
_WRITERS = {"insert_rows", "update_rows", "driver_insert", "select_into"}

SCHEMAS_ELSEWHERE = {
    "services/console/service_client.py": "the reply of a token endpoint, parsed by the one who asked",
    "services/console/summaries.py": "what the console reads from the other services, not what it answers",
    "services/payment/channels/wechat/messages.py": "the form of WeChat's messages, not of ours",
    "services/payment/channels/layouts/layout.py": "the form of institutions' files, not of ours",
    "services/payment/remittance/detail.py": "the form of the tax hall's detail, not of ours",
}
FASTAPI_ELSEWHERE = {
    "services/console/api_index.py": "a page beside the console's own, which answer for one file each",
    "services/payment/bank_agents/signed_route.py": "the class of its routes: signatures around every one of them",
}

UNTYPED_ROWS = {"services/registration/imports/repository.py": "the folder is rebuilt with whole lives"}


def modules() -> Iterator[Path]:
    for path in sorted((ROOT / "services").glob("*/**/*.py")):
        name = path.relative_to(ROOT).as_posix()
        if "/migrations/" not in name:
            yield path


def listed(found: list[str], *allowed: object) -> list[str]:
    """What was found and is not allowed to stand there."""
    return [name for name in found if not any(name in names for names in allowed)]  # type: ignore[operator]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def with_sql() -> list[str]:
    return [
        named(path)
        for path in modules()
        if path.name != "repository.py"
        and (
            {"sqlalchemy.text", *(f"shared.database.bulk.{name}" for name in _WRITERS)} & imported_names(path)
            or any(_SQL.match(text) for text in text_literals(path))
        )
    ]


def with_schemas() -> list[str]:
    found = []
    for path in modules():
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        models = [
            each
            for _, each in inspect.getmembers(module, inspect.isclass)
            if issubclass(each, BaseModel) and each.__module__ == module.__name__
        ]
        if models and path.name != "schemas.py":
            found.append(named(path))
    return found


def with_fastapi() -> list[str]:
    return [
        named(path)
        for path in modules()
        if path.name != "routes.py" and any(name.split(".")[0] == "fastapi" for name in imported_names(path))
    ]


def with_untyped_rows() -> list[str]:
    repositories = (path for path in modules() if path.name == "repository.py")
    return [named(path) for path in repositories if _walks_rows(ast.parse(path.read_text(encoding="utf-8")))]


def _walks_rows(tree: ast.AST) -> bool:
    """Whether a function goes through the rows of a result as SQLAlchemy gives them."""
    for function in ast.walk(tree):
        if isinstance(function, ast.AsyncFunctionDef):
            parts = list(ast.walk(function))
            results = {
                target.id
                for part in parts
                if isinstance(part, ast.Assign) and _is_result(part.value)
                for target in part.targets
                if isinstance(target, ast.Name)
            }
            walked = [part.iter for part in parts if isinstance(part, ast.For | ast.comprehension)]
            if any(_is_result(each) or (isinstance(each, ast.Name) and each.id in results) for each in walked):
                return True
    return False


def _is_result(node: ast.AST) -> bool:
    return isinstance(node, ast.Await) and ast.unparse(node).startswith("await session.execute(")


def test_sql_stands_in_repositories() -> None:
    assert with_sql() == []


def test_repositories_take_and_return_no_schemas() -> None:
    """A query works without the body of a request: another caller, a job or an importer, asks it as well."""
    asking = [
        f"{named(path)}: {name}"
        for path in modules()
        if path.name == "repository.py"
        for name in imported_names(path)
        if ".schemas." in name
    ]
    assert asking == []


def test_rows_come_back_as_values_of_a_class() -> None:
    """A row of SQLAlchemy has no types: what is read from it by name or place, nothing checks."""
    assert listed(with_untyped_rows(), UNTYPED_ROWS) == []


def test_an_untyped_row_is_found() -> None:
    walked = "async def a(session):\n    rows = await session.execute(S)\n    return {row.id for row in rows}\n"
    at_once = "async def a(session):\n    for one, other in await session.execute(S):\n        yield one\n"
    typed = "async def a(session):\n    rows = await session.execute(S)\n    return set(rows.scalars())\n"
    assert [_walks_rows(ast.parse(text)) for text in (walked, at_once, typed)] == [True, True, False]


def test_schemas_stand_in_schemas() -> None:
    assert listed(with_schemas(), SCHEMAS_ELSEWHERE) == []


def test_http_stands_in_routes() -> None:
    assert listed(with_fastapi(), FASTAPI_ELSEWHERE) == []


def test_every_exception_is_one() -> None:
    found = {*with_schemas(), *with_fastapi(), *with_untyped_rows()}
    assert {*SCHEMAS_ELSEWHERE, *FASTAPI_ELSEWHERE, *UNTYPED_ROWS} - found == set()


@pytest.mark.parametrize("name", WITH_DATABASE)
def test_what_a_folder_exports_runs(name: str) -> None:
    """A router, a subscription or a job that the service's table forgets would never be called."""
    service = next(service for service in SERVICES if service.name == name)
    routers: list[object] = []
    subscriptions: list[Subscription] = []
    jobs: list[Job] = []
    for path in modules():
        if path.relative_to(ROOT).parts[1] == name:
            module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
            routers += [module.ROUTER] if hasattr(module, "ROUTER") else []
            subscriptions += getattr(module, "SUBSCRIPTIONS", ())
            jobs += getattr(module, "JOBS", ())
    assert {*map(id, routers)} == {*map(id, service.routers)}
    assert {each.event for each in subscriptions} == {each.event for each in service.subscriptions}
    assert len(subscriptions) == len(service.subscriptions)
    assert {each.name for each in jobs} == {each.name for each in service.jobs}


@pytest.mark.parametrize("name", WITH_DATABASE)
def test_a_services_table_names_each_folder(name: str) -> None:
    folder = ROOT / "services" / name
    table = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    rows = set(re.findall(r"^\| ([a-z_]+) \|", table, re.MULTILINE))
    assert rows == {each.parent.name for each in folder.glob("*/__init__.py")}
