"""A season that went well is proven consistent, and money lies where it should."""

from tests.verify.conftest import County
from tests.verify.small_season import EAST, WEST


async def test_a_season_that_went_well_is_consistent_and_every_check_looked_at_something(county: County) -> None:
    report = await county.examined()
    assert report.consistent
    assert report.settled
    assert [check.code for check in report.checks if not check.examined] == ["NOTHING_STUCK"]


async def test_each_township_shows_its_people_and_its_money(county: County) -> None:
    report = await county.examined()
    towns = {town.region: town for town in report.towns}
    east, west, nowhere = towns[EAST[:9]], towns[WEST[:9]], towns[None]
    assert (east.name, east.target, east.registered, east.enrolled) == ("铁铺", 5, 4, 4)
    assert (east.due_fen, east.paid_fen, east.aided_fen, east.treasury_fen) == (94_000, 94_000, 58_000, 94_000)
    assert (west.registered, west.enrolled, west.paid_fen) == (4, 3, 114_000)
    assert (west.treasury_fen, west.in_transit_fen) == (38_000, 76_000)
    assert (nowhere.suspense_fen, nowhere.pending_fen) == (38_000, 38_000)


async def test_the_overall_line_is_the_sum_of_the_towns_and_of_the_money_without_one(county: County) -> None:
    report = await county.examined()
    overall = report.overall
    assert (overall.registered, overall.enrolled, overall.target) == (8, 7, 10)
    held_fen = overall.collecting_fen + overall.pending_fen + overall.in_transit_fen + overall.treasury_fen
    assert overall.paid_fen + overall.suspense_fen + overall.unapplied_fen == held_fen == 246_000


async def test_money_without_a_township_is_named_with_its_transaction(county: County) -> None:
    check = await county.check("MONEY_HAS_A_TOWNSHIP")
    assert check.verdict == "OK"
    assert [(row.region, row.difference_fen) for row in check.named] == [("411521", 38_000)]
    assert "UNKNOWN_ORDER" in check.named[0].found


async def test_another_currency_is_named_in_words_and_added_to_no_yuan(county: County) -> None:
    await county.break_in(
        "payment",
        "INSERT INTO raw_notice (id, channel, merchant_id, notify_id, source, envelope, serial, signed_at,"
        " event_type, kind, payee_merchant_id, payee_appid, order_no, transaction_id, outcome, amount_fen, currency,"
        " succeeded_at, state, reason, region, actor, correlation_id)"
        " SELECT gen_random_uuid(), channel, merchant_id, 'foreign', source, envelope, serial, signed_at,"
        " event_type, kind, payee_merchant_id, payee_appid, order_no, 'FOREIGN', outcome, 100, 'HKD', succeeded_at,"
        " 'QUARANTINED', 'OTHER_CURRENCY', region, actor, correlation_id FROM raw_notice"
        " WHERE kind = 'PAYMENT' ORDER BY id LIMIT 1",
    )
    check = await county.check("MONEY_HAS_A_TOWNSHIP")
    foreign = next(row for row in check.named if "OTHER_CURRENCY" in row.found)
    assert foreign.difference_fen == 0
    assert foreign.found.endswith(", 100 hundredths of HKD")
    assert check.named_fen == 38_000
