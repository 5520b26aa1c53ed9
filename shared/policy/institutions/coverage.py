"""Whether a place reached what its document asks: coverage, last year's number, the subsidised."""

from dataclasses import dataclass

from shared.policy.pack import Evaluation
from shared.policy.reasons import Reasons, RuleReason

_WHOLE = 10_000  # basis points


@dataclass(frozen=True, slots=True)
class Insured:
    """People of a place; None where nobody counted them."""

    insured: int | None = None
    residents: int | None = None
    last_year: int | None = None
    subsidised: int | None = None
    subsidised_insured: int | None = None


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What was judged; nothing where the document asks for nothing, or nobody counted."""

    reasons: Reasons

    @property
    def reached(self) -> bool | None:
        """Whether everything that was judged was reached; None where nothing was."""
        return all(reason.won for reason in self.reasons) if self.reasons else None


def evaluate(rule: Evaluation, counted: Insured) -> Evaluated:
    """Judge a place. Exactly the threshold is enough for 以上 and 不低于, and not for 超过 (default 3)."""
    reasons: list[RuleReason] = []
    if rule.coverage_basis_points is not None and counted.insured is not None and counted.residents:
        reached = _reaches(counted.insured, counted.residents, rule.coverage_basis_points, inclusive=rule.inclusive)
        reasons.append(RuleReason.of("COVERAGE", reached, rule.basis))
    if rule.at_least_last_year and counted.insured is not None and counted.last_year is not None:
        reasons.append(RuleReason.of("LAST_YEAR", counted.insured >= counted.last_year, rule.basis))
    if rule.subsidised_basis_points is not None and counted.subsidised and counted.subsidised_insured is not None:
        reached = _reaches(counted.subsidised_insured, counted.subsidised, rule.subsidised_basis_points, inclusive=True)
        reasons.append(RuleReason.of("SUBSIDISED", reached, rule.subsidised_basis or rule.basis))
    return Evaluated(tuple(reasons))


def _reaches(part: int, whole: int, basis_points: int, *, inclusive: bool) -> bool:
    """Compared in whole people: a rounded percentage would let 94.996 pass for 95."""
    have, want = part * _WHOLE, whole * basis_points
    return have >= want if inclusive else have > want
