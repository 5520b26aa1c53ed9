"""The clocks: this machine's against each database's, and the business date against today."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from shared.domain.clock import business_date_of
from tools.doctor.findings import DatabaseCheck, Finding, FindingType, OpenDatabase

# A token is refused beyond 30 seconds, a notice's signature beyond five minutes.
_NOTICEABLE_S, _TOO_MUCH_S = 2.0, 30.0

CLOCK = FindingType("CLOCK", "ok", "时钟一致（相差 {skew} 秒）", "the clocks agree ({skew} s apart)")
CLOCK_SKEW = FindingType(
    "CLOCK_SKEW",
    "warn",
    "本机时钟与数据库相差 {skew} 秒。",
    "This machine's clock and the database's are {skew} s apart.",
    "在两台机器上启用 NTP（timedatectl set-ntp true）。",
    "Have both machines follow NTP (timedatectl set-ntp true).",
)
CLOCK_WRONG = FindingType(
    "CLOCK_WRONG",
    "broken",
    "本机时钟与数据库相差 {skew} 秒：令牌与微信签名会被误拒。",
    "This machine's clock and the database's are {skew} s apart: tokens and WeChat's signatures are refused.",
    "在两台机器上启用 NTP（timedatectl set-ntp true）。",
    "Have both machines follow NTP (timedatectl set-ntp true).",
)
BUSINESS_DATE = FindingType("BUSINESS_DATE", "ok", "业务日期为今天", "the business date is today")
BUSINESS_DATE_SET = FindingType(
    "BUSINESS_DATE_SET",
    "info",
    "业务日期设为 {day}，今天是 {today}（演练时正常）",
    "the business date is set to {day}, today is {today} (as in a rehearsal)",
)
_NOW = text("SELECT clock_timestamp()")
_SET = text("SELECT business_date FROM business_date")


async def examine_clock(database: OpenDatabase) -> Sequence[Finding]:
    """How far the machine's clock is from the database's, judged at the middle of the question's way."""
    clock = database.installation.clock
    before = clock.now()
    there: datetime = (await database.connection.execute(_NOW)).scalar_one()
    here = before + (clock.now() - before) / 2
    skew = (here - there).total_seconds()
    finding_type = CLOCK_WRONG if abs(skew) > _TOO_MUCH_S else CLOCK_SKEW if abs(skew) > _NOTICEABLE_S else CLOCK
    return [finding_type.at(database.name, skew=f"{skew:+.1f}")]


async def examine_business_date(database: OpenDatabase) -> Sequence[Finding]:
    """Whether an operator has set another day than today."""
    day = (await database.connection.execute(_SET)).scalar_one_or_none()
    today = business_date_of(database.installation.clock.now())
    if day is None or day == today:
        return [BUSINESS_DATE.at(database.name)]
    return [BUSINESS_DATE_SET.at(database.name, day=day, today=today)]


CHECKS = (DatabaseCheck("clock", examine_clock), DatabaseCheck("business date", examine_business_date))
