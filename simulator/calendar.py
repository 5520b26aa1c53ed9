"""The season's days: the collecting stage in steps, its last days one by one, then the turn of the year."""

from datetime import date

STEPS = (
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
LAST_DAY = date(2023, 12, 31)
CORRECTION = 5  # civil affairs sends what its first rosters missed
LAST_CASH = 11  # receipts are written until 12-29, so that statement, slip and bank agree before 12-30 is over
LAST_ONLINE = 11
TURN_OF_YEAR = 13
