"""Values as Alipay writes them: yuan with at most two places, moments of Beijing time without a zone. Pure."""

import re
from datetime import datetime
from typing import Final

from shared.domain.clock import SHANGHAI

_YUAN = re.compile(r"([0-9]{1,11})(?:\.([0-9]{1,2}))?", re.ASCII)
_MOMENT = re.compile(r"(2[01][0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,6})?", re.ASCII)
_FIRST, _BEYOND = datetime(2010, 1, 1, tzinfo=SHANGHAI), datetime(2200, 1, 1, tzinfo=SHANGHAI)
WRITTEN: Final = "%Y-%m-%d %H:%M:%S"


def fen_of(yuan: str) -> int | None:
    """A sum of money in fen; None where it is not written as Alipay writes one."""
    found = _YUAN.fullmatch(yuan)
    if found is None:
        return None
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def yuan_of(fen: int) -> str:
    """A sum of money as Alipay wants it."""
    return f"{fen // 100}.{fen % 100:02d}"


def moment_of(written: str) -> datetime | None:
    """A moment; None where it is not written as Alipay writes one. Parts of a second are left out."""
    found = _MOMENT.fullmatch(written)
    if found is None:
        return None
    try:
        moment = datetime.fromisoformat(found[1]).replace(tzinfo=SHANGHAI)
    except ValueError:
        return None
    return moment if _FIRST <= moment < _BEYOND else None


def written(moment: datetime) -> str:
    """A moment as Alipay writes it: Beijing time."""
    return f"{moment.astimezone(SHANGHAI):{WRITTEN}}"
