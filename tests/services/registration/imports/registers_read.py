"""Reading what an import gives back."""

import csv
from pathlib import Path


def rows_of(path: Path, encoding: str) -> list[list[str]]:
    """A file's rows, its header first."""
    limit = csv.field_size_limit(1 << 30)
    try:
        with path.open(encoding=encoding, newline="") as file:
            return list(csv.reader(file))
    finally:
        csv.field_size_limit(limit)


def files_in(folder: Path) -> list[str]:
    """The names of everything in a folder, hidden or not."""
    return sorted(path.name for path in folder.iterdir())
