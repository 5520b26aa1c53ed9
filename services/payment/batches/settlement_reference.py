"""How a bank statement names a channel's settlement: channel, merchant and the day on which people paid."""

import re
from dataclasses import dataclass
from datetime import date

from shared.errors import DomainError, ErrorCode

_FORM = re.compile(r"([A-Z][A-Z0-9_]{1,30}):([0-9A-Za-z_-]{1,64}):([0-9]{4}-[0-9]{2}-[0-9]{2})", re.ASCII)

_FIRST_DAY = date(2000, 1, 1)


class SettlementReferenceMalformed(DomainError):
    """The reference does not name the channel and day that the money is for."""

    code = ErrorCode.SETTLEMENT_REFERENCE_MALFORMED


@dataclass(frozen=True, slots=True)
class SettlementReference:
    """What a channel pays out for one merchant and day."""

    channel: str
    merchant_id: str
    day: date

    def __str__(self) -> str:
        return f"{self.channel}:{self.merchant_id}:{self.day}"


def settlement_day(reference: str) -> date | None:
    """The day that a reference names; None where it is malformed."""
    try:
        return parse_settlement(reference).day
    except SettlementReferenceMalformed:
        return None


def parse_settlement(reference: str) -> SettlementReference:
    """Read a reference such as ``WECHAT:1900000109:2023-10-05``; raises SettlementReferenceMalformed."""
    match = _FORM.fullmatch(reference)
    if match is None:
        raise SettlementReferenceMalformed(reference[:100])
    try:
        day = date.fromisoformat(match[3])
    except ValueError:
        raise SettlementReferenceMalformed(reference[:100]) from None
    if day < _FIRST_DAY:
        raise SettlementReferenceMalformed(reference[:100])
    return SettlementReference(match[1], match[2], day)
