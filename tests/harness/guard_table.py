"""Writes `docs/security-callbacks.md`: each attack, each mechanism, and the test that shows the guard.

    python -m tests.harness.guard_table

The tests are read, not run or imported: a mark counts where pytest would collect the function that bears it.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.harness.guards import ATTACKS, DOES_NOT_APPLY, MECHANISMS, NOT_YET_COVERED, Mechanism

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security-callbacks.md"
_MARK = "pytest.mark.guard"
_HEAD = """# 回调与文件的攻击防护 · Attacks on callbacks and files

由测试生成，请勿手改：`python -m tests.harness.guard_table`。每格写明证明该防护的测试，或该攻击为何不适用于此渠道。
签名不足以取信：商户、应用、订单、金额、币种逐项核对；不符的隔离或列为待查，照常应答，绝不据此参保。

Generated from the tests, do not edit: `python -m tests.harness.guard_table`. Each cell names the test that shows the
guard, or says why the attack does not apply. A signature alone is not trust: merchant, application, order, amount and
currency are checked; what differs is quarantined or suspended, acknowledged, and never enrols anybody.
"""
_OPEN = "**尚未覆盖 · not yet covered**"


class MarkNotUnderstood(ValueError):
    """A mark stands where pytest collects nothing, or names no attack or mechanism in words."""


@dataclass(frozen=True, slots=True)
class GuardTest:
    """A test that shows a guard: its file below the root, and its name with its class."""

    file: str
    name: str

    def __str__(self) -> str:
        """As the page names it."""
        return f"`{self.file.removeprefix('tests/')}` {self.name}"


Shown = Mapping[tuple[str, Mechanism], Sequence[GuardTest]]


def marked(root: Path = ROOT) -> Shown:
    """Every marked test, by attack and mechanism; raises MarkNotUnderstood."""
    found: dict[tuple[str, Mechanism], list[GuardTest]] = defaultdict(list)
    for path in sorted((root / "tests").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if f"@{_MARK}" not in source:
            continue
        file = path.relative_to(root).as_posix()
        for name, function in _functions(ast.parse(source)):
            for attack, mechanism in _marks(function, file):
                if not path.name.startswith("test_") or not function.name.startswith("test_"):
                    raise MarkNotUnderstood(f"{file} {name}: pytest collects no such test")
                found[attack, mechanism].append(GuardTest(file, name))
    return found


def page(shown: Shown) -> str:
    """The document."""
    heads = [f"{said.zh}<br>{said.en}" for said in MECHANISMS.values()]
    lines = [_HEAD, _row(["攻击 · Attack", *heads]), _row(["---"] * (1 + len(heads)))]
    for attack, said in ATTACKS.items():
        cells = [_cell(attack, mechanism, shown) for mechanism in MECHANISMS]
        lines.append(_row([f"**{said.zh}**<br>{said.en}", *cells]))
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write it."""
    PAGE.write_text(page(marked()), encoding="utf-8")


def _cell(attack: str, mechanism: Mechanism, shown: Shown) -> str:
    place = (attack, mechanism)
    if tests := shown.get(place):
        return "<br>".join(map(str, tests))
    if (reason := DOES_NOT_APPLY.get(place)) is not None:
        return f"不适用：{reason.zh}<br>does not apply: {reason.en}"
    return _OPEN if place in NOT_YET_COVERED else ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}::{name}", each) for name, each in _functions(ast.Module(node.body, [])))


def _marks(function: ast.FunctionDef | ast.AsyncFunctionDef, file: str) -> Iterator[tuple[str, Mechanism]]:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == _MARK:
            try:
                (attack,) = map(ast.literal_eval, decorator.args)
                ((keyword, value),) = [(each.arg, ast.literal_eval(each.value)) for each in decorator.keywords]
                if keyword != "mechanism" or attack not in ATTACKS:
                    raise ValueError(attack)
                yield attack, Mechanism(value)
            except ValueError as error:
                raise MarkNotUnderstood(f"{file} {function.name}: {ast.unparse(decorator)}") from error


if __name__ == "__main__":
    main()
