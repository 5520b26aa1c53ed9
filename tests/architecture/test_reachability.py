"""Nothing stands here that nobody runs: what policy defines, and events between services."""

import ast
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

from services.composition import SERVICES
from shared.contracts.event import Event
from shared.contracts.schemas import published

ROOT = Path(__file__).parents[2]
PRODUCT = ("services", "tools", "shared", "verify")
ENTRIES = ("services", "tools")
# What stands ready for the work on terminations, which needs both; nothing else may be on these lists.
FUNCTIONS_TO_COME = {"shared.policy.after_bill.what_follows": "what an event after the bill does to an enrolment"}
PUBLISHERS_TO_COME = {"registration.enrolment_terminated.v1": "three services know what an end does; none ends one yet"}


def _modules(package: str) -> Iterator[tuple[str, Path]]:
    for file in sorted((ROOT / package).rglob("*.py")):
        names = file.relative_to(ROOT).with_suffix("").parts
        yield ".".join(names[:-1] if names[-1] == "__init__" else names), file


def test_each_module_of_policy_is_reached_from_a_service_or_a_command() -> None:
    graph = grimp.build_graph("services", "tools", "shared", cache_dir=None)
    entries = [module for module in graph.modules if module.partition(".")[0] in ENTRIES]
    reached: set[str] = set()
    waiting = set(entries)
    while waiting:
        reached |= waiting
        waiting = {to for module in waiting for to in graph.find_modules_directly_imported_by(module)} - reached
    policy = {name for name, file in _modules("shared/policy") if file.name != "__init__.py"}
    assert len(policy) > 30
    assert policy - reached == set(), "use it from a service or a command, or remove it"


def _names_used(tree: ast.AST, apart_from: ast.AST | None = None) -> Iterator[str]:
    """Every name that code reads or calls, outside one definition."""
    for child in ast.iter_child_nodes(tree):
        if child is apart_from:
            continue
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load):
            yield child.id
        elif isinstance(child, ast.Attribute):
            yield child.attr
        yield from _names_used(child, apart_from)


def _definitions(tree: ast.Module) -> Iterator[tuple[ast.stmt, str, str]]:
    """Each public function, class, method and assigned name of a module: its statement, its path and its own name."""
    for each in tree.body:
        if isinstance(each, ast.FunctionDef | ast.ClassDef):
            yield each, each.name, each.name
        if isinstance(each, ast.ClassDef):
            methods = (one for one in each.body if isinstance(one, ast.FunctionDef))
            yield from ((one, f"{each.name}.{one.name}", one.name) for one in methods)
        if isinstance(each, ast.Assign | ast.AnnAssign):
            targets = each.targets if isinstance(each, ast.Assign) else [each.target]
            yield from ((each, target.id, target.id) for target in targets if isinstance(target, ast.Name))


def _calls(tree: ast.AST) -> Iterator[str]:
    """The name of everything that code calls, or chooses to call; to name a type in an annotation makes nothing."""
    for each in ast.walk(tree):
        if isinstance(each, ast.Call):
            yield from _names_used(ast.Expression(each.func))
        elif isinstance(each, ast.Assign) and isinstance(each.value, ast.IfExp):
            yield from _names_used(each.value)


def test_each_function_method_and_name_of_policy_is_used_by_the_product() -> None:
    trees = {
        name: ast.parse(file.read_text(encoding="utf-8")) for package in PRODUCT for name, file in _modules(package)
    }
    used = {name: set(_names_used(tree)) for name, tree in trees.items()}
    unused = set()
    for name, tree in trees.items():
        if not name.startswith("shared.policy."):
            continue
        elsewhere = set().union(*(names for other, names in used.items() if other != name))
        for statement, path, own in _definitions(tree):
            if not own.startswith("_") and own not in elsewhere | set(_names_used(tree, apart_from=statement)):
                unused.add(f"{name}.{path}")
    assert unused == set(FUNCTIONS_TO_COME), "use it, or remove it"


@pytest.fixture(scope="module")
def subscribers() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for service in SERVICES:
        for subscription in service.subscriptions:
            found.setdefault(subscription.event.name, []).append(service.name)
    return found


@pytest.mark.parametrize("event", published().values(), ids=list(published()))
def test_each_event_is_read_by_a_service_or_is_for_outside_readers(
    event: type[Event], subscribers: dict[str, list[str]]
) -> None:
    assert event.outside_readers is (event.name not in subscribers), "mark it as it is"


def test_each_event_has_a_publisher() -> None:
    """The service that an event's name begins with makes it somewhere; none subscribes to an event of its own."""
    made: dict[str, set[str]] = {
        service.name: set().union(
            *(_calls(ast.parse(file.read_text(encoding="utf-8"))) for _, file in _modules(f"services/{service.name}"))
        )
        for service in SERVICES
    }
    own = {
        subscription.event.name
        for each in SERVICES
        for subscription in each.subscriptions
        if subscription.event.publisher() == each.name
    }
    assert own == set()
    unpublished = {name for name, event in published().items() if event.__name__ not in made[event.publisher()]}
    assert unpublished == set(PUBLISHERS_TO_COME), "publish it, or remove it"
