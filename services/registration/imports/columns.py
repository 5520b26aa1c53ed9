"""The columns of a register: known by their names in Chinese, in English or in the national data standard."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.errors import DomainError, ErrorCode

REASON = "错误原因"
LABELS: Mapping[str, str] = {
    "name": "姓名 name",
    "document_number": "证件号码 document_number",
    "document_type": "证件类型 document_type",
    "birth_date": "出生日期 birth_date",
    "region": "村（居）代码 region",
    "benefit_year": "参保年度 benefit_year",
    "hukou": "户籍 hukou",
    "hukou_note": "城乡 hukou_note",
    "residence": "居住情况 residence",
    "other_insurance": "其他参保 other_insurance",
    "newborn": "新生儿 newborn",
}
_REQUIRED = ("name", "document_number", "region")
_NAMES: Mapping[str, Sequence[str]] = {
    "name": ("姓名", "参保人姓名", "psn_name"),
    "document_number": ("证件号码", "证件号", "身份证号", "身份证号码", "公民身份号码", "certno", "id_number"),
    "document_type": ("证件类型", "证件类别", "psn_cert_type"),
    "birth_date": ("出生日期", "出生年月日", "brdy"),
    "region": (
        "村(居)代码",
        "村代码",
        "村居代码",
        "村(居)委会代码",
        "行政区划代码",
        "区划代码",
        "village",
        "village_code",
    ),
    "benefit_year": ("参保年度", "年度", "year"),
    "hukou": ("户籍", "户籍类型"),
    "hukou_note": ("城乡", "城乡类型"),
    "residence": ("居住情况",),
    "other_insurance": ("其他参保", "其他参保情况"),
    "newborn": ("新生儿", "是否新生儿"),
    REASON: (),
}
_FIELDS = {name: field for field, names in _NAMES.items() for name in (field, *names)}
_SHOWN = 40


class ColumnMissing(DomainError):
    """The header lacks a column without which nobody can be registered."""

    code = ErrorCode.IMPORT_COLUMN_MISSING


class ColumnDoubled(DomainError):
    """Two columns of the header mean the same."""

    code = ErrorCode.IMPORT_COLUMN_DOUBLED


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each known column stands, how many there are, and the names of those that are not used."""

    places: Mapping[str, int]
    header: tuple[str, ...]
    unused: tuple[str, ...]
    reason: int | None

    @property
    def width(self) -> int:
        """How many cells a row has."""
        return len(self.header)


def read_header(cells: Sequence[str]) -> Columns:
    """Find the columns by name, in whatever order; raises ``ColumnMissing`` or ``ColumnDoubled``."""
    header = tuple(_without_empty_end(cells))
    places: dict[str, int] = {}
    unused = []
    for place, cell in enumerate(header):
        field = _FIELDS.get(_plain(cell))
        if field is None:
            unused.append(shown(cell))
        elif field in places:
            raise ColumnDoubled(f"{shown(header[places[field]])}, {shown(cell)}")
        else:
            places[field] = place
    if missing := [LABELS[field] for field in _REQUIRED if field not in places]:
        names = "、".join("/".join(_NAMES[field]) for field in _REQUIRED if field not in places)
        seen = "、".join(unused) or "—"
        raise ColumnMissing(f"{', '.join(missing)}；可写作 accepted: {names}；文件中不认识的列 not understood: {seen}")
    return Columns(places, header, tuple(unused), places.pop(REASON, None))


def shown(cell: str) -> str:
    """A cell of the header as it may be printed: short, and nothing that moves a cursor."""
    return "".join(character if character.isprintable() else "\ufffd" for character in cell[:_SHOWN])


def _plain(cell: str) -> str:
    return "".join(unicodedata.normalize("NFKC", cell).split()).strip("'\"*").lower()


def _without_empty_end(cells: Sequence[str]) -> Sequence[str]:
    width = len(cells)
    while width and not cells[width - 1].strip():
        width -= 1
    return cells[:width]
