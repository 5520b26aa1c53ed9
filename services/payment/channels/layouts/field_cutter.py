"""A line into its fields, by separator or by width in bytes, each decoded strictly."""

from collections.abc import Callable, Sequence

from services.payment.channels.layouts.faults import LineFault, UnreadableField
from services.payment.channels.layouts.layout import FileLayout, LayoutField

Cut = Callable[[bytes], Sequence[str]]


def cutter(layout: FileLayout, fields: Sequence[LayoutField]) -> Cut:
    """How lines of these fields are cut; what it gives raises UnreadableField."""
    return _by_width(layout, fields) if layout.fixed else _by_separator(layout, len(fields))


def decoded(layout: FileLayout, content: bytes) -> str:
    """The text of a line; raises UnreadableField where a byte is none of the encoding's."""
    try:
        return content.decode(layout.encoding)
    except UnicodeDecodeError:
        raise UnreadableField(LineFault.WRONG_ENCODING) from None


def _by_separator(layout: FileLayout, count: int) -> Cut:
    """Decoded first: the second byte of a GBK character may be that of a separator."""
    separator, last = layout.separator or "", layout.ends_with_separator

    def cut(content: bytes) -> Sequence[str]:
        text = decoded(layout, content)
        if last:
            if not text.endswith(separator):
                raise UnreadableField(LineFault.WRONG_FIELDS)
            text = text.removesuffix(separator)
        parts = text.split(separator)
        if len(parts) != count:
            raise UnreadableField(LineFault.WRONG_FIELDS)
        parts = [part.strip(" \t") for part in parts]
        printable("".join(parts))
        return parts

    return cut


def _by_width(layout: FileLayout, fields: Sequence[LayoutField]) -> Cut:
    """Cut first: widths are in bytes, and a Chinese character has two of them, or four."""
    places: list[tuple[str, slice]] = []
    start = 0
    for field in fields:
        end = start + (field.width or 0)
        places.append((field.name, slice(start, end)))
        start = end
    length = start

    def cut(content: bytes) -> Sequence[str]:
        if len(content) != length:
            raise UnreadableField(LineFault.WRONG_WIDTH)
        found = []
        for name, place in places:
            try:
                found.append(printable(decoded(layout, content[place]).strip(" ")))
            except UnreadableField as unreadable:
                raise UnreadableField(unreadable.fault, name) from None
        return found

    return cut


def printable(text: str) -> str:
    """Refuse control and formatting characters: in a list or a log they would pass for something else."""
    if not text.replace("\u3000", "").isprintable():
        raise UnreadableField(LineFault.UNPRINTABLE)
    return text
