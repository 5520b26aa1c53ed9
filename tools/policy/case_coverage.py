"""Which worked cases try a pack's entries: a decision cites the rules that it tried, and an entry is found by them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from shared.policy.case_decision import decided
from shared.policy.institutions.worked_cases import institution_cases
from shared.policy.overrides import with_overrides
from shared.policy.pack import Basis, Pack
from shared.policy.reasons import RuleReason
from shared.policy.worked_cases import worked_cases
from tools.policy.explanation import bases


def cases_by_entry(pack: Pack) -> Mapping[str, list[str]]:
    """The ids of the worked cases by the entry of the pack, or the function of institution rules, that they try."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    places = list(bases(pack))
    for case in worked_cases(pack.id):
        configured = with_overrides(pack, case.facts.config_overrides, name="config_overrides")
        reasons = decided(configured, case.facts).reasons
        for place in dict.fromkeys(place for reason in reasons for place in _places(reason, places)):
            found[place].append(case.id)
        if "school_list" in case.expect:
            found["school_lists"].append(case.id)
    for question in institution_cases(pack.id):
        if question.by is not None:
            found[question.by].append(question.id)
        for place in _asked(question.given):
            found[place].append(question.id)
    return found


def _places(reason: RuleReason, places: list[tuple[str, Basis]]) -> Iterator[str]:
    for place, basis in places:
        section, _, name = place.partition(".")
        if section in ("reliefs", "scope") and name != "otherwise":
            if reason.code.removeprefix("RELIEF_") == name:
                yield place
        elif _same(reason.basis, basis):
            yield place


def _same(cited: Basis, entry: Basis) -> bool:
    """A configured amount changes what a basis says and where it comes from, never the clause beside it."""
    return cited == entry or (cited.clause is not None and cited.clause == entry.clause)


def _asked(given: Mapping[str, object]) -> Iterator[str]:
    """The entries that a question to an institution looks at."""
    if "town" in given or "targets" in given:
        yield "evaluation.targets"
    if {"residents", "insured_last_year"} & given.keys():
        yield "evaluation"
    if "subsidised_insured" in given:
        yield "evaluation.subsidised"
    if "correction_date" in given:
        yield "evaluation.corrections"
    if "check_date" in given:
        yield "evaluation.clearing"
    if given.keys() - {"config_overrides"} == {"insured"}:
        yield "standards[0].fiscal"
