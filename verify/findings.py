"""Counting what a check finds: complete counts and sums, but only the first rows, so that memory stays bounded."""

from dataclasses import replace
from typing import Final

from verify.report import MOST_ROWS, RowFinding

# Whatever was away comes back within a day, and what waits is delivered within minutes then; what has not come by then
# was lost, or stands where nobody looks.
IN_FLIGHT_LIMIT_S: Final = 24 * 3600.0


class Findings:
    """What one check has found so far."""

    def __init__(self) -> None:
        """Nothing found yet."""
        self.examined = 0
        self.breaks = self.break_fen = 0
        self.in_flight = self.in_flight_fen = 0
        self.oldest_age_s = 0.0
        self.named_count = self.named_fen = 0
        self.rows: list[RowFinding] = []
        self.waiting: list[RowFinding] = []
        self.named: list[RowFinding] = []

    def count_examined(self, count: int) -> None:
        """Count what was compared: a check that compared nothing proves nothing, and the table shows it."""
        self.examined += count

    def add_break(self, finding: RowFinding) -> None:
        """A difference that nothing explains."""
        self.breaks += 1
        self.break_fen += abs(finding.difference_fen)
        _keep(self.rows, finding)

    def add_in_flight(self, finding: RowFinding, age_s: float) -> None:
        """A difference that something located and not yet taken in explains; for as long as that may be on its way."""
        if age_s > IN_FLIGHT_LIMIT_S:
            late = f"{finding.found}, on its way for {age_s / 3600:.0f} h"
            self.add_break(replace(finding, found=late))
            return
        self.in_flight += 1
        self.in_flight_fen += abs(finding.difference_fen)
        self.oldest_age_s = max(self.oldest_age_s, age_s)
        _keep(self.waiting, finding)

    def add_named(self, finding: RowFinding) -> None:
        """No difference, but listed so that a person sees it."""
        self.named_count += 1
        self.named_fen += abs(finding.difference_fen)
        _keep(self.named, finding)


def _keep(rows: list[RowFinding], finding: RowFinding) -> None:
    if len(rows) < MOST_ROWS:
        rows.append(finding)
