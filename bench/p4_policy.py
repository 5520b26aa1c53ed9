"""P4: a county assessed under each pack, equal people once: their schedules, the command itself, beside OpenFisca."""

import asyncio
import gc
import json
import os
import resource
import subprocess
import sys
import time
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import count as counting
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.plan import Plan
from bench.policy_people import DAYS, amounts_of, case_at, configured, people, write_cases
from bench.references.openfisca_rules import arrays_of, dues, system_of
from bench.results import Line, at_most, line
from shared.domain.money import parse_yuan
from shared.policy.case_decision import decided
from shared.policy.pack import Pack
from shared.policy.pricing_key import PricingKeys
from shared.policy.schedule import Assessment, PriceCalendar, price_calendar

TITLE = "Policy: what everybody owes, and why"
PEOPLE, ALONE = 642_656, 10_000
PACKS = ("luoshan-2024", "anon-city-2023", "tonghe-2023", "shantou-2022", "national-2025")


class Differs(RuntimeError):
    """A reference computes something else: then the times of one of them mean nothing."""


async def measure(plan: Plan) -> Sequence[Line]:
    """Assess the same people three ways under each pack; raises Differs where any due is not the same."""
    count = plan.count(PEOPLE, least=1_000)
    return [each for pack_id in PACKS for each in await asyncio.to_thread(_under, pack_id, count, plan)]


def _under(pack_id: str, count: int, plan: Plan) -> list[Line]:
    pack = configured(pack_id)
    columns, same = people(pack, count)
    columns |= {"residence": [same.pop("residence")] * count}
    system, arrays = system_of(pack), arrays_of(pack, columns)
    alone = min(ALONE, count)
    ours_s, theirs_s, alone_s, processor_ms = [], [], [], []
    plan.say(f"P4 {pack_id}: {count:,} people")
    for _ in range(plan.repeat):
        took, spent, (ours, distinct) = _timed(lambda: dues_by_schedule(pack, columns, same))
        ours_s.append(took)
        processor_ms.append(1000 * spent / count)
        took, _, theirs = _timed(lambda: dues(system, arrays, pack.benefit_year))
        theirs_s.append(took)
        took, _, one_by_one = _timed(lambda: _person_by_person(pack, columns, same, alone))
        alone_s.append(took * count / alone)
    memory = _peak_mib()
    refuse_different(pack_id, ours, [-1 if yuan < 0 else round(yuan * 100) for yuan in theirs.tolist()])
    refuse_different(pack_id, ours[:alone], one_by_one)
    with TemporaryDirectory(prefix="canbao-p4-") as folder:
        cases = Path(folder) / "cases.json"
        write_cases(cases, pack_id, columns, same)
        command_s, command_mib, by_command = _by_command(pack_id, cases)
    refuse_different(pack_id, ours, by_command)
    ratios = [a / b for a, b in zip(ours_s, theirs_s, strict=True)]
    return [
        line("P4", f"{pack_id}: schedules, with reasons", "s", ours_s),
        line("P4", f"processor per person, {pack_id}", "ms", processor_ms),
        line("P4", f"{pack_id}: (a) OpenFisca, built and computed", "s", theirs_s),
        line("P4", f"{pack_id}: (b) person by person, from {alone:,}", "s", alone_s),
        line("P4", f"{pack_id}: schedules / (a)", "×", ratios, at_most(5)),
        line("P4", f"{pack_id}: distinct people", "", [distinct]),
        line("P4", f"{pack_id}: memory, most so far", "MiB", [memory]),
        line("P4", f"{pack_id}: canbao policy assess, file to answers", "s", [command_s]),
        line("P4", f"{pack_id}: canbao policy assess, memory", "MiB", [command_mib]),
    ]


def dues_by_schedule(
    pack: Pack, columns: Mapping[str, Sequence[Any]], same: Mapping[str, Any]
) -> tuple["array[int]", int]:
    """What each person owes on the day of payment, -1 where nothing can be collected, and how many schedules that took.

    Equal people have one calendar of prices; the assessment as of the day of registration is looked up in it.
    """
    keys = PricingKeys(pack)
    births, registered, paid = (columns[name] for name in DAYS)
    said, said_of = _numbered(zip(*(column for name, column in columns.items() if name not in DAYS), strict=True))
    firsts = _firsts(said_of, len(said))
    details = [keys.detail(case_at(columns, same, place).person()) for place in firsts]
    found = keys.keys(births, registered, list(map(details.__getitem__, said_of)))
    groups, group_of = _numbered(zip(said_of, found, registered, strict=True))
    calendars: dict[Any, PriceCalendar] = {}
    assessments = []
    for (one, key, as_of), place in zip(groups, _firsts(group_of, len(groups)), strict=True):
        if (one, key) not in calendars:
            case = case_at(columns, same, place)
            calendars[one, key] = price_calendar(pack, case.person(), case.identities())
        assessments.append(calendars[one, key].assessment(as_of))
    # Equal people registered on days with one assessment owe the same on each day of payment.
    numbers = {id(assessment): number for number, assessment in enumerate(assessments)}
    assessment_of = [numbers[id(assessment)] for assessment in assessments]
    questions, question_of = _numbered(zip(map(assessment_of.__getitem__, group_of), paid, strict=True))
    answers = [_due(assessments[number], on) for number, on in questions]
    return array("q", map(answers.__getitem__, question_of)), len(calendars)


def _due(assessment: Assessment, on: date) -> int:
    row = next((row for row in assessment.rows if row.pay_from <= on <= row.pay_until), None)
    return -1 if row is None else row.terms.due_fen


def _by_command(pack_id: str, cases: Path) -> tuple[float, float, list[int]]:
    """``canbao policy assess`` on a file of everybody: seconds, most memory in MiB, and what each owes in fen."""
    amounts = amounts_of(pack_id)
    command = [sys.executable, "-c", "from tools.cli import main; main()", "policy", "assess", str(cases)]
    command += [] if amounts is None else ["--overrides", str(amounts)]
    answers = cases.with_suffix(".answers")
    with answers.open("wb") as out:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=out)
        _, process.returncode, used = os.wait4(process.pid, 0)
        took = time.perf_counter() - began
    with answers.open(encoding="utf-8") as lines:
        found = [_fen(json.loads(each)["answer"]["individual_due"]) for each in lines]
    return took, used.ru_maxrss / 1024, found


def _fen(yuan: str | None) -> int:
    return -1 if yuan is None else parse_yuan(yuan)


def _numbered(keys: Iterable[Any]) -> tuple[list[Any], list[int]]:
    """The distinct keys in order of appearance, and the number of each; the loop over people runs inside C."""
    numbers: defaultdict[Any, int] = defaultdict(counting().__next__)
    each = list(map(numbers.__getitem__, keys))
    return list(numbers), each


def _firsts(numbers: list[int], distinct: int) -> Iterator[int]:
    """Where each number appears first; numbers were given in order of appearance."""
    place = 0
    for number in range(distinct):
        place = numbers.index(number, place)
        yield place


def _person_by_person(
    pack: Pack, columns: Mapping[str, Sequence[Any]], same: Mapping[str, Any], count: int
) -> list[int]:
    found = []
    for place in range(count):
        decision = decided(pack, case_at(columns, same, place))
        found.append(-1 if decision.terms is None else decision.terms.due_fen)
    return found


def _timed(act: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds, processor seconds, and what it returned."""
    gc.collect()
    began, spent = time.perf_counter(), time.process_time()
    result = act()
    return time.perf_counter() - began, time.process_time() - spent, result


def refuse_different(pack_id: str, ours: Sequence[int], theirs: Sequence[int]) -> None:
    """Raise Differs where two ways of computing do not say the same of everybody."""
    for place, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if a != b:
            raise Differs(f"{pack_id}, person {place}: {a} fen by schedule, {b} fen by the reference")


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
