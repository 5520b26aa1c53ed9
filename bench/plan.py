"""How much is to be measured, and where progress is printed."""

import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """So many rounds; ``scale`` is 1 for a whole run and less for a look or a test.

    ``old_years`` is how many closed years of as many people stand in the large county of P6; ``bill_lines`` how long a
    further bill is of which P5 measures the memory.
    """

    repeat: int = 3
    scale: float = 1.0
    old_years: int = 0
    bill_lines: int = 0

    def count(self, whole: int, *, least: int = 1) -> int:
        """So many of what a whole run takes ``whole`` of."""
        return max(least, round(whole * self.scale))

    def say(self, words: str) -> None:
        """Say what is going on; the table alone goes to standard output."""
        print(words, file=sys.stderr, flush=True)
