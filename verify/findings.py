"""Counting what a check finds: complete counts and sums, but only the first rows, so that memory stays bounded."""

from verify.report import MOST_ROWS, Finding


class Tally:
    """What one check has found so far."""

    def __init__(self) -> None:
        """Nothing found yet."""
        self.examined = 0
        self.breaks = self.break_fen = 0
        self.in_flight = self.in_flight_fen = 0
        self.oldest_age_s = 0.0
        self.named_count = self.named_fen = 0
        self.rows: list[Finding] = []
        self.waiting: list[Finding] = []
        self.named: list[Finding] = []

    def looked_at(self, count: int) -> None:
        """Count what was compared: a check that looked at nothing proves nothing, and the table shows it."""
        self.examined += count

    def broke(self, finding: Finding) -> None:
        """A difference that nothing explains."""
        self.breaks += 1
        self.break_fen += abs(finding.difference_fen)
        _keep(self.rows, finding)

    def waits(self, finding: Finding, age_s: float) -> None:
        """A difference that something located and not yet taken in explains."""
        self.in_flight += 1
        self.in_flight_fen += abs(finding.difference_fen)
        self.oldest_age_s = max(self.oldest_age_s, age_s)
        _keep(self.waiting, finding)

    def name(self, finding: Finding) -> None:
        """No difference, but nobody may overlook it."""
        self.named_count += 1
        self.named_fen += abs(finding.difference_fen)
        _keep(self.named, finding)


def _keep(rows: list[Finding], finding: Finding) -> None:
    if len(rows) < MOST_ROWS:
        rows.append(finding)
