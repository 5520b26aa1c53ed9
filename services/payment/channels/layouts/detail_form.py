"""How a detail's fields become a line of a file, as its layout declares them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from services.payment.channels.layouts import values
from services.payment.channels.layouts.faults import FaultyFile, FileFault, LineFault, UnreadableField
from services.payment.channels.layouts.field_cutter import cutter
from services.payment.channels.layouts.layout import FileLayout, LayoutField, LineKind, Meaning
from services.payment.channels.layouts.lines import FileLine, UnreadLine

_Cell = tuple[LayoutField, int]


class DetailForm:
    """Reads details of one file: its day is known, and where each field stands."""

    def __init__(self, layout: FileLayout, file_day: date | None, columns: Sequence[str] | None = None) -> None:
        """Find the fields, by the names of ``columns`` where the file has them; raises FaultyFile."""
        self._layout = layout
        self._last_day = file_day
        self._first_day = None if file_day is None else file_day - timedelta(days=layout.days_before)
        fields = layout.detail if columns is None else _named(layout, columns)
        self._cut = cutter(layout, fields)
        self._cells: dict[Meaning, _Cell] = {
            each.means: (each, place) for place, each in enumerate(fields) if each.means is not Meaning.CONSTANT
        }
        self._constants = [(each, place) for place, each in enumerate(fields) if each.means is Meaning.CONSTANT]
        self._codes: Mapping[Meaning, Mapping[str, str]] = {
            each.means: each.meaning_of for each in fields if each.codes
        }

    def read(self, number: int, content: bytes | None) -> FileLine | UnreadLine:
        """A line, or why it cannot be read."""
        if content is None or not content:
            return UnreadLine(number, LineFault.TOO_LONG if content is None else LineFault.EMPTY, "")
        try:
            cells = self._cut(content)
        except UnreadableField as unreadable:
            return UnreadLine(number, unreadable.fault, unreadable.field)
        try:
            return self._line(number, cells)
        except UnreadableField as unreadable:
            return UnreadLine(number, unreadable.fault, unreadable.field, *self._money_of(cells))

    def _line(self, number: int, cells: Sequence[str]) -> FileLine:
        for constant, place in self._constants:
            if cells[place] != constant.value:
                raise UnreadableField(LineFault.WRONG_VALUE, constant.name)
        kind, amount_fen = self._kind(cells), self._amount(cells)
        happened_at = self._moment(cells)
        day = happened_at.date()
        sequence = self._sequence(Meaning.SEQUENCE, self._text(Meaning.SEQUENCE, cells) or "")
        remitted_on = self._later_day(Meaning.REMITTED_DAY, cells, day)
        return FileLine(
            line_no=number,
            kind=kind,
            sequence=sequence,
            original=self._original(cells, kind, sequence),
            original_on=self._original_day(cells, kind, day),
            day=day,
            happened_at=happened_at,
            channel=self._coded(Meaning.CHANNEL, cells) or str(self._layout.channel),
            document_type=self._coded(Meaning.DOCUMENT_TYPE, cells) or str(self._layout.document_type),
            document_number=self._word(Meaning.DOCUMENT_NUMBER, cells),
            person_name=self._name(cells),
            amount_fen=amount_fen,
            benefit_year=self._year(cells),
            remitted_on=remitted_on,
            treasury_on=self._later_day(Meaning.TREASURY_DAY, cells, remitted_on or day),
            voucher_no=self._optional_word(Meaning.VOUCHER, cells),
        )

    def _money_of(self, cells: Sequence[str]) -> tuple[int | None, LineKind | None]:
        try:
            return self._amount(cells), self._kind(cells)
        except UnreadableField:
            return None, None

    def _text(self, meaning: Meaning, cells: Sequence[str]) -> str | None:
        cell = self._cells.get(meaning)
        if cell is None:
            return None
        field, place = cell
        if text := cells[place]:
            return text
        if field.optional:
            return None
        raise UnreadableField(LineFault.MISSING, field.name)

    def _fault(self, meaning: Meaning, fault: LineFault) -> UnreadableField:
        return UnreadableField(fault, self._cells[meaning][0].name)

    def _amount(self, cells: Sequence[str]) -> int:
        field, _ = self._cells[Meaning.AMOUNT]
        try:
            fen = values.fen_of(self._text(Meaning.AMOUNT, cells) or "", field.amount_form, padded=field.padded)
        except UnreadableField as unreadable:
            raise self._fault(Meaning.AMOUNT, unreadable.fault) from None
        if not fen:
            raise self._fault(Meaning.AMOUNT, LineFault.WRONG_AMOUNT)
        return fen

    def _kind(self, cells: Sequence[str]) -> LineKind:
        return LineKind(self._coded(Meaning.KIND, cells) or LineKind.PAYMENT)

    def _coded(self, meaning: Meaning, cells: Sequence[str]) -> str | None:
        text = self._text(meaning, cells)
        if text is None:
            return None
        found = self._codes[meaning].get(text)
        if found is None:
            raise self._fault(meaning, LineFault.UNKNOWN_CODE)
        return found

    def _moment(self, cells: Sequence[str]) -> datetime:
        meaning = Meaning.MOMENT if Meaning.MOMENT in self._cells else Meaning.DAY
        field, _ = self._cells[meaning]
        text = self._text(meaning, cells) or ""
        try:
            if meaning is Meaning.MOMENT:
                moment = values.moment_of(text, field.day_form)
            else:
                moment = values.moment_on(values.day_of(text, field.day_form), self._text(Meaning.TIME, cells))
        except UnreadableField as unreadable:
            raise UnreadableField(unreadable.fault, unreadable.field or field.name) from None
        if not self._is_of_file(moment.date()):
            raise UnreadableField(LineFault.OTHER_DAY, field.name)
        return moment

    def _is_of_file(self, day: date) -> bool:
        return self._last_day is None or self._first_day is None or self._first_day <= day <= self._last_day

    def _later_day(self, meaning: Meaning, cells: Sequence[str], not_before: date) -> date | None:
        text = self._text(meaning, cells)
        if text is None:
            return None
        form = self._cells[meaning][0].day_form
        try:
            day = values.day_of(text[: len("yyyy-mm-dd")], form)
        except UnreadableField as unreadable:
            raise self._fault(meaning, unreadable.fault) from None
        if day < not_before or (self._last_day is not None and day > self._last_day):
            raise self._fault(meaning, LineFault.OTHER_DAY)
        return day

    def _year(self, cells: Sequence[str]) -> int | None:
        text = self._text(Meaning.BENEFIT_YEAR, cells)
        if text is None:
            return None
        try:
            return values.year_of(text, self._cells[Meaning.BENEFIT_YEAR][0].day_form)
        except UnreadableField as unreadable:
            raise self._fault(Meaning.BENEFIT_YEAR, unreadable.fault) from None

    def _word(self, meaning: Meaning, cells: Sequence[str]) -> str:
        return self._number(meaning, self._text(meaning, cells) or "")

    def _optional_word(self, meaning: Meaning, cells: Sequence[str]) -> str | None:
        text = self._text(meaning, cells)
        return None if text is None else self._number(meaning, text)

    def _number(self, meaning: Meaning, text: str) -> str:
        try:
            return values.number_of(text)
        except UnreadableField as unreadable:
            raise self._fault(meaning, unreadable.fault) from None

    def _original(self, cells: Sequence[str], kind: LineKind, sequence: str) -> str | None:
        """Which payment a reversal takes back; where the layout has a field for it, the reversal says it there."""
        if kind is LineKind.PAYMENT:
            return None
        if Meaning.ORIGINAL not in self._cells:
            return sequence
        if (original := self._text(Meaning.ORIGINAL, cells)) is None:
            raise self._fault(Meaning.ORIGINAL, LineFault.MISSING)
        return self._sequence(Meaning.ORIGINAL, original)

    def _original_day(self, cells: Sequence[str], kind: LineKind, day: date) -> date | None:
        if kind is LineKind.PAYMENT:
            return None
        text = self._text(Meaning.ORIGINAL_DAY, cells)
        if text is None:
            return day
        form = self._cells[Meaning.ORIGINAL_DAY][0].day_form
        try:
            original_on = values.day_of(text, form)
        except UnreadableField as unreadable:
            raise self._fault(Meaning.ORIGINAL_DAY, unreadable.fault) from None
        if original_on > day:
            raise self._fault(Meaning.ORIGINAL_DAY, LineFault.OTHER_DAY)
        return original_on

    def _sequence(self, meaning: Meaning, text: str) -> str:
        try:
            return values.sequence_of(text)
        except UnreadableField as unreadable:
            raise self._fault(meaning, unreadable.fault) from None

    def _name(self, cells: Sequence[str]) -> str | None:
        text = self._text(Meaning.NAME, cells)
        try:
            return None if text is None else values.name_of(text)
        except UnreadableField as unreadable:
            raise self._fault(Meaning.NAME, unreadable.fault) from None


def _named(layout: FileLayout, columns: Sequence[str]) -> list[LayoutField]:
    """The fields in the file's own order; a column that the layout does not name is passed over."""
    declared = {field.name: field for field in layout.detail}
    for name, field in declared.items():
        times = columns.count(name)
        if times > 1 or (not times and not field.optional):
            raise FaultyFile(FileFault.WRONG_COLUMNS, f"{name}: {times} times")
    unknown = LayoutField.model_validate({"name": "-", "is": Meaning.IGNORED})
    return [declared.get(name, unknown) for name in columns]
