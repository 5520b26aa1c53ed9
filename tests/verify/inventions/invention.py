"""What an invented fraud is: what is done where, by whose login, and who must find it."""

from dataclasses import dataclass

# Nothing in the databases contradicts it; the reason stands beside the fraud.
NOBODY = "nobody"


@dataclass(frozen=True)
class Invention:
    """What is done in which databases, with whose login, whether all is sealed again after it, and who finds it."""

    name: str
    found_by: str
    done: tuple[tuple[str, str], ...]
    service: bool = False
    sealed_again: bool = False

    def __str__(self) -> str:
        """As it is called."""
        return self.name


def done_in(database: str, *statements: str) -> tuple[tuple[str, str], ...]:
    """Statements that are executed in one database."""
    return tuple((database, statement) for statement in statements)
