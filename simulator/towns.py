"""The twenty townships of 罗山县 with the numbers to reach that its document prints, and how to scale them."""

from collections.abc import Sequence
from dataclasses import dataclass

COUNTY = "411521"
DOCUMENT = "罗政办〔2023〕52号"
TOTAL = 642_656


@dataclass(frozen=True, slots=True)
class Town:
    """A township: an illustrative nine-digit code, its name and the number of persons it is to enrol."""

    region: str
    name: str
    target: int


def _towns() -> tuple[Town, ...]:
    printed = (
        ("铁铺", 12035), ("丽水", 18681), ("尤店", 27837), ("山店", 18796), ("东铺", 42242),
        ("高店", 37800), ("定远", 29595), ("灵山", 20663), ("庙仙", 33838), ("龙山", 28706),
        ("周党", 47718), ("潘新", 32119), ("彭新", 39464), ("莽张", 42085), ("朱堂", 23381),
        ("竹竿", 46943), ("宝城", 32074), ("子路", 43296), ("青山", 26326), ("楠杆", 39057),
    )  # fmt: skip
    return tuple(Town(f"{COUNTY}{101 + place}", name, target) for place, (name, target) in enumerate(printed))


TOWNS = _towns()


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Split ``total`` in proportion by largest remainder, so that the parts sum exactly; ties go to the first named."""
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    short = total - sum(parts)
    for place in sorted(range(len(weights)), key=lambda i: (-remainders[i], i))[:short]:
        parts[place] += 1
    return parts


def scaled(total: int) -> tuple[Town, ...]:
    """The townships in proportion to ``total`` persons; the printed total gives the printed numbers."""
    parts = apportion(total, [town.target for town in TOWNS])
    return tuple(Town(town.region, town.name, part) for town, part in zip(TOWNS, parts, strict=True))
