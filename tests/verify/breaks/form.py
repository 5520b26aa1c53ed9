"""What a break is: what is done to which database, and which check must find it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Break:
    """What is done to which database, which check finds it, and by how many fen."""

    name: str
    check: str
    database: str
    statements: tuple[str, ...]
    fen: int | None = None
    query: str | None = None  # of the check's queries the only one that finds it, by its name

    def __str__(self) -> str:
        """As the test is called."""
        return self.name.replace(" ", "_")
