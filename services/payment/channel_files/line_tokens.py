"""A file's lines with people's tokens. Numbers and names end here: nothing behind this module holds any."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.payment.channel_files.models import NewLine
from services.payment.channels.layouts.lines import FileLine, FilePortion, UnreadLine
from services.payment.channels.layouts.reader import FileReader
from shared.domain.identity_number import InvalidIdentityNumber, normalise
from shared.protection import name_token, person_token


@dataclass(frozen=True)
class TokenMaker:
    """Turns lines into what is stored; ``benefit_year`` is of files that name none."""

    key: bytes
    benefit_year: int

    def portions(self, reader: FileReader) -> Iterator[list[NewLine]]:
        """The file's lines some at a time; raises FaultyFile, at the latest after the last."""
        for portion in reader.portions():
            yield self._stored(portion)

    def _stored(self, portion: FilePortion) -> list[NewLine]:
        return [*map(self._line, portion.lines), *map(_unread, portion.unread)]

    def _line(self, line: FileLine) -> NewLine:
        person = person_token(self.key, line.document_type, _number(line))
        named = None if line.person_name is None else name_token(self.key, person, line.person_name)
        return NewLine(
            line_no=line.line_no,
            kind=line.kind.value,
            sequence=line.sequence,
            business_date=line.day,
            original=line.original,
            original_on=line.original_on,
            happened_at=line.happened_at,
            channel=line.channel,
            person_token=person,
            name_token=named,
            benefit_year=line.benefit_year or self.benefit_year,
            amount_fen=line.amount_fen,
            remitted_on=line.remitted_on,
            treasury_on=line.treasury_on,
            voucher_no=line.voucher_no,
        )


def _number(line: FileLine) -> str:
    """The number in its one form. One that no document can have names no person: its money waits as not registered."""
    try:
        return normalise(line.document_type, line.document_number)
    except InvalidIdentityNumber:
        return line.document_number


def _unread(line: UnreadLine) -> NewLine:
    return NewLine(
        line_no=line.line_no,
        kind=line.kind.value if line.kind is not None else None,
        amount_fen=line.amount_fen,
        fault=line.fault.value,
        fault_field=line.field,
    )
