"""Days after which nothing is corrected, and by which every subsidised person has to be insured."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from shared.policy.pack import Deadline
from shared.policy.reasons import RuleReason


@dataclass(frozen=True, slots=True)
class Cleared:
    """Subsidised people still missing, and whether there are none."""

    remaining: int

    @property
    def cleared(self) -> bool:
        """动态清零."""
        return self.remaining == 0


def correction(rule: Deadline | None, day: date, *, overridden: bool) -> RuleReason | None:
    """Why a correction is refused on that day; None where it may be made (the county bureau may override)."""
    if rule is None or day <= rule.until or overridden:
        return None
    return RuleReason.of("DATA_FROZEN", True, rule.basis)


def cleared(subsidised: int, insured: int) -> Cleared:
    """How many subsidised people have no insurance yet."""
    return Cleared(max(subsidised - insured, 0))


def uninsured(listed: Collection[str], insured: Collection[str]) -> list[str]:
    """The people of a special group whom a list goes out about, by token: each once, nobody missed."""
    return sorted(set(listed) - set(insured))
