"""The worked cases of institution rules, kept by document, with the answer an officer expects."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from shared.policy.institutions.answers import answer_case
from shared.policy.pack import Pack

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True, slots=True)
class InstitutionCase:
    """One question, the function that decides it (None: refused before any is asked), and what the case is about."""

    id: str
    by: str | None
    given: dict[str, Any]
    expect: dict[str, Any]

    def disagreements(self, pack: Pack) -> dict[str, tuple[Any, Any]]:
        """The keys whose answer differs from the expected one, with both; none if the case agrees."""
        answered = answer_case(pack, self.given)
        return {key: (answered.get(key), value) for key, value in self.expect.items() if answered.get(key) != value}


def institution_cases(pack_id: str, folder: Path = CASES) -> list[InstitutionCase]:
    """Read the cases of a pack; a pack may have none."""
    file = folder / f"{pack_id}.yaml"
    if not file.exists():
        return []
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    return [InstitutionCase(case["id"], case["by"], case["given"], case["expect"]) for case in document["cases"]]
