"""An invented county under the national rules for benefit year 2025: 400 yuan, three months' wait for latecomers.

What aided people get is for each place to set: the amounts are the example file's invented ones.
"""

from datetime import date

from simulator.localities.locality import REJECTED, Locality, Owed, Story, collecting, highest_aid_alone, numbered

STANDARD_FEN = 40_000
_YEAR = date(2025, 1, 1)
_EARLY, _LATE, _AFTER = date(2025, 1, 10), date(2025, 2, 15), date(2025, 3, 1)
_DAYS = collecting(date(2024, 9, 1), date(2024, 12, 31), _EARLY, _LATE, _AFTER)
AID_FEN = {
    "TEKUN": 40_000,
    "ORPHAN": 40_000,
    "FACTUAL_ORPHAN": 40_000,
    "DIBAO": 24_000,
    "DIBAO_MARGIN": 20_000,  # 50 %
    "RETURN_POVERTY": 20_000,
    "POVERTY_MONITORED": 12_000,
}


def _whole(covered_from: date) -> Owed:
    return Owed(STANDARD_FEN, 0, covered_from)


_STORIES = (
    # 未在集中参保期参保的，设置固定待遇等待期3个月: until 10 April
    Story("pays after the stage", _whole(date(2025, 4, 11)), _DAYS.at(_EARLY), date(1985, 3, 3)),
    # Without a wait: newborns, those who left the army or work, aided people
    Story("newborn over New Year", _whole(_YEAR), _DAYS.at(_EARLY), date(2024, 12, 20), {"newborn": True}),
    Story("newborn of the year", _whole(date(2025, 1, 5)), _DAYS.at(_EARLY), date(2025, 1, 5), {"newborn": True}),
    Story(
        "left the army", _whole(date(2025, 1, 11)), _DAYS.at(_EARLY), date(1995, 4, 4), identity="VETERAN_DISCHARGED"
    ),
    Story(
        "aided and late", Owed(16_000, 24_000, date(2025, 1, 11)), _DAYS.at(_EARLY), date(1970, 7, 7), identity="DIBAO"
    ),
    Story(
        "left work in December",
        _whole(date(2025, 2, 16)),
        _DAYS.at(_LATE),
        date(1979, 1, 2),
        {
            "other_insurance": "employee",
            "circumstances": {"insurance_status": "ended", "insurance_paid_through": "2024-12-31"},
        },
    ),
    # 取消户籍限制: residents enrol here without local hukou
    Story("lives here, registered elsewhere", _whole(_YEAR), 1, date(1990, 5, 5), {"hukou": "nonlocal"}),
    Story(
        "registered and living elsewhere",
        REJECTED,
        1,
        date(1990, 6, 6),
        {"hukou": "nonlocal", "residence": "outside_area"},
    ),
)

NATIONAL = Locality(
    pack="national-2025",
    county="429901",
    name="示例县",
    document="国办发〔2024〕38号",
    benefit_year=2025,
    towns=numbered(
        "429901",
        ["城关镇", "河口镇", "白马镇", "新集镇", "双桥镇", "黄陂乡", "太平乡", "松林乡", "石门乡", "马家店乡"],
        (61_000, 38_400, 35_200, 33_900, 31_700, 24_800, 23_500, 21_200, 19_600, 18_300),
    ),
    targets_printed=False,
    calendar=_DAYS,
    standard_fen=STANDARD_FEN,
    shares={
        "TEKUN": 8,
        "ORPHAN": 2,
        "FACTUAL_ORPHAN": 1,
        "DIBAO": 35,
        "DIBAO_MARGIN": 6,
        "RETURN_POVERTY": 2,
        "POVERTY_MONITORED": 9,
    },
    pairs=(("TEKUN", "DIBAO"), ("DIBAO", "POVERTY_MONITORED")),
    owed=highest_aid_alone(STANDARD_FEN, AID_FEN, _YEAR),
    closes=False,
    certified_on=date(2024, 8, 25),
    roster_document="示民〔2024〕",
    stories=_STORIES,
)
