"""某市, benefit year 2023: both amounts are printed as stars, the stage is October to December, latecomers wait.

The contribution of 350 yuan is the example file's invented one. Everybody whom section 二(二) lists is aided in whole,
people of 60 to 69 by half (age on the last day of the stage). After it, cover begins 30 days after the payment.
"""

from collections.abc import Collection
from datetime import date

from simulator.localities.locality import REJECTED, Locality, Owed, Story, collecting, numbered

STANDARD_FEN = 35_000
_YEAR, _AGED_ON = date(2023, 1, 1), date(2022, 12, 31)
_LATE, _AFTER = date(2023, 1, 10), date(2023, 2, 10)
_DAYS = collecting(date(2022, 10, 1), _AGED_ON, _LATE, _AFTER)
_WHOLE = {
    "LIFTED_POLICY": 20,
    "IMMEDIATE_AID": 3,
    "DIBAO": 25,
    "TEKUN": 6,
    "ORPHAN": 2,
    "CHILD_IN_DIFFICULTY": 2,
    "FACTUAL_ORPHAN": 1,
    "FP_ONE_DAUGHTER": 6,
    "FP_TWO_DAUGHTERS": 8,
    "FP_ONLY_CHILD_LOST": 2,
    "SEVERE_DISABLED": 10,
    "PREFERENTIAL_TREATMENT": 4,
}


def owed(born: date, identities: Collection[str]) -> Owed:
    """The highest aid alone."""
    age = _AGED_ON.year - born.year  # on New Year's Eve every birthday of the year has passed
    half = STANDARD_FEN // 2 if 60 <= age < 70 else 0
    aid = STANDARD_FEN if age >= 70 or any(identity in _WHOLE for identity in identities) else half
    return Owed(STANDARD_FEN - aid, aid, _YEAR)


_IN_FULL = Owed(STANDARD_FEN, 0, _YEAR)
_STORIES = (
    # 二(三): 否则缴费30日后方可享受: paid on 10 January, the 30th day is 9 February
    Story("pays after the stage", Owed(STANDARD_FEN, 0, _AFTER), _DAYS.at(_LATE), date(1985, 3, 3)),
    Story(
        "newborn after the stage", Owed(STANDARD_FEN, 0, _AFTER), _DAYS.at(_LATE), date(2023, 1, 5), {"newborn": True}
    ),
    Story("69 on the last day", Owed(17_500, 17_500, _YEAR), 2, date(1953, 1, 1)),
    Story("70 on the last day", Owed(0, STANDARD_FEN, _YEAR), 2, date(1952, 12, 31)),
    Story("59 on the last day", _IN_FULL, 2, date(1963, 1, 1)),
    # 二(二)(3) speaks of rural families
    Story("one daughter in town", _IN_FULL, 1, date(1980, 1, 1), {"hukou_note": "urban"}, "FP_ONE_DAUGHTER"),
    # 二(四): students of a full-time school here, holders of a residence permit and their children
    Story(
        "student from elsewhere",
        _IN_FULL,
        1,
        date(2003, 5, 5),
        {"hukou": "nonlocal", "circumstances": {"school_level": "college", "school_in_area": True, "full_time": True}},
    ),
    Story(
        "holds a residence permit",
        _IN_FULL,
        1,
        date(1990, 5, 5),
        {"hukou": "nonlocal", "circumstances": {"residence_permit": True}},
    ),
    Story(
        "came along as a child",
        _IN_FULL,
        1,
        date(2015, 5, 5),
        {"hukou": "nonlocal", "circumstances": {"guardian_residence_permit": True}},
    ),
    Story("from elsewhere without permit", REJECTED, 1, date(1990, 6, 6), {"hukou": "nonlocal"}),
)

ANON_CITY = Locality(
    pack="anon-city-2023",
    county="379901",
    name="某市（示例）",
    document="关于2023年度城乡居民基本医疗保险参保筹资工作方案",
    benefit_year=2023,
    towns=numbered(
        "379901",
        ["东关街道", "西关街道", "南湖镇", "北山镇", "柳河镇", "石桥镇", "青龙镇", "大王庄镇"],
        (30_200, 28_500, 41_300, 25_700, 36_900, 33_100, 22_400, 38_600),
    ),
    targets_printed=False,
    calendar=_DAYS,
    standard_fen=STANDARD_FEN,
    shares=_WHOLE,
    pairs=(("DIBAO", "SEVERE_DISABLED"), ("TEKUN", "LIFTED_POLICY")),
    owed=owed,
    closes=False,
    certified_on=date(2022, 9, 20),
    roster_document="示民〔2022〕",
    stories=_STORIES,
)
