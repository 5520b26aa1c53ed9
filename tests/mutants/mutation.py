"""What a mutation is: a guard, the text that takes it out, and the tests that must notice."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Edit:
    """A piece of a file and what stands there without the guard; the piece must stand there exactly once."""

    file: str
    old: str
    new: str

    def stale(self, checkout: Path) -> str | None:
        """Why the edit no longer fits the source, if it does not."""
        found = (checkout / self.file).read_text(encoding="utf-8").count(self.old)
        return None if found == 1 else f"{self.file}: the text to replace stands there {found} times"

    def apply(self, checkout: Path) -> None:
        """Take the guard's text out of a copy."""
        path = checkout / self.file
        path.write_text(path.read_text(encoding="utf-8").replace(self.old, self.new), encoding="utf-8")


@dataclass(frozen=True)
class Mutation:
    """One guard taken out; every one of the tests (by pytest's name for it) must fail without it."""

    guard: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]

    def stale(self, checkout: Path) -> list[str]:
        """Why it no longer fits the source; empty where it does."""
        return [why for edit in self.edits if (why := edit.stale(checkout)) is not None]
