"""泗县山头镇, benefit year 2022, by 山政〔2021〕31号: 320 yuan, aid by class, many who may come later.

A town's own document: its villages collect, and there is one township to show.
"""

from datetime import date

from simulator.localities.locality import REJECTED, Locality, Owed, Story, Town, collecting, highest_aid_alone

STANDARD_FEN = 32_000
_YEAR = date(2022, 1, 1)
_EARLY, _LATE, _AFTER = date(2022, 1, 10), date(2022, 2, 20), date(2022, 3, 5)
_DAYS = collecting(date(2021, 9, 25), date(2021, 12, 31), _EARLY, _LATE, _AFTER)
AID_FEN = {
    "TEKUN": 32_000,
    "ORPHAN": 32_000,
    "FACTUAL_ORPHAN": 32_000,
    "PREFERENTIAL_TREATMENT": 32_000,
    "FP_ONLY_CHILD_CERT": 32_000,
    "FP_TWO_DAUGHTER_STERILISED": 32_000,
    "FP_SPECIAL": 32_000,
    "DIBAO": 28_000,
    "RETURN_POVERTY": 25_000,
    "POVERTY_MONITORED": 16_000,
    "STABLE_LIFTED": 0,
}


def _whole(covered_from: date) -> Owed:
    return Owed(STANDARD_FEN, 0, covered_from)


def _left_work(paid_through: str) -> dict[str, object]:
    ended = {
        "insurance_status": "ended",
        "insurance_paid_through": paid_through,
        "insurance_continuous_months": 30,
    }
    return {"other_insurance": "employee", "circumstances": ended}


_NEWBORN = {"newborn": True}
_STORIES = (
    # 四（二）: from birth within 90 days, else from the day after the payment
    Story("newborn in the stage", _whole(date(2021, 9, 20)), 3, date(2021, 9, 20), _NEWBORN),
    Story("newborn over New Year", _whole(date(2021, 12, 20)), _DAYS.at(_EARLY), date(2021, 12, 20), _NEWBORN),
    Story("newborn on the 90th day", _whole(date(2021, 10, 12)), _DAYS.at(_EARLY), date(2021, 10, 12), _NEWBORN),
    Story("newborn on the 91st day", _whole(date(2022, 1, 11)), _DAYS.at(_EARLY), date(2021, 10, 11), _NEWBORN),
    # 四（三）: people of the countryside who work away may pay until 28 February
    Story(
        "works away",
        _whole(_YEAR),
        _DAYS.at(_LATE),
        date(1988, 8, 8),
        {"hukou_note": "rural", "circumstances": {"migrant_worker": True}},
    ),
    # 四（五）: after employee insurance: within three months from the next day, later six months more
    Story(
        "left work in December", _whole(date(2022, 2, 21)), _DAYS.at(_LATE), date(1979, 1, 2), _left_work("2021-12-31")
    ),
    Story(
        "left work in October", _whole(date(2022, 8, 21)), _DAYS.at(_LATE), date(1979, 1, 3), _left_work("2021-10-31")
    ),
    Story(
        "left the army",
        _whole(date(2022, 1, 11)),
        _DAYS.at(_EARLY),
        date(1995, 4, 4),
        {"circumstances": {"discharge_date": "2022-01-05"}},
        "VETERAN_DISCHARGED",
    ),
    Story(
        "spouse of one who left the army",
        _whole(date(2022, 1, 11)),
        _DAYS.at(_EARLY),
        date(1996, 4, 4),
        {"circumstances": {"employed": False, "sponsor_discharge_date": "2022-01-05"}},
        "MILITARY_SPOUSE",
    ),
    Story(
        "certified after the stage",
        Owed(4_000, 28_000, date(2022, 2, 21)),
        _DAYS.at(_LATE),
        date(1970, 7, 7),
        identity="DIBAO",
        certified_at=_DAYS.at(_EARLY),
    ),
    # 八(三): aided people whom the villages found before 15 January
    Story(
        "found before 15 January",
        Owed(4_000, 28_000, date(2022, 1, 11)),
        _DAYS.at(_EARLY),
        date(1971, 7, 7),
        identity="DIBAO",
    ),
    Story(
        "found, owes nothing", Owed(0, 32_000, date(2022, 1, 11)), _DAYS.at(_EARLY), date(1951, 7, 7), identity="TEKUN"
    ),
    # 四（四）, 二(五)
    Story(
        "studies elsewhere",
        REJECTED,
        1,
        date(2002, 9, 9),
        {"circumstances": {"school_level": "college", "school_in_area": False, "full_time": True}},
    ),
    Story(
        "from a firm in difficulty",
        _whole(_YEAR),
        1,
        date(1975, 9, 9),
        {
            "other_insurance": "employee",
            "circumstances": {
                "insurance_status": "suspended",
                "insurance_suspended_on": "2021-09-01",
                "difficult_enterprise": True,
            },
        },
    ),
)
_FARMER = {"agricultural_before_20150701": True}

SHANTOU = Locality(
    pack="shantou-2022",
    county="341324",
    name="泗县山头镇",
    document="山政〔2021〕31号",
    benefit_year=2022,
    towns=(Town("341324101", "山头镇", 52_000),),
    targets_printed=False,
    calendar=_DAYS,
    standard_fen=STANDARD_FEN,
    shares={
        "TEKUN": 8,
        "ORPHAN": 2,
        "FACTUAL_ORPHAN": 1,
        "PREFERENTIAL_TREATMENT": 5,
        "FP_ONLY_CHILD_CERT": 6,
        "FP_TWO_DAUGHTER_STERILISED": 6,
        "FP_SPECIAL": 2,
        "DIBAO": 40,
        "RETURN_POVERTY": 2,
        "POVERTY_MONITORED": 9,
        "STABLE_LIFTED": 30,
    },
    pairs=(("TEKUN", "DIBAO"), ("DIBAO", "POVERTY_MONITORED"), ("STABLE_LIFTED", "POVERTY_MONITORED")),
    owed=highest_aid_alone(STANDARD_FEN, AID_FEN, _YEAR),
    closes=True,
    certified_on=date(2021, 9, 20),
    roster_document="泗民〔2021〕",
    declared={
        "FP_ONLY_CHILD_CERT": {"circumstances": {**_FARMER, "child_birth_date": "2008-05-20"}},
        "FP_TWO_DAUGHTER_STERILISED": {"circumstances": _FARMER},
    },
    stories=_STORIES,
)
