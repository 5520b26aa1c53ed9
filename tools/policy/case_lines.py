"""A file of cases, one answer or one named error per case."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from shared.policy.answer import answer
from shared.policy.assessing import decided
from shared.policy.decide import Decision
from shared.policy.facts import MissingFact
from shared.policy.institutions.answering import UnknownQuestion, answer_case, shape_of
from shared.policy.loading import PACKS, load_pack
from shared.policy.overriding import OverrideProblem, with_overrides
from shared.policy.pack import Pack
from shared.policy.question import CaseFacts
from shared.policy.refusing import explained
from shared.policy.source import PackError, UnknownPack


@lru_cache
def _pack(pack_id: str, folder: Path, amounts: Path | None = None) -> Pack:
    return load_pack(pack_id, overrides=amounts, folder=folder)


class UnreadableCases(ValueError):
    """The file is no array of cases; the message names the mend."""


@dataclass(frozen=True, slots=True)
class CaseLine:
    """What became of one case: a decision under a pack, or an error."""

    id: Any
    policy: Any
    pack: Pack | None = None
    facts: CaseFacts | None = None
    decision: Decision | None = None
    error: Mapping[str, str] | None = None

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        told: dict[str, Any] = {"id": self.id, "policy": self.policy}
        if self.pack is None or self.facts is None or self.decision is None:
            return told | {"error": dict(self.error or {})}
        return told | {"answer": answer(self.pack, self.decision, self.facts.person())}


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


def assess_all(cases: list[Any], folder: Path = PACKS, amounts: Path | None = None) -> Iterator[CaseLine]:
    """Each case in its order, under the packs of a folder with a file of amounts; an error in one stops no other."""
    for case in cases:
        yield _assessed(case, folder, amounts)


def _assessed(case: Any, folder: Path, amounts: Path | None) -> CaseLine:
    if not isinstance(case, dict) or not isinstance(case.get("facts"), dict):
        shown = case.get("id") if isinstance(case, dict) else None
        return _refused(shown, None, "MALFORMED_CASE", "", "应有 id、policy 和 facts · needs id, policy and facts")
    asked, policy = case.get("id"), case.get("policy")
    try:
        shipped = _pack(str(policy), folder, amounts)
        facts = CaseFacts.model_validate(case["facts"])
        pack = with_overrides(shipped, facts.config_overrides, name="config_overrides")
        return CaseLine(asked, policy, pack, facts, decided(pack, facts))
    except ValidationError as refused:
        return _refused(asked, policy, *_first(refused))
    except MissingFact as missing:
        return _refused(asked, policy, "MISSING_FACT", f"/{missing.name.replace('.', '/')}", str(missing))
    except OverrideProblem as problem:
        return _misfit(asked, policy, problem)
    except UnknownPack as problem:
        return _refused(asked, policy, "UNKNOWN_POLICY", "", str(problem))
    except PackError as problem:
        return _refused(asked, policy, "POLICY_UNUSABLE", "", f"政策包有误 · {problem}")


def answer_institutions(cases: list[Any], folder: Path = PACKS) -> Iterator[dict[str, Any]]:
    """Each question to an institution in its order, answered or refused by name."""
    for case in cases:
        yield _answered(case, folder)


def _answered(case: Any, folder: Path) -> dict[str, Any]:
    if not isinstance(case, dict) or not isinstance(case.get("given"), dict):
        shown = case.get("id") if isinstance(case, dict) else None
        return _refused(
            shown, None, "MALFORMED_CASE", "", "应有 id、policy 和 given · needs id, policy, given"
        ).as_json()
    asked, policy = case.get("id"), case.get("policy")
    try:
        return {"id": asked, "policy": policy, "answer": answer_case(_pack(str(policy), folder), case["given"])}
    except UnknownQuestion as unknown:
        return _refused(asked, policy, "UNKNOWN_QUESTION", "", str(unknown)).as_json()
    except ValidationError as refused:
        return _refused(asked, policy, *_first(refused, shape_of(case["given"]))).as_json()
    except OverrideProblem as problem:
        return _misfit(asked, policy, problem).as_json()
    except UnknownPack as problem:
        return _refused(asked, policy, "UNKNOWN_POLICY", "", str(problem)).as_json()
    except PackError as problem:
        return _refused(asked, policy, "POLICY_UNUSABLE", "", f"政策包有误 · {problem}").as_json()


def _refused(asked: Any, policy: Any, code: str, pointer: str, detail: str) -> CaseLine:
    return CaseLine(asked, policy, error={"code": code, "pointer": pointer, "detail": detail})


def _misfit(asked: Any, policy: Any, problem: OverrideProblem) -> CaseLine:
    pointer = "/config_overrides" + "".join(f"/{step}" for step in problem.where)
    return _refused(asked, policy, "OVERRIDE_DOES_NOT_FIT", pointer, f"配置不适用 · {problem}: {problem.mend}")


def _first(refused: ValidationError, shape: type[BaseModel] = CaseFacts) -> tuple[str, str, str]:
    """Code, pointer and detail of what to mend first: a misspelt name, for it hides what is missing."""
    found = refused.errors(include_url=False)
    first = min(found, key=lambda each: each["type"] != "extra_forbidden")
    kind, where = first["type"], first["loc"]
    likely = get_close_matches(str(where[-1]), shape.model_fields, 1) if kind == "extra_forbidden" else []
    problem, mend = explained(first, likely[0] if likely else None)
    return _code(kind), "".join(f"/{step}" for step in where), f"{problem}; {mend}"


def _code(kind: str) -> str:
    if kind == "missing":
        return "MISSING_FACT"
    if kind == "extra_forbidden":
        return "UNKNOWN_FACT"
    return "CONTRADICTORY_FACTS" if kind == "value_error" else "MALFORMED_FACT"


class _Twice(ValueError):
    """A field that stands twice in one object."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Twice(name)
        found[name] = value
    return found
