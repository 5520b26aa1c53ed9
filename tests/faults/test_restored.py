"""E1: databases are put back to a named point after 2,000 payments and every kind of entry, and made whole again."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults import drill_entries as entries
from tests.faults.drill import AFTER, ALL, BEFORE, PEOPLE, Drill, drill
from tests.harness.payable import payable, registered

pytestmark = pytest.mark.slow_fault

CASH_PEOPLE, REGISTERED_LATE = 60, 30


async def test_payment_restored_to_earlier_counts_every_payment_once(tmp_path: Path) -> None:
    """E1: the channel knows 2,000 payments; cash, bank lines and the way to the treasury are typed again."""
    async with drill(tmp_path) as played:
        county = played.county
        await registered(county.installation, played.urls, CASH_PEOPLE)
        village, people = await entries.cash_payers(played)
        await played.paid(BEFORE)
        await played.point_named("payment")
        await played.paid(AFTER)
        await entries.type_the_money_in(played, village, people)
        await county.judged()

        await played.lost_and_restored("payment")
        assert await county.one("payment", "SELECT count(*) FROM payment") == BEFORE
        await played.refuses_to_work("payment")
        said = await played.canbao("restore", "payment", "--dry-run")
        assert f"{AFTER + len(people)}  payment.contribution_paid.v1" in said
        assert await county.one("payment", "SELECT max(epoch) FROM epoch") == 1
        said = await played.restored("payment")
        assert "! 缴费正在恢复：还有" in await played.canbao("verify", ends_with=1)
        assert "epoch 2 began" in said
        # One task for each entry: three receipts, two remittances, one treasury receipt, one certificate.
        assert f"{len(people) + 4} to be entered again" in said
        assert all(f"enrolment_id {one}, amount_fen 38000" in said for one in people)
        assert f"{AFTER + BEFORE} 笔" in said
        assert "still in epoch 2" in await played.restored("payment")

        await played.credited(BEFORE + AFTER)  # by the channel alone
        await entries.type_the_money_in(played, village, people)
        await entries.entered_again(played, "payment")


async def test_registration_restored_to_earlier_has_everybody_under_the_id_that_others_know(tmp_path: Path) -> None:
    """E1: people who were registered and paid in the lost window are registered again, and nobody is counted twice."""
    async with drill(tmp_path) as played:
        county = played.county
        await played.paid(BEFORE)
        await played.point_named("registration")
        late = await payable(county.installation, played.urls, REGISTERED_LATE)
        await entries.post(played, "registration", "business-date", {"date": "2023-10-09"})
        county.channel.offer_first(late[: REGISTERED_LATE // 2])
        await played.paid(AFTER)

        await played.lost_and_restored("registration")
        await played.refuses_to_work("registration")
        said = await played.restored("registration")
        assert f"{REGISTERED_LATE + 1} to be entered again" in said
        assert "advance the business date again" in said

        await entries.register(played, range(PEOPLE, PEOPLE + REGISTERED_LATE))
        await entries.post(played, "registration", "business-date", {"date": "2023-10-09"})
        ids = await county.sql("registration", "SELECT id FROM enrolment")
        assert {one.enrolment_id for one in late} <= {row["id"] for row in ids}
        await entries.entered_again(played, "registration")


async def test_subsidy_restored_to_earlier_prices_nobody_otherwise_than_they_paid(tmp_path: Path) -> None:
    """E1: by rosters of the lost window people paid less, by a withdrawal more; assessments are taken up as known."""
    async with drill(tmp_path) as played:
        county, installation = played.county, played.county.installation
        early, late = range(PEOPLE, PEOPLE + 20), range(PEOPLE + 20, PEOPLE + 20 + REGISTERED_LATE)
        await registered(installation, played.urls, len(early))
        kept = await entries.certify(played, early[1:4], "罗民〔2023〕前号")
        await played.paid(BEFORE)
        await played.point_named("subsidy")
        await _rosters_changed(played, kept, [*early[5:8], *late[1:4]], early[2])
        await county.judged()
        county.channel.offer_first(await payable(installation, played.urls, len(late)))
        await played.paid(AFTER)
        standing = "SELECT id, version, pricing_id, row_no, paid_on FROM enrolment ORDER BY id"
        assessed = await county.sql("subsidy", standing)

        await played.lost_and_restored("subsidy")
        await played.refuses_to_work("subsidy")
        said = await played.restored("subsidy")
        assert "assessments were taken up again" in said
        await played.taken_up("subsidy")
        await county.judged(within_s=180, but_for="IDENTITIES_CERTIFIED")
        assert await county.sql("subsidy", standing) == assessed
        said = await played.canbao("restore", "subsidy", "--because", "drill")
        # Three early and three late ones by that roster, three late ones by the town's, and one withdrawal.
        assert said.count("enter the roster again that certified it") == 9
        assert said.count("enter the withdrawal from the roster again") == 1

        await _rosters_changed(played, kept, [*early[5:8], *late[1:4]], early[2])
        await entries.certify(played, late[::10], "罗民〔2023〕镇号")
        await entries.entered_again(played, "subsidy")
        assert await county.sql("subsidy", standing) == assessed


async def _rosters_changed(played: Drill, kept: str, certified: Sequence[int], taken_off: int) -> None:
    await entries.certify(played, certified, "罗民〔2023〕后号")
    await entries.take_off(played, kept, taken_off)


async def test_quota_restored_to_earlier_counts_everybody_once_and_has_its_targets(tmp_path: Path) -> None:
    """E1: counters follow from what is read again; targets of the lost window are published again."""
    async with drill(tmp_path) as played:
        await played.paid(BEFORE)
        await played.point_named("quota")
        await entries.publish_targets(played)
        await played.paid(AFTER)

        await played.lost_and_restored("quota")
        await played.refuses_to_work("quota")
        said = await played.restored("quota")
        assert "1 to be entered again" in said
        assert "document 罗政办〔2023〕52号, total 5" in said
        await entries.publish_targets(played)
        await entries.entered_again(played, "quota")
        await _sent_again(played, "registration")


async def test_all_databases_and_the_bus_restored_together_learn_from_the_channel(tmp_path: Path) -> None:
    """E1: nobody is ahead of anybody; the channel knows 2,000 payments, and paper every entry of the window."""
    async with drill(tmp_path, apart=False) as played:
        county = played.county
        await played.paid(BEFORE)
        await played.point_named(ALL)
        late = range(PEOPLE, PEOPLE + CASH_PEOPLE)
        await _typed_by_everybody(played, late)
        await played.paid(AFTER)
        await entries.type_the_money_in(played, *await entries.cash_payers(played))
        await county.judged()

        await played.lost_and_restored(ALL)
        county.cash = {}
        await county.fleet.ready()
        assert "still in epoch 1" in await played.restored("payment")
        assert "epoch 2 began" in await played.restored("payment", "--bus-lost")
        await played.whole_again()

        await _typed_by_everybody(played, late)
        await entries.type_the_money_in(played, *await entries.cash_payers(played))
        await entries.entered_again(played, "payment")
        await _sent_again(played, "payment")


async def _sent_again(played: Drill, service: str) -> None:
    """E2: everything that was marked as sent is sent again, and nobody takes it in twice."""
    sent = await played.county.published(service)
    said = await played.canbao("replay", "outbox", "--since", "2020-01-01", "--service", service)
    assert f"{service}  {sent} 条事件将再次发送" in said
    await played.whole_again()


async def _typed_by_everybody(played: Drill, people: range) -> None:
    """A roster, a town's list and the county's targets."""
    await entries.certify(played, people[::10], "罗民〔2023〕后号")
    await entries.register(played, people)
    await entries.publish_targets(played)
    await entries.billed(played, people.stop)
