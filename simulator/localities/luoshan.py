"""罗山县, benefit year 2024, by 罗政办〔2023〕52号: 380 yuan per person, 20 townships, until New Year.

It names the identities that are aided but no amounts; those are the example file's invented ones, copied here by hand.
For DIBAO_MARGIN there is deliberately none: on hold.
"""

from collections.abc import Collection
from datetime import date

from simulator.localities.locality import Calendar, Locality, Owed, numbered

STANDARD_FEN = 38_000
AID_FEN = {
    "TEKUN": 38_000,
    "ORPHAN": 38_000,
    "DIBAO": 20_000,
    "POVERTY_MONITORED": 22_800,  # 60 %
}
_YEAR = date(2024, 1, 1)
_STEPS = (
    date(2023, 10, 1),
    date(2023, 10, 9),
    date(2023, 10, 18),
    date(2023, 10, 27),
    date(2023, 11, 6),
    date(2023, 11, 15),
    date(2023, 11, 24),
    date(2023, 12, 1),
    date(2023, 12, 8),
    date(2023, 12, 15),
    date(2023, 12, 22),
    date(2023, 12, 29),
    date(2023, 12, 31),
    date(2024, 1, 1),
    date(2024, 1, 10),
)


def owed(_: date, identities: Collection[str]) -> Owed:
    """The highest aid alone; on hold where an identity has no amount and none that is held pays all."""
    aid = max((AID_FEN[identity] for identity in identities if identity in AID_FEN), default=0)
    if aid < STANDARD_FEN and "DIBAO_MARGIN" in identities:
        return Owed(None)
    return Owed(STANDARD_FEN - aid, aid, _YEAR)


_NAMES = (
    "铁铺", "丽水", "尤店", "山店", "东铺", "高店", "定远", "灵山", "庙仙", "龙山",
    "周党", "潘新", "彭新", "莽张", "朱堂", "竹竿", "宝城", "子路", "青山", "楠杆",
)  # fmt: skip
_TARGETS = (
    12035, 18681, 27837, 18796, 42242, 37800, 29595, 20663, 33838, 28706,
    47718, 32119, 39464, 42085, 23381, 46943, 32074, 43296, 26326, 39057,
)  # fmt: skip

LUOSHAN = Locality(
    pack="luoshan-2024",
    county="411521",
    name="罗山县",
    document="罗政办〔2023〕52号",
    benefit_year=2024,
    towns=numbered("411521", _NAMES, _TARGETS),
    targets_printed=True,
    calendar=Calendar(_STEPS, date(2023, 12, 31)),
    standard_fen=STANDARD_FEN,
    shares={"TEKUN": 8, "ORPHAN": 2, "DIBAO": 42, "DIBAO_MARGIN": 6, "POVERTY_MONITORED": 11},
    pairs=(("TEKUN", "DIBAO_MARGIN"), ("DIBAO", "DIBAO_MARGIN"), ("DIBAO", "POVERTY_MONITORED")),
    owed=owed,
    closes=True,
    certified_on=date(2023, 9, 25),
    roster_document="罗民〔2023〕",
)
