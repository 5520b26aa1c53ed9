"""A decision's reasons: every rule that was tried, whether it won, in words, and on what it stands."""

from dataclasses import dataclass, field
from enum import StrEnum

from shared.policy.pack import Basis
from shared.policy.vocabulary import ReasonCode


@dataclass(frozen=True, slots=True)
class RuleReason:
    """One rule that was tried."""

    code: str
    won: bool
    text: str
    basis: Basis

    @classmethod
    def of(cls, code: str, won: bool, basis: Basis, text: str | None = None) -> "RuleReason":
        """A reason in the words of its rule, unless the case calls for words of its own."""
        return cls(code, won, text or basis.says, basis)


Reasons = tuple[RuleReason, ...]


class Ruling(StrEnum):
    """What becomes of a case."""

    ACCEPT = "ACCEPT"
    REJECT = "REJECT"
    HOLD = "HOLD"


@dataclass(frozen=True, slots=True)
class PolicyRefusal:
    """A case that is refused or held, why, and whether the person could be insured here at another time."""

    ruling: Ruling
    code: ReasonCode
    eligible: bool
    reasons: Reasons = field(default=())
