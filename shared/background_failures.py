"""Which background work of a process fails, since when and why: what `/readyz` says of it."""

from dataclasses import dataclass, field, replace

# A failure that is over within a minute needs no operator; work that ran this long without failing has recovered.
LASTING_S = 60.0
_RECOVERED_S = 50.0


@dataclass(frozen=True, slots=True)
class Failure:
    """A series of failures of one piece of work: first and last moment in seconds, and the last error's summary."""

    first_s: float
    last_s: float
    error: str


@dataclass(slots=True)
class BackgroundFailures:
    """The series of failures that are not over. Moments are seconds of the process's monotonic clock."""

    by_work: dict[str, Failure] = field(default_factory=dict)

    def failed(self, work: str, error: str, at_s: float) -> None:
        """Note a failure; it continues the series, unless the work had recovered."""
        known = self.by_work.get(work)
        if known is None or at_s - known.last_s > _RECOVERED_S:
            self.by_work[work] = Failure(at_s, at_s, error)
        else:
            self.by_work[work] = replace(known, last_s=at_s, error=error)

    def succeeded(self, work: str) -> None:
        """Note that the work did a whole step."""
        self.by_work.pop(work, None)

    def lasting(self, at_s: float) -> dict[str, str]:
        """Errors by work, of work that has failed for a minute and has not recovered since."""
        return {
            work: failure.error
            for work, failure in self.by_work.items()
            if at_s - failure.first_s >= LASTING_S and at_s - failure.last_s <= _RECOVERED_S
        }
