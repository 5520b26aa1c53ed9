import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from services.payment import SERVICE
from services.payment.batches.lines import repository as batch_lines
from tests.harness.assessments import DUE_FEN
from tests.harness.installation import Installation
from tests.harness.tax_peer import TOKEN, TaxPeer, tax_peer
from tests.harness.village_cash import BOOKED_ON, CLERK, TAX_HALL, Village, bill

SERIAL = "ZJ2023100001"
WHOLE_FEN = 3 * DUE_FEN


@pytest.fixture
async def peer() -> AsyncIterator[TaxPeer]:
    async with tax_peer() as peer:
        yield peer


@pytest.fixture
async def village(installation: Installation, peer: TaxPeer) -> AsyncIterator[Village]:
    connected = installation.with_settings(tax_base_url=peer.url, tax_token=SecretStr(TOKEN))
    people = await bill(connected, 3)
    async with connected.http_client(SERVICE) as http:
        yield Village(connected, http, people)


class Hall:
    """The tax hall and the treasury, with one batch."""

    def __init__(self, village: Village, batch_id: str) -> None:
        self.village, self.batch_id = village, batch_id

    async def say(self, step: str, **body: Any) -> dict[str, Any]:
        return await self.village.done(f"remittances/{self.batch_id}/{step}", body)

    async def refused(self, step: str, **body: Any) -> tuple[int, str]:
        answer = await self.village.post(f"remittances/{self.batch_id}/{step}", body, scopes=TAX_HALL)
        return answer.status_code, answer.json()["code"]

    async def to_detail(self, peer: TaxPeer, serial: str = SERIAL) -> None:
        await self.say("serial", collection_notice_serial=serial)
        peer.receive(serial, dict.fromkeys(self.village.people, DUE_FEN))
        assert (await self.say("fetch-detail"))["state"] == "DETAIL_CONFIRMED"

    async def to_remitted(self, peer: TaxPeer, serial: str = SERIAL) -> None:
        await self.to_detail(peer, serial)
        await self.say("remit", remitted_on="2023-10-12")

    async def places(self, batch_id: str | None = None) -> set[str]:
        batch = await self.village.get(f"remittances/{batch_id or self.batch_id}")
        return {line["place"] for line in batch["lines"]}


@pytest.fixture
async def hall(village: Village) -> Hall:
    return Hall(village, await village.ready())


class TestTheWayToTheTreasury:
    async def test_cash_goes_from_the_pending_account_to_the_certificate(self, hall: Hall, peer: TaxPeer) -> None:
        village = hall.village
        assert await village.balances() == {"pending": WHOLE_FEN, "premium": -WHOLE_FEN}

        at_hall = await hall.say("serial", collection_notice_serial=SERIAL)
        assert (at_hall["state"], at_hall["collection_notice_serial"]) == ("AT_TAX_HALL", SERIAL)

        peer.receive(SERIAL, dict.fromkeys(village.people, DUE_FEN))
        assert (await hall.say("fetch-detail"))["state"] == "DETAIL_CONFIRMED"
        assert await village.balances() == {"pending": WHOLE_FEN, "premium": -WHOLE_FEN}

        assert (await hall.say("remit", remitted_on="2023-10-12"))["state"] == "REMITTED"
        assert await village.balances() == {"in_transit": WHOLE_FEN, "premium": -WHOLE_FEN}
        assert await hall.places() == {"IN_TRANSIT"}

        assert (await hall.say("treasury", received_on="2023-10-13"))["state"] == "TREASURY_CONFIRMED"
        assert await village.balances() == {"treasury": WHOLE_FEN, "premium": -WHOLE_FEN}
        assert await hall.places() == {"TREASURY"}

        done = await hall.say("certificate", certificate_no="WS-0001", issued_on="2023-10-14")
        assert (done["state"], done["certificate_no"]) == ("CERTIFICATE_ISSUED", "WS-0001")

    async def test_each_person_has_an_event_of_each_step_under_their_own_payments_correlation(
        self, hall: Hall, peer: TaxPeer
    ) -> None:
        await hall.to_remitted(peer)
        await hall.say("treasury", received_on="2023-10-13")
        await hall.say("certificate", certificate_no="WS-0001", issued_on="2023-10-14")
        village = hall.village
        remitted = await village.announced("contribution_remitted")
        assert remitted.keys() == set(village.people)
        assert {(one["remitted_on"], one["amount_fen"], one["batch_id"]) for one in remitted.values()} == {
            ("2023-10-12", DUE_FEN, hall.batch_id)
        }
        received = await village.announced("contribution_in_treasury")
        assert {one["received_on"] for one in received.values()} == {"2023-10-13"}
        certified = await village.announced("certificate_issued")
        assert {(one["certificate_no"], one["issued_on"]) for one in certified.values()} == {("WS-0001", "2023-10-14")}
        chains = await village.installation.sql(
            "payment",
            """
            SELECT key, count(DISTINCT correlation_id) AS chains, count(DISTINCT actor) AS actors FROM outbox
            WHERE event = ANY($1) GROUP BY key
            """,
            ["payment.contribution_paid.v1", "payment.contribution_remitted.v1", "payment.certificate_issued.v1"],
        )
        assert {row["chains"] for row in chains} == {1}

    async def test_every_step_may_be_repeated_and_changes_nothing(self, hall: Hall, peer: TaxPeer) -> None:
        peer.receive(SERIAL, dict.fromkeys(hall.village.people, DUE_FEN))
        steps: list[tuple[str, dict[str, str]]] = [
            ("serial", {"collection_notice_serial": SERIAL}),
            ("fetch-detail", {}),
            ("remit", {"remitted_on": "2023-10-12"}),
            ("treasury", {"received_on": "2023-10-13"}),
            ("certificate", {"certificate_no": "WS-0001", "issued_on": "2023-10-14"}),
        ]
        for taken in range(len(steps)):
            for step, body in steps[: taken + 1]:
                await hall.say(step, **body)
        assert await hall.village.balances() == {"treasury": WHOLE_FEN, "premium": -WHOLE_FEN}
        assert await hall.refused("remit", remitted_on="2023-10-13") == (409, "REMITTANCE_STEP_TAKEN_DIFFERENTLY")

    async def test_a_step_taken_ten_times_at_once_is_taken_once(self, hall: Hall, peer: TaxPeer) -> None:
        await hall.to_detail(peer)
        await asyncio.gather(*(hall.say("remit", remitted_on="2023-10-12") for _ in range(10)))
        assert await hall.village.balances() == {"in_transit": WHOLE_FEN, "premium": -WHOLE_FEN}
        assert len(await hall.village.announced("contribution_remitted")) == 3

    async def test_the_detail_asked_for_many_times_at_once_is_confirmed_once(self, hall: Hall, peer: TaxPeer) -> None:
        await hall.say("serial", collection_notice_serial=SERIAL)
        peer.receive(SERIAL, dict.fromkeys(hall.village.people, DUE_FEN))
        answers = await asyncio.gather(*(hall.say("fetch-detail") for _ in range(5)))
        assert {answer["state"] for answer in answers} == {"DETAIL_CONFIRMED"}
        steps = await hall.village.installation.sql(
            "payment", "SELECT count(*) FROM remittance_step WHERE step = 'CONFIRM_DETAIL'"
        )
        assert steps[0][0] == 1

    async def test_a_step_out_of_order_is_refused_by_name(self, hall: Hall) -> None:
        for step, body in (
            ("fetch-detail", {}),
            ("remit", {"remitted_on": "2023-10-12"}),
            ("treasury", {"received_on": "2023-10-13"}),
            ("certificate", {"certificate_no": "WS-0001", "issued_on": "2023-10-14"}),
            ("return", {"returned_on": "2023-10-13", "reason": "账号有误"}),
        ):
            assert await hall.refused(step, **body) == (409, "REMITTANCE_STEP_NOT_POSSIBLE"), step
        assert await hall.refused("corrections", reason="?") == (409, "CORRECTION_NOT_POSSIBLE")

    async def test_money_does_not_arrive_before_it_left(self, hall: Hall, peer: TaxPeer) -> None:
        await hall.to_remitted(peer)
        assert await hall.refused("treasury", received_on="2023-10-11") == (409, "DATE_BEFORE_PREVIOUS_STEP")

    async def test_money_does_not_leave_before_the_bank_booked_it(self, hall: Hall, peer: TaxPeer) -> None:
        await hall.to_detail(peer)
        assert await hall.refused("remit", remitted_on="2023-10-09") == (409, "DATE_BEFORE_PREVIOUS_STEP")
        assert await hall.refused("remit", remitted_on="2199-01-01") == (422, "DATE_IN_THE_FUTURE")
        assert (await hall.say("remit", remitted_on=BOOKED_ON))["state"] == "REMITTED"

    async def test_a_batch_of_many_pages_is_moved_booked_and_announced_whole(
        self, hall: Hall, peer: TaxPeer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(batch_lines, "LINES_AT_ONCE", 1)
        await hall.to_remitted(peer)
        assert await hall.village.balances() == {"in_transit": WHOLE_FEN, "premium": -WHOLE_FEN}
        await hall.say("treasury", received_on="2023-10-13")
        assert await hall.village.balances() == {"treasury": WHOLE_FEN, "premium": -WHOLE_FEN}
        await hall.say("certificate", certificate_no="WS-0001", issued_on="2023-10-14")
        for announced in ("contribution_remitted", "contribution_in_treasury", "certificate_issued"):
            assert (await hall.village.announced(announced)).keys() == set(hall.village.people)

    @pytest.mark.expects_errors
    async def test_a_batch_that_lost_a_line_is_not_moved(self, hall: Hall, peer: TaxPeer) -> None:
        await hall.to_detail(peer)
        await hall.village.installation.sql("payment", "UPDATE remittance_batch SET line_count = line_count + 1")
        answer = await hall.village.post(
            f"remittances/{hall.batch_id}/remit", {"remitted_on": "2023-10-12"}, scopes=TAX_HALL
        )
        assert answer.status_code == 500
        assert await hall.village.balances() == {"pending": WHOLE_FEN, "premium": -WHOLE_FEN}
        assert await hall.places() == {"PENDING"}

    async def test_a_certificate_number_is_registered_once(self, hall: Hall, peer: TaxPeer) -> None:
        await hall.to_remitted(peer)
        await hall.say("treasury", received_on="2023-10-13")
        await hall.say("certificate", certificate_no="WS-0001", issued_on="2023-10-14")
        second = await _second(hall)
        await second.to_remitted(peer, "ZJ-2")
        await second.say("treasury", received_on="2023-10-13")
        refused = await second.refused("certificate", certificate_no="WS-0001", issued_on="2023-10-14")
        assert refused == (409, "CERTIFICATE_NUMBER_TAKEN")

    async def test_a_township_clerk_takes_no_step_of_the_tax_hall(self, hall: Hall) -> None:
        answer = await hall.village.post(
            f"remittances/{hall.batch_id}/serial", {"collection_notice_serial": SERIAL}, scopes=CLERK
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "SCOPE_MISSING")


class TestSerial:
    async def test_it_is_required(self, hall: Hall) -> None:
        assert await hall.refused("serial") == (422, "COLLECTION_NOTICE_SERIAL_REQUIRED")
        assert await hall.refused("serial", collection_notice_serial="  ") == (422, "COLLECTION_NOTICE_SERIAL_REQUIRED")

    async def test_it_belongs_to_one_batch(self, hall: Hall) -> None:
        await hall.say("serial", collection_notice_serial=SERIAL)
        second = await _second(hall)
        refused = await second.refused("serial", collection_notice_serial=SERIAL)
        assert refused == (409, "COLLECTION_NOTICE_SERIAL_TAKEN")
        assert (await hall.village.get(f"remittances/{second.batch_id}"))["state"] == "READY_TO_REMIT"


class TestDetail:
    async def test_a_missing_line_holds_the_batch_and_is_named(self, hall: Hall, peer: TaxPeer) -> None:
        people = hall.village.people
        await hall.say("serial", collection_notice_serial=SERIAL)
        peer.receive(SERIAL, dict.fromkeys(people[1:], DUE_FEN))
        held = await hall.say("fetch-detail")
        assert (held["state"], held["held_at"]) == ("HELD", "DETAIL")
        assert [(one["kind"], one.get("enrolment_id"), one["ours_fen"]) for one in held["differences"]] == [
            ("TAX_LINE_MISSING", str(people[0]), DUE_FEN),
            ("TAX_TOTAL_DIFFERS", None, WHOLE_FEN),
        ]
        assert await hall.refused("remit", remitted_on="2023-10-12") == (409, "REMITTANCE_STEP_NOT_POSSIBLE")

        peer.receive(SERIAL, dict.fromkeys(people, DUE_FEN))
        corrected = await hall.say("corrections", reason="税务补收一条明细")
        assert (corrected["state"], corrected["version"], corrected["differences"]) == ("AT_TAX_HALL", 2, [])
        assert (await hall.say("fetch-detail"))["state"] == "DETAIL_CONFIRMED"

    async def test_imported_lines_are_not_restated(self, hall: Hall, peer: TaxPeer) -> None:
        await hall.say("serial", collection_notice_serial=SERIAL)
        peer.receive(SERIAL, [])
        await hall.say("fetch-detail")
        restated = {"lines": hall.village.lines()[:1], "total_fen": DUE_FEN}
        assert await hall.refused("corrections", reason="?", **restated) == (409, "CORRECTION_NOT_POSSIBLE")

    async def test_what_the_tax_bureau_never_received_changes_nothing(self, hall: Hall) -> None:
        await hall.say("serial", collection_notice_serial=SERIAL)
        assert await hall.refused("fetch-detail") == (409, "TAX_DETAIL_NOT_FOUND")
        assert (await hall.village.get(f"remittances/{hall.batch_id}"))["state"] == "AT_TAX_HALL"

    async def test_a_platform_out_of_order_changes_nothing(self, hall: Hall, peer: TaxPeer) -> None:
        await hall.say("serial", collection_notice_serial=SERIAL)
        peer.receive(SERIAL, dict.fromkeys(hall.village.people, DUE_FEN))
        peer.out_of_order = True
        assert await hall.refused("fetch-detail") == (502, "TAX_EXCHANGE_UNAVAILABLE")
        peer.out_of_order = False
        assert (await hall.say("fetch-detail"))["state"] == "DETAIL_CONFIRMED"

    async def test_the_tax_bureaus_line_numbers_are_kept(self, hall: Hall, peer: TaxPeer) -> None:
        await hall.to_detail(peer)
        batch = await hall.village.get(f"remittances/{hall.batch_id}")
        assert sorted(line["tax_line_no"] for line in batch["lines"]) == [f"{SERIAL}-000{n}" for n in (1, 2, 3)]


class TestReturn:
    async def test_returned_money_goes_on_in_a_new_batch_linked_to_the_old(self, hall: Hall, peer: TaxPeer) -> None:
        await hall.to_remitted(peer)
        returned = await hall.say("return", returned_on="2023-10-13", reason="预算科目有误")
        assert returned["state"] == "RETURNED"
        village = hall.village
        assert await village.balances() == {"pending": WHOLE_FEN, "premium": -WHOLE_FEN}
        assert await hall.places() == {"RETURNED"}
        assert len(await village.announced("contribution_returned")) == 3

        old = await village.get(f"remittances/{hall.batch_id}")
        again = Hall(village, old["replaced_by"])
        new = await village.get(f"remittances/{again.batch_id}")
        assert (new["state"], new["previous_batch_id"], new["collection_notice_serial"]) == (
            "READY_TO_REMIT",
            hall.batch_id,
            None,
        )
        assert await again.refused("serial", collection_notice_serial=SERIAL) == (409, "COLLECTION_NOTICE_SERIAL_TAKEN")
        await again.say("serial", collection_notice_serial="ZJ2023100099")
        peer.receive("ZJ2023100099", dict.fromkeys(village.people, DUE_FEN))
        await again.say("fetch-detail")
        assert await again.refused("remit", remitted_on="2023-10-12") == (409, "DATE_BEFORE_PREVIOUS_STEP")
        await again.say("remit", remitted_on="2023-10-16")
        await again.say("treasury", received_on="2023-10-17")
        assert await village.balances() == {"treasury": WHOLE_FEN, "premium": -WHOLE_FEN}
        assert await again.places() == {"TREASURY"}

    async def test_the_same_return_again_opens_no_second_batch(self, hall: Hall, peer: TaxPeer) -> None:
        await hall.to_remitted(peer)
        for _ in range(2):
            await hall.say("return", returned_on="2023-10-13", reason="预算科目有误")
        listed = await hall.village.get("remittances?kind=ENTRUSTED_CASH")
        assert [batch["state"] for batch in listed["items"]] == ["RETURNED", "READY_TO_REMIT"]

    async def test_what_the_treasury_holds_is_not_returned_this_way(self, hall: Hall, peer: TaxPeer) -> None:
        await hall.to_remitted(peer)
        await hall.say("treasury", received_on="2023-10-13")
        refused = await hall.refused("return", returned_on="2023-10-14", reason="?")
        assert refused == (409, "REMITTANCE_STEP_NOT_POSSIBLE")


async def _second(hall: Hall) -> Hall:
    """Another village batch, ready to remit."""
    village = hall.village
    people = await bill(village.installation, 2)
    second = Village(village.installation, village.http, people, number="2")
    return Hall(second, await second.ready())
