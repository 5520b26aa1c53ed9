"""The worked cases kept beside each pack: lines of a document with the answer an officer expects."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from shared.policy.case_decision import assess
from shared.policy.overrides import with_overrides
from shared.policy.pack import Pack
from shared.policy.question import CaseFacts

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True, slots=True)
class WorkedCase:
    """One case: what is asked, and the keys of the answer that it is about."""

    id: str
    facts: CaseFacts
    expect: dict[str, Any]

    def disagreements(self, pack: Pack) -> dict[str, tuple[Any, Any]]:
        """The keys whose answer differs from the expected one, with both; none if the case agrees."""
        configured = with_overrides(pack, self.facts.config_overrides, name="config_overrides")
        given = assess(configured, self.facts)
        return {key: (given.get(key), value) for key, value in self.expect.items() if given.get(key) != value}


def worked_cases(pack_id: str, folder: Path = CASES) -> list[WorkedCase]:
    """Read the worked cases of a pack; a pack may have none."""
    file = folder / f"{pack_id}.yaml"
    if not file.exists():
        return []
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    return [
        WorkedCase(case["id"], CaseFacts.model_validate(case["facts"]), case["expect"]) for case in document["cases"]
    ]
