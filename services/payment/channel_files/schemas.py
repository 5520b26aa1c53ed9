"""Files of institutions as HTTP shows them: sums and states, and of a line never whose it is."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.payment.channel_files.state import FileSource, FileState, LineState
from shared.web.page import Page


class ChannelFileOut(BaseModel):
    """A file: what it says of its whole, how many lines cannot be read, and how far the others are worked.

    ``open_fen`` is the part of its declared total that stands behind lines which cannot be read.
    """

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    institution: str
    layout: str
    file_day: date
    content_hash: str
    content_bytes: int
    source: FileSource
    signed_by: str
    state: FileState
    fault: str | None
    fault_detail: str | None
    declared_count: int | None
    declared_fen: int | None
    line_count: int
    unread_count: int
    paid_fen: int
    reversed_fen: int
    open_fen: int
    worked_through: int
    recorded_at: datetime


class ChannelFilePage(Page[ChannelFileOut, UUID]):
    """Files in the order in which they came."""


class ChannelFileLineOut(BaseModel):
    """A line: its number in the file and what became of it, or why it cannot be read and in which field.

    ``repeated``: the same had come before, such as an online payment with which it agrees.
    """

    model_config = ConfigDict(from_attributes=True)

    line_no: int
    kind: str | None
    sequence: str | None
    business_date: date | None
    channel: str | None
    amount_fen: int | None
    treasury_on: date | None
    state: LineState
    reason: str | None
    repeated: bool
    fault: str | None
    fault_field: str | None


class ChannelFileLinePage(Page[ChannelFileLineOut, int]):
    """Lines in the file's order."""
