"""Which tables are sealed, and which of their columns: declared once, as a form that blocks refer to."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AuditedTable:
    """A table some of whose columns are written once. It has a ``key`` of UUIDs, ``recorded_at`` and ``written_by``.

    The last is the writing transaction; an index holds ``(written_by, key)``. What may change later is left out.

    A block says in which form it was sealed. Another list of columns is another form, beside the earlier one in the
    table's proof view: blocks of before are still recomputed as they were sealed.
    """

    name: str
    form: int
    columns: tuple[str, ...]
    # Columns that no block holds, and why.
    left_out: Mapping[str, str] = field(default_factory=dict)
    # The forms of before, by their number: blocks that were sealed in them stay.
    earlier: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    # The column that distinguishes the rows of one transaction.
    key: str = "id"

    @property
    def digest(self) -> str:
        """A row's digest in SQL: over the binary form of its columns, which no time zone and no date style changes.

        Text is in the client's encoding there: UTF-8, as every connection of ours and of the auditor has it.
        """
        return _digest(self.columns)

    def digest_of(self, form: str) -> str:
        """The same in the form that a column of SQL names."""
        if not self.earlier:
            return self.digest
        forms = " ".join(f"WHEN {number} THEN {_digest(columns)}" for number, columns in self.earlier.items())
        return f"CASE {form} {forms} ELSE {self.digest} END"


def _digest(columns: tuple[str, ...]) -> str:
    return f"sha256(record_send(ROW({', '.join(columns)})))"
