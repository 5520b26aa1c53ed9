"""A season for the catalogue: every kind of row that a season at rest leaves behind, two days old."""

from collections.abc import Mapping

import asyncpg

from services.payment import SERVICE as PAYMENT
from services.payment.ledger.balances import advance
from services.registration import SERVICE as REGISTRATION
from services.registration.enrolments.counts.jobs import fold as fold_enrolments
from services.subsidy import SERVICE as SUBSIDY
from services.subsidy.counts.jobs import fold as fold_subsidies
from tests.harness.blocks import seal_all
from tests.harness.installation import Installation
from tests.verify.later_days import match_the_strangers_money, refund_at_the_console
from tests.verify.small_season import WEST, Season, bring_twice, hand_back, play, reverse_a_mistake

_TWO_DAYS_AGO = """
    SELECT format('UPDATE %I SET %I = %I - interval ''2 days'' WHERE %I IS NOT NULL', t.relname, a.attname, a.attname,
                  a.attname) AS statement
    FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace AND a.atttypid = 'timestamptz'::regtype
      AND a.attname IN ('recorded_at', 'published_at', 'settled_at', 'sealed_at', 'decided_at')
    ORDER BY t.relname, a.attname
"""


async def play_long(season: Season) -> None:
    """The small season, then cash that comes twice and goes back, a line of the bank that two people reverse,
    a refund at the channel's console whose difference two people close, and money without a home that two people match.
    """
    await play(season)
    (paid,) = await season.installation.sql(
        "payment",
        "SELECT enrolment_id FROM payment_line WHERE state = 'CREDITED' AND region = $1 ORDER BY id LIMIT 1",
        WEST,
    )
    await bring_twice(season, str(paid["enrolment_id"]))
    await hand_back(season)
    await reverse_a_mistake(season)
    await refund_at_the_console(season)
    await match_the_strangers_money(season)


async def sum_up(installation: Installation) -> None:
    """Let sums and counts be brought up to what was written; the jobs do so twice a minute, a season may be shorter."""
    async with installation.running(PAYMENT, REGISTRATION, SUBSIDY, role="web") as (payment, registration, subsidy):
        await advance(payment)
        await fold_enrolments(registration)
        await fold_subsidies(subsidy)


async def age(installation: Installation, urls: Mapping[str, str]) -> None:
    """Let all of it have been recorded two days ago, and be sealed since: nothing is on its way for so long."""
    for url in urls.values():
        superuser = await asyncpg.connect(url)
        try:
            await superuser.execute("SET session_replication_role = replica")
            for row in await superuser.fetch(_TWO_DAYS_AGO):
                await superuser.execute(row["statement"])
            await superuser.execute("DELETE FROM sealed_block")
        finally:
            await superuser.close()
    await seal_all(installation, tuple(urls))
