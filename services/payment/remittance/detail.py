"""The tax bureau's detail of a batch against our own, line by line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.payment.batches.discrepancies import Difference, DifferenceKind


@dataclass(frozen=True, slots=True)
class TaxLine:
    """One line of the tax bureau's detail; the number is its 缴费明细流水号."""

    line_no: str
    enrolment_id: UUID
    amount_fen: int


@dataclass(frozen=True, slots=True)
class TaxDetail:
    """What the tax bureau received for one batch, under the name it was asked by."""

    reference: str
    total_fen: int
    lines: Sequence[TaxLine]


def compare_detail(reference: str, ours: Mapping[UUID, int], detail: TaxDetail) -> tuple[Difference, ...]:
    """Name every line and total in which the tax bureau's detail differs from the batch; nothing where all agree."""
    found: list[Difference] = []
    if detail.reference != reference:
        found.append(Difference(DifferenceKind.TAX_BATCH_DIFFERS, reference=detail.reference))
    found += _lines(ours, detail)
    ours_fen = sum(ours.values())
    if detail.total_fen != ours_fen or detail.total_fen != sum(line.amount_fen for line in detail.lines):
        found.append(Difference(DifferenceKind.TAX_TOTAL_DIFFERS, ours_fen=ours_fen, theirs_fen=detail.total_fen))
    return tuple(found)


def _lines(ours: Mapping[UUID, int], detail: TaxDetail) -> list[Difference]:
    found: list[Difference] = []
    seen: set[UUID] = set()
    numbers: set[str] = set()
    for line in detail.lines:
        mine = ours.get(line.enrolment_id)
        kind: DifferenceKind | None = None
        if line.enrolment_id in seen or line.line_no in numbers:
            kind = DifferenceKind.TAX_LINE_TWICE
        elif mine is None:
            kind = DifferenceKind.TAX_LINE_EXTRA
        elif mine != line.amount_fen:
            kind = DifferenceKind.TAX_AMOUNT_DIFFERS
        seen.add(line.enrolment_id)
        numbers.add(line.line_no)
        if kind is not None:
            found.append(
                Difference(
                    kind,
                    ours_fen=mine,
                    theirs_fen=line.amount_fen,
                    enrolment_id=line.enrolment_id,
                    reference=line.line_no,
                )
            )
    return found + [
        Difference(DifferenceKind.TAX_LINE_MISSING, ours_fen=amount_fen, enrolment_id=enrolment_id)
        for enrolment_id, amount_fen in ours.items()
        if enrolment_id not in seen
    ]
