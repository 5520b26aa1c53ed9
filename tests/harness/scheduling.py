"""Which tests share what is dear to build: they are one unit of work and go to one worker, where it is built once.

pytest-xdist's own groups travel as a suffix of a test's id, which pytest 9.2 no longer lets it write; so the unit is
read from the id itself.
"""

import re

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

# The first pattern that matches names the unit; every other test is a unit of its own.
_UNITS = (
    (r"tests/endpoints/(test_\w+)\.py", r"\1"),
    (r"tests/verify/", "verify"),
    (r"tests/faults/test_servers_gone\.py", "faults-ground"),
    (r"tests/faults/", "faults"),
    (r"tests/journeys/test_(guides|readme)\.py::test_the_", "held-season"),
    (r"tests/journeys/test_up\.py::(?!.*test_another_place)", "up"),
)


def unit_of(test: str) -> str:
    """The unit of work to which a test belongs, by its id."""
    for pattern, unit in _UNITS:
        if found := re.match(pattern, test):
            return found.expand(unit)
    return test


class ByUnit(LoadScopeScheduling):  # type: ignore[misc]  # untyped
    """Units to whichever worker is free, those of most tests first, and of equal ones as they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)
