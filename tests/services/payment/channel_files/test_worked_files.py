"""A file's lines beside what came online, in portions that a killed process goes on from; the tax bureau's detail."""

import asyncio
from datetime import date, datetime
from pathlib import Path

import pytest

from services.payment.channel_files import job
from services.payment.crediting.direct.service import credit_direct
from services.payment.crediting.direct.state import DirectPayment, DirectSource
from shared.contracts.event import Trace
from shared.domain.clock import SHANGHAI
from shared.protection import person_token, person_token_key
from tests.harness.eventually import eventually
from tests.harness.installation import COUNTY, Installation
from tests.services.payment.bank.statement_steps import book, breaks, day_in, line, lines_of
from tests.services.payment.channel_files.institutions import (
    DAY,
    DAY_AFTER,
    HRB,
    SWJ,
    Collecting,
    collecting,
    number_of,
)
from tests.services.payment.layouts.invented_files import BACK, harbin_file, harbin_line, tax_file, tax_line


async def paid_online(files: Collecting, sequence: str, place: int) -> None:
    """The bank asked online, and the payment was credited."""
    settings = files.payment.installation.settings
    payment = DirectPayment(
        channel="HRB_BANK_COUNTER",
        institution=HRB,
        business_date=DAY,
        sequence=sequence,
        person_token=person_token(person_token_key(settings), "RESIDENT_ID", number_of(place)),
        name_token=None,
        benefit_year=2024,
        amount_fen=38000,
        paid_at=datetime(2023, 10, 8, 15, 0, tzinfo=SHANGHAI),
        region=COUNTY,
        source=DirectSource.ONLINE,
        trace=Trace.start("institution:HRB"),
    )
    async with files.payment.running.database.transaction(COUNTY) as session:
        (outcome,) = (await credit_direct(session, [payment])).values()
    assert outcome.state.value == "CREDITED"


async def differences(files: Collecting) -> list[tuple[int, str, int | None, int | None, str]]:
    """What differs, by class and number, ours and theirs, and whether it stands."""
    items = (await files.payment.get("settlement-differences"))["items"]
    names = ("difference_class", "transaction_id", "ours_fen", "theirs_fen", "state")
    return [tuple(item[name] for name in names) for item in items]


class TestBesideOnlinePayments:
    async def test_a_line_agrees_with_an_online_payment_and_what_the_file_lacks_is_a_difference(
        self, files: Collecting
    ) -> None:
        people = await files.billed(3)
        for place in (1, 2):
            await paid_online(files, f"S{place}", place)
        content = harbin_file(
            harbin_line("S1", number=number_of(1)), harbin_line("S3", number=number_of(3)), total="760.00"
        )
        await files.push(content)
        await files.worked()
        assert [(line["state"], line["repeated"]) for line in await files.lines()] == [
            ("CREDITED", True),
            ("CREDITED", False),
        ]
        assert await files.payment.states(*people) == ["PAID"] * 3
        assert await files.payment.balances() == {"channel:HRB_BANK_COUNTER": 114000, "premium": -114000}
        assert await differences(files) == [(6, "20231008-S2", 38000, None, "OPEN")]
        await files.payment.installation.set_business_date(DAY_AFTER, "payment")
        late = harbin_file(harbin_line("S2", number=number_of(2)), total="380.00")
        assert (await files.push(late, day=DAY_AFTER)).status_code == 201
        await files.worked()
        assert await differences(files) == [(6, "20231008-S2", 38000, None, "CLOSED")]
        assert await breaks(files.payment) == []

    async def test_another_amount_under_a_number_that_came_online_is_a_difference_and_no_second_credit(
        self, files: Collecting
    ) -> None:
        await files.billed(1)
        await paid_online(files, "S1", 1)
        await files.push(harbin_file(harbin_line("S1", "390.00", number=number_of(1)), total="390.00"))
        await files.worked()
        assert await files.became() == [(2, "CONTESTED", "SAME_TRANSACTION_OTHER_AMOUNT")]
        assert await differences(files) == [(2, "20231008-S1", 38000, 39000, "OPEN")]
        assert await breaks(files.payment) == []
        assert await files.payment.balances() == {"channel:HRB_BANK_COUNTER": 38000, "premium": -38000}

    async def test_a_payment_taken_back_by_the_file_counts_nothing_and_is_no_difference(
        self, files: Collecting
    ) -> None:
        (person,) = await files.billed(1)
        await paid_online(files, "S1", 1)
        content = harbin_file(
            harbin_line("S1", number=number_of(1)), harbin_line("S1", number=number_of(1), kind=BACK), total="380.00"
        )
        await files.push(content)
        await files.worked()
        assert [state for _, state, _ in await files.became()] == ["CREDITED", "REVERSED"]
        assert await files.payment.balances() == {}
        assert await files.payment.states(person) == ["OPEN"]
        assert await differences(files) == []


async def test_a_days_settlement_waits_for_its_file_and_goes_on_with_it(files: Collecting) -> None:
    """From the first file on; a day before it is settled by its sum."""
    people = await files.billed(2)
    before, content = harbin_file(), harbin_file(harbin_line("S2", number=number_of(2)), total="380.00")
    assert (await files.push(before, day=date(2023, 10, 7))).status_code == 201
    await paid_online(files, "S1", 1)
    settled = line(reference=f"HRB_BANK_COUNTER:{HRB}:{DAY}", amount_fen=76000)
    await files.payment.installation.set_business_date(date(2023, 10, 10), "payment")
    assert (await book(files.payment, settled)).status_code == 201

    async def waits() -> bool:
        return [each["set_aside_because"] for each in await lines_of(files.payment)] == ["FILE_NOT_WORKED"]

    await eventually(waits, message="the settlement waits for the file")
    whole = harbin_file(harbin_line("S1", number=number_of(1)), content.decode().splitlines()[1], total="760.00")
    assert (await files.push(whole)).status_code == 201
    await files.worked()
    batch = await day_in(files.payment, "READY_TO_REMIT", str(DAY))
    assert (batch["amount_fen"], batch["line_count"]) == (76000, 2)
    assert await files.payment.states(*people) == ["PAID", "PAID"]


async def test_a_process_killed_between_portions_is_gone_on_from_and_nothing_counts_twice(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "LINES_AT_ONCE", 2)
    lines = [harbin_line(f"S{place}", number=number_of(place)) for place in range(1, 6)]
    async with collecting(installation, tmp_path, role="web") as files:
        people = await files.billed(5)
        assert (await files.push(harbin_file(*lines, total="1900.00"))).status_code == 201
        assert await job.work_files(files.payment.running) == 2
        working = asyncio.ensure_future(job.work_files(files.payment.running))
        await asyncio.sleep(0)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        (file,) = (await files.payment.get("channel-files"))["items"]
        assert file["worked_through"] in (3, 5), "a portion counts as a whole or not at all"
        while await job.work_files(files.payment.running):
            pass
        assert {state for _, state, _ in await files.became()} == {"CREDITED"}
        assert await files.payment.states(*people) == ["PAID"] * 5
        assert await files.payment.balances() == {"channel:HRB_BANK_COUNTER": 190000, "premium": -190000}


class TestTaxDetail:
    async def test_what_is_in_the_treasury_is_booked_once_and_comes_back_by_the_treasury_alone(
        self, files: Collecting
    ) -> None:
        people = await files.billed(3)
        first = tax_file(
            tax_line("T1", number=number_of(1), remitted="2023-10-08", treasury="2023-10-08"),
            tax_line("T2", number=number_of(2), channel="03"),
            tax_line("T3", number=number_of(9), channel="05"),
            total="1140.00",
        )
        assert (await files.push(first, SWJ)).status_code == 201
        await files.worked()
        assert await files.became() == [
            (3, "CREDITED", None),
            (4, "CREDITED", None),
            (5, "SUSPENDED", "NOT_REGISTERED"),
        ]
        assert await files.payment.balances() == {
            "premium": -76000,
            "suspense": -38000,
            "tax_direct": 76000,
            "treasury": 38000,
        }
        await files.payment.installation.set_business_date(DAY_AFTER, "payment")
        second = tax_file(
            tax_line("T1", number=number_of(1), remitted="2023-10-08", treasury="2023-10-08"),
            tax_line("T2", number=number_of(2), channel="03", treasury="2023-10-09"),
            tax_line("T4", number=number_of(1), kind="退费", original="T1", original_day="2023-10-08",
                     paid_at="2023-10-09 09:00:00"),
            tax_line("T5", number=number_of(3), paid_at="2023-10-09 09:00:00"),
            tax_line("T6", number=number_of(3), kind="退费", original="T5", paid_at="2023-10-09 10:00:00"),
            total="380.00", day="20231009",
        )  # fmt: skip
        assert (await files.push(second, SWJ, DAY_AFTER)).status_code == 201
        await files.worked()
        assert await files.payment.balances() == {
            "premium": -76000,
            "suspense": -38000,
            "tax_direct": 38000,
            "treasury": 76000,
        }
        assert await files.payment.states(*people) == ["PAID", "PAID", "OPEN"]
        (_, later) = (await files.payment.get("channel-files"))["items"]
        found = (await files.payment.get(f"channel-files/{later['id']}/lines"))["items"]
        assert [(line["sequence"], line["state"], line["reason"], line["repeated"]) for line in found] == [
            ("T1", "CREDITED", None, True),
            ("T2", "CREDITED", None, True),
            ("T4", "REFUSED", "ALREADY_IN_TREASURY", False),
            ("T5", "CREDITED", None, False),
            ("T6", "REVERSED", None, False),
        ]
        assert await breaks(files.payment) == []

    async def test_what_the_tax_bureau_collected_itself_waits_for_the_treasurys_refund(self, files: Collecting) -> None:
        await files.push(tax_file(tax_line("T1", number=number_of(9)), total="380.00"), SWJ, date(2023, 10, 8))
        await files.worked()
        rows = await files.payment.sql("SELECT state, reason FROM suspense")
        assert [tuple(row) for row in rows] == [("NEEDS_TREASURY_REFUND", "NOT_REGISTERED")]
