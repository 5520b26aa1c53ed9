"""A file of cases, one answer or one named error per case."""

import gc
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from shared.policy.decision import Decision
from shared.policy.equal_cases import CannotDecide, DecidedCase, EqualCases
from shared.policy.facts import MissingFact
from shared.policy.institutions.answers import UnknownQuestion, answer_case, shape_of
from shared.policy.loader import PACKS, load_pack
from shared.policy.overrides import OverrideProblem
from shared.policy.pack import Pack
from shared.policy.question import CaseFacts
from shared.policy.schema_errors import explained
from shared.policy.source import PackError, UnknownPack

_AT_ONCE = 10_000  # cases; the first are answered before the last are looked at


@lru_cache
def _pack(pack_id: str, folder: Path) -> Pack:
    return load_pack(pack_id, folder=folder)


written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@lru_cache(maxsize=10_000)
def _answer_text(decided: DecidedCase) -> str:
    return written(decided.answer)


class UnreadableCases(ValueError):
    """The file is no array of cases; the message names the remedy."""


@dataclass(frozen=True, slots=True)
class CaseLine:
    """What became of one case: a decision under a pack, which equal cases share, or an error."""

    id: Any
    policy: Any
    decided: DecidedCase | None = None
    error: Mapping[str, str] | None = None

    @property
    def decision(self) -> Decision | None:
        """The decision, where there is one."""
        return None if self.decided is None else self.decided.decision

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        named: dict[str, Any] = {"id": self.id, "policy": self.policy}
        if self.decided is None:
            return named | {"error": dict(self.error or {})}
        return named | {"answer": self.decided.answer}

    def as_text(self) -> str:
        """As one line of JSON; the answer of equal cases is written out once."""
        if self.decided is None:
            return written(self.as_json())
        return f'{{"id":{written(self.id)},"policy":{written(self.policy)},"answer":{_answer_text(self.decided)}}}'


@contextmanager
def no_collection() -> Iterator[None]:
    """Cases and their answers hold no cycle: to look for one among a million of them takes longer than to decide."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def read_cases(file: Path) -> list[Any]:
    """The cases of a JSON file; raises UnreadableCases."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=_once)
    except OSError as error:
        raise UnreadableCases(f"无法读取 {file} · cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UnreadableCases(f"{file} 不是 UTF-8 · save it as UTF-8") from None
    except RecursionError:
        raise UnreadableCases(f"{file} 嵌套太深 · nested too deeply") from None
    except json.JSONDecodeError as error:
        raise UnreadableCases(f"{file}:{error.lineno}: 不是 JSON · not JSON: {error.msg}") from None
    except _Twice as twice:
        raise UnreadableCases(f"{file}: 字段重复 · a field stands twice: {twice}") from None
    if not isinstance(found, list):
        raise UnreadableCases(f"{file} 应为数组 · must be an array of objects with id, policy and facts")
    return found


def assess_all(cases: Iterable[Any], folder: Path = PACKS, amounts: Path | None = None) -> Iterator[CaseLine]:
    """Each case in its order, under the packs of a folder with a file of amounts; an error in one stops no other."""
    remaining, equals = iter(cases), lru_cache(partial(_equal_cases, folder=folder, amounts=amounts))
    while some := list(islice(remaining, _AT_ONCE)):
        yield from _assessed(some, equals)


def _equal_cases(policy: str, folder: Path, amounts: Path | None) -> EqualCases | PackError:
    try:
        return EqualCases(load_pack(policy, overrides=amounts, folder=folder))
    except PackError as problem:
        return problem


def _assessed(cases: Sequence[Any], equals: Callable[[str], EqualCases | PackError]) -> Sequence[CaseLine]:
    """Some cases, those of each pack together."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    lines: list[Any] = [None] * len(cases)
    for place, case in enumerate(cases):
        if isinstance(case, dict) and isinstance(case.get("facts"), dict):
            places[str(case.get("policy"))].append(place)
        else:
            lines[place] = _malformed(case, "facts")
    for policy, mine in places.items():
        under = equals(policy)
        if isinstance(under, PackError):
            for place in mine:
                lines[place] = _unusable(cases[place].get("id"), cases[place].get("policy"), under)
        else:
            found = under.decide_all([cases[place]["facts"] for place in mine])
            for place, outcome in zip(mine, found, strict=True):
                lines[place] = _line(cases[place].get("id"), cases[place].get("policy"), outcome)
    return lines


def _line(asked: Any, policy: Any, found: DecidedCase | CannotDecide) -> CaseLine:
    if isinstance(found, DecidedCase):
        return CaseLine(asked, policy, found)
    if isinstance(found, OverrideProblem):
        return _misfit(asked, policy, found)
    if isinstance(found, MissingFact):
        return _refused(asked, policy, "MISSING_FACT", f"/{found.name.replace('.', '/')}", str(found))
    return _refused(asked, policy, *_first(found))


def _malformed(case: Any, part: str) -> CaseLine:
    shown = case.get("id") if isinstance(case, dict) else None
    detail = f"应有 id、policy 和 {part} · needs id, policy and {part}"
    return _refused(shown, None, "MALFORMED_CASE", "", detail)


def _unusable(asked: Any, policy: Any, problem: PackError) -> CaseLine:
    if isinstance(problem, UnknownPack):
        return _refused(asked, policy, "UNKNOWN_POLICY", "", str(problem))
    return _refused(asked, policy, "POLICY_UNUSABLE", "", f"政策包有误 · {problem}")


def answer_institutions(cases: list[Any], folder: Path = PACKS) -> Iterator[dict[str, Any]]:
    """Each question to an institution in its order, answered or refused by name."""
    for case in cases:
        yield _answered(case, folder)


def _answered(case: Any, folder: Path) -> dict[str, Any]:
    if not isinstance(case, dict) or not isinstance(case.get("given"), dict):
        return _malformed(case, "given").as_json()
    asked, policy = case.get("id"), case.get("policy")
    try:
        return {"id": asked, "policy": policy, "answer": answer_case(_pack(str(policy), folder), case["given"])}
    except UnknownQuestion as unknown:
        return _refused(asked, policy, "UNKNOWN_QUESTION", "", str(unknown)).as_json()
    except ValidationError as refused:
        return _refused(asked, policy, *_first(refused, shape_of(case["given"]))).as_json()
    except OverrideProblem as problem:
        return _misfit(asked, policy, problem).as_json()
    except PackError as problem:
        return _unusable(asked, policy, problem).as_json()


def _refused(asked: Any, policy: Any, code: str, pointer: str, detail: str) -> CaseLine:
    return CaseLine(asked, policy, error={"code": code, "pointer": pointer, "detail": detail})


def _misfit(asked: Any, policy: Any, problem: OverrideProblem) -> CaseLine:
    pointer = "/config_overrides" + "".join(f"/{step}" for step in problem.where)
    return _refused(asked, policy, "OVERRIDE_DOES_NOT_FIT", pointer, f"配置不适用 · {problem}: {problem.remedy}")


def _first(refused: ValidationError, shape: type[BaseModel] = CaseFacts) -> tuple[str, str, str]:
    """Code, pointer and detail of what to correct first: a misspelt name, for it hides what is missing."""
    found = refused.errors(include_url=False)
    first = min(found, key=lambda each: each["type"] != "extra_forbidden")
    kind, where = first["type"], first["loc"]
    likely = get_close_matches(str(where[-1]), shape.model_fields, 1) if kind == "extra_forbidden" else []
    problem, remedy = explained(first, likely[0] if likely else None)
    return _code(kind), "".join(f"/{step}" for step in where), f"{problem}; {remedy}"


def _code(kind: str) -> str:
    if kind == "missing":
        return "MISSING_FACT"
    if kind == "extra_forbidden":
        return "UNKNOWN_FACT"
    return "CONTRADICTORY_FACTS" if kind == "value_error" else "MALFORMED_FACT"


class _Twice(ValueError):
    """A field that stands twice in one object."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Twice(next(name for number, name in enumerate(names) if name in names[:number]))
    return found
