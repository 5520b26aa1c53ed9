"""`make mutants`: takes out one guard at a time and demands that its named tests turn red; exit 1 if any stays green.

It works on copies of the checkout in a temporary folder; the checkout itself is never touched.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from tests.mutants.catalogue import MUTATIONS, ROOT
from tests.mutants.mutation import Mutation

_WITHIN_S = 600
PASSED, FAILED, BROKEN, MISSING = "passed", "failed", "broken", "not run"


def main(wanted: Sequence[str]) -> int:
    """Judge the mutations whose guard contains one of the words (all, if none is given)."""
    chosen = [one for one in MUTATIONS if not wanted or any(word in one.guard for word in wanted)]
    stale = [f"{one.guard}: {why}" for one in chosen for why in one.stale(ROOT)]
    if stale or not chosen:
        print(*stale or ["no such mutation"], sep="\n", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="canbao-mutants-") as folder:
        every = sorted({test for one in chosen for test in one.tests})
        healthy = _outcomes(_copy(Path(folder) / "unchanged"), every)
        if any(outcome != PASSED for outcome in healthy.values()):
            print("with every guard in place these tests must pass:", file=sys.stderr)
            print(*(f"  {outcome} {test}" for test, outcome in healthy.items() if outcome != PASSED), sep="\n")
            return 2
        print(f"with every guard in place {len(every)} tests pass", flush=True)
        survived = sum(_survives(one, Path(folder) / str(number)) for number, one in enumerate(chosen))
    print(f"{len(chosen) - survived} of {len(chosen)} guards are missed when they are gone")
    return 1 if survived else 0


def _survives(mutation: Mutation, folder: Path) -> bool:
    """Whether a named test fails to notice; prints a line per test."""
    checkout = _copy(folder)
    for edit in mutation.edits:
        edit.apply(checkout)
    began = time.monotonic()
    outcomes = _outcomes(checkout, mutation.tests)
    print(f"\nwithout the {mutation.guard} ({time.monotonic() - began:.0f} s)")
    for test, outcome in outcomes.items():
        verdict = "red" if outcome == FAILED else "GREEN: SURVIVED" if outcome == PASSED else outcome.upper()
        print(f"  {verdict:16} {test}", flush=True)
    shutil.rmtree(folder)
    return any(outcome != FAILED for outcome in outcomes.values())


def _copy(folder: Path) -> Path:
    """The files of the checkout as they are now, with the broker's jars at hand."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    (folder / ".canbao").mkdir()
    (folder / ".canbao" / "kafka").symlink_to(ROOT / ".canbao" / "kafka")
    return folder


def _outcomes(checkout: Path, tests: Sequence[str]) -> dict[str, str]:
    """What became of each test in a copy. A test that could not even be set up proves nothing: it is broken."""
    report = checkout / "outcomes.xml"
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "--tb=no", f"--junitxml={report}", *tests]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(checkout)}
    with (checkout / "pytest.log").open("wb") as log:
        subprocess.run(command, cwd=checkout, env=environment, stdout=log, stderr=log, check=False, timeout=_WITHIN_S)
    found = dict.fromkeys(tests, MISSING)
    if not report.exists():
        return found
    for case in ElementTree.parse(report).iter("testcase"):
        found[_name(case)] = _outcome(case)
    return found


def _name(case: ElementTree.Element) -> str:
    """The test's name as pytest takes it, from the dotted one in the report."""
    module, _, inner = case.attrib["classname"].partition(".Test")
    return "::".join([module.replace(".", "/") + ".py", *([f"Test{inner}"] if inner else []), case.attrib["name"]])


def _outcome(case: ElementTree.Element) -> str:
    if case.find("error") is not None or case.find("skipped") is not None:
        return BROKEN
    return FAILED if case.find("failure") is not None else PASSED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
