"""The names of subsidy's jobs, by which one part of the service starts another's work at once."""

from typing import Final

REASSESSMENT: Final = "reassess"
