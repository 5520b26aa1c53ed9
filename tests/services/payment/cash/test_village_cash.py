from collections.abc import AsyncIterator
from datetime import date

import pytest

from services.payment import SERVICE
from tests.harness.assessments import DUE_FEN, VILLAGE
from tests.harness.installation import Installation
from tests.harness.village_cash import BOOKED_ON, RECEIVED_ON, TAX_HALL, Village, bill
from tests.services.payment.running_payment import RunningPayment


@pytest.fixture
async def village(installation: Installation) -> AsyncIterator[Village]:
    people = await bill(installation, 3)
    async with installation.http_client(SERVICE) as http:
        yield Village(installation, http, people)


class TestReceipts:
    async def test_a_receipt_is_cash_in_the_village_that_pays_nothing_yet(self, village: Village) -> None:
        recorded = await village.done("cash-receipts", village.receipts())
        assert recorded == {"village": VILLAGE, "recorded": 3, "repeated": 0, "recorded_fen": 3 * DUE_FEN}
        assert await village.balances() == {"village_cash": 3 * DUE_FEN, "unapplied": -3 * DUE_FEN}
        assert await village.announced("contribution_paid") == {}

    async def test_the_same_receipts_again_change_nothing(self, village: Village) -> None:
        await village.done("cash-receipts", village.receipts())
        again = await village.done("cash-receipts", village.receipts())
        assert (again["recorded"], again["repeated"]) == (0, 3)
        assert (await village.balances())["village_cash"] == 3 * DUE_FEN

    async def test_a_number_stands_for_one_receipt_for_ever(self, village: Village) -> None:
        await village.done("cash-receipts", village.receipts())
        village.amounts[village.people[0]] = DUE_FEN + 1
        refused = await village.post("cash-receipts", village.receipts())
        assert (refused.status_code, refused.json()["code"]) == (409, "RECEIPT_NUMBER_TAKEN")

    async def test_a_number_taken_in_another_town_is_taken_here(self, village: Village) -> None:
        await village.done("cash-receipts", village.receipts())
        other_village = "411521102201"
        others = await bill(village.installation, 1, other_village)
        elsewhere = Village(village.installation, village.http, others, region=other_village)
        refused = await elsewhere.post("cash-receipts", elsewhere.receipts(), region="411521102")
        assert refused.json()["code"] == "RECEIPT_NUMBER_TAKEN"

    async def test_only_people_billed_in_the_village_can_pay_there(self, village: Village) -> None:
        village.region = "411521101202"
        refused = await village.post("cash-receipts", village.receipts())
        assert (refused.status_code, refused.json()["code"]) == (409, "BILL_NOT_FOUND_IN_VILLAGE")
        assert await village.balances() == {}

    async def test_a_town_is_no_village(self, village: Village) -> None:
        village.region = "411521101"
        refused = await village.post("cash-receipts", village.receipts())
        assert (refused.status_code, refused.json()["code"]) == (422, "UNKNOWN_VILLAGE")


class TestMatch:
    async def test_equal_accounts_are_imported_and_announced_as_paid_on_the_receipts_date(
        self, village: Village
    ) -> None:
        batch_id = await village.ready()
        batch = await village.get(f"remittances/{batch_id}")
        assert (batch["amount_fen"], batch["line_count"], batch["differences"]) == (3 * DUE_FEN, 3, [])
        assert await village.balances() == {"pending": 3 * DUE_FEN, "premium": -3 * DUE_FEN}
        paid = await village.announced("contribution_paid")
        assert paid.keys() == set(village.people)
        assert {(one["channel"], one["paid_on"], one["amount_fen"]) for one in paid.values()} == {
            ("VILLAGE_CASH", RECEIVED_ON, DUE_FEN)
        }
        receipts = (await village.get(f"cash-receipts?village={VILLAGE}"))["items"]
        assert {(one["state"], one["deposited_on"]) for one in receipts} == {("WRITTEN_OFF", BOOKED_ON)}

    async def test_the_bank_may_book_before_the_slip_is_brought(self, village: Village) -> None:
        batch_id = await village.hand_in()
        await village.bank("J1", village.total_fen)
        await village.done("deposit-slips", village.slip())
        await village.batch(batch_id, "READY_TO_REMIT")

    async def test_a_slip_alone_is_not_money(self, village: Village) -> None:
        batch_id = await village.hand_in()
        await village.done("deposit-slips", village.slip())
        await village.bank("another-slip", 1)
        assert (await village.get(f"remittances/{batch_id}"))["state"] == "SUBMITTED"
        assert await village.balances() == {"village_cash": 3 * DUE_FEN, "unapplied": -3 * DUE_FEN}
        unexplained = (await village.get("bank-lines/unexplained"))["items"]
        assert [line["reference"] for line in unexplained] == ["ANOTHER-SLIP"]

    async def test_a_short_deposit_holds_the_batch_until_the_rest_is_deposited(self, village: Village) -> None:
        batch_id = await village.hand_in()
        await village.deposit(amount_fen=2 * DUE_FEN)
        held = await village.batch(batch_id, "HELD")
        (difference,) = held["differences"]
        assert (difference["kind"], difference["ours_fen"], difference["theirs_fen"], difference["village"]) == (
            "SLIP_DIFFERS",
            3 * DUE_FEN,
            2 * DUE_FEN,
            VILLAGE,
        )
        assert await village.balances() == {"village_cash": 3 * DUE_FEN, "unapplied": -3 * DUE_FEN}

        slips = [
            {"slip_no": "J1", "amount_fen": 2 * DUE_FEN, "deposited_on": "2023-10-09"},
            {"slip_no": "J1-2", "amount_fen": DUE_FEN, "deposited_on": "2023-10-11"},
        ]
        corrected = await village.done(f"remittances/{batch_id}/corrections", {"reason": "补存", "slips": slips})
        assert (corrected["state"], corrected["version"]) == ("SUBMITTED", 2)
        await village.bank("J1-2", DUE_FEN, booked_on="2023-10-11")
        await village.batch(batch_id, "READY_TO_REMIT")
        assert await village.balances() == {"pending": 3 * DUE_FEN, "premium": -3 * DUE_FEN}

    async def test_a_wrong_line_holds_the_batch_though_the_deposit_is_booked(self, village: Village) -> None:
        lines = village.lines()
        lines[0]["amount_fen"] += 100
        batch_id = await village.hand_in(lines=lines, total_fen=village.total_fen + 100)
        await village.deposit()
        held = await village.batch(batch_id, "HELD")
        (difference,) = held["differences"]
        assert (difference["kind"], difference["receipt_no"]) == ("RECEIPT_AMOUNT_DIFFERS", "R1-0001")
        assert await village.balances() == {"pending": 3 * DUE_FEN, "unapplied": -3 * DUE_FEN}
        assert await village.announced("contribution_paid") == {}

        correction = {"reason": "第一行抄错", "lines": village.lines(), "total_fen": village.total_fen}
        await village.done(f"remittances/{batch_id}/corrections", correction)
        ready = await village.batch(batch_id, "READY_TO_REMIT")
        assert ready["version"] == 2
        assert await village.balances() == {"pending": 3 * DUE_FEN, "premium": -3 * DUE_FEN}

    async def test_a_receipt_left_off_the_statement_is_named_when_the_money_differs(self, village: Village) -> None:
        batch_id = await village.hand_in(lines=village.lines()[1:], total_fen=2 * DUE_FEN)
        await village.deposit()
        held = await village.batch(batch_id, "HELD")
        named = {(one["kind"], one.get("receipt_no")) for one in held["differences"]}
        assert named == {("SLIP_DIFFERS", None), ("RECEIPT_NOT_LISTED", "R1-0001")}

    async def test_a_receipt_is_handed_in_once(self, village: Village) -> None:
        await village.ready()
        second = village.statement(statement_no="S2", lines=village.lines()[:1], total_fen=DUE_FEN)
        batch = await village.done("collection-statements", second)
        await village.deposit(slip_no="J2", statement_no="S2", amount_fen=DUE_FEN)
        held = await village.batch(batch["id"], "HELD")
        assert [one["kind"] for one in held["differences"]] == ["RECEIPT_SPENT"]
        assert (await village.balances())["pending"] == 3 * DUE_FEN

    async def test_a_person_who_paid_already_gets_the_cash_back(self, village: Village) -> None:
        await village.ready()
        again = Village(village.installation, village.http, [*village.people[:1]], number="2")
        batch_id = await again.hand_in()
        await again.deposit()
        closed = await again.batch(batch_id, "CLOSED_EMPTY")
        assert (closed["amount_fen"], closed["line_count"], closed["differences"]) == (0, 0, [])
        refused = await again.post(f"remittances/{batch_id}/serial", {"collection_notice_serial": "Z"}, scopes=TAX_HALL)
        assert refused.json()["code"] == "REMITTANCE_STEP_NOT_POSSIBLE"
        recalled = (await village.get(f"cash-receipts?state=RECALLED&village={VILLAGE}"))["items"]
        assert [(one["receipt_no"], one["recall_reason"]) for one in recalled] == [("R2-0001", "ALREADY_PAID")]
        balances = await village.balances()
        assert balances == {"pending": 4 * DUE_FEN, "premium": -3 * DUE_FEN, "refund_payable": -DUE_FEN}

    async def test_a_failing_line_does_not_hold_its_neighbours(self, village: Village) -> None:
        village.amounts[village.people[0]] = 20_000
        batch_id = await village.ready()
        batch = await village.get(f"remittances/{batch_id}")
        assert (batch["line_count"], batch["amount_fen"]) == (2, 2 * DUE_FEN)
        balances = await village.balances()
        assert balances == {"pending": 96_000, "premium": -2 * DUE_FEN, "refund_payable": -20_000}

    async def test_who_paid_by_wechat_meanwhile_gets_the_cash_back_and_the_rest_goes_on(
        self, payment: RunningPayment
    ) -> None:
        people = sorted(await payment.bill(2))
        village = Village(payment.installation, payment.http, people)
        batch_id = await village.hand_in()
        await payment.paid(await payment.order(people[0]))
        await payment.installation.set_business_date(date(2023, 10, 10), "payment")
        await village.deposit()
        batch = await village.batch(batch_id, "READY_TO_REMIT")
        assert [line["enrolment_id"] for line in batch["lines"]] == [str(people[1])]
        assert await payment.states(*people) == ["PAID", "PAID"]
        assert [paid["channel"] for paid in (await village.announced("contribution_paid")).values()].count(
            "WECHAT"
        ) == 1
        assert await village.balances() == {
            "channel:WECHAT": DUE_FEN,
            "pending": 2 * DUE_FEN,
            "premium": -2 * DUE_FEN,
            "refund_payable": -DUE_FEN,
        }


class TestStatementsAndSlips:
    async def test_the_same_statement_again_is_the_same_batch(self, village: Village) -> None:
        batch_id = await village.hand_in()
        again = await village.done("collection-statements", village.statement())
        assert again["id"] == batch_id
        refused = await village.post("collection-statements", village.statement(lines=village.lines()[:1]))
        assert (refused.status_code, refused.json()["code"]) == (409, "STATEMENT_NUMBER_TAKEN")

    async def test_a_second_slip_is_refused(self, village: Village) -> None:
        await village.hand_in()
        await village.done("deposit-slips", village.slip())
        await village.done("deposit-slips", village.slip())
        refused = await village.post("deposit-slips", village.slip(slip_no="J1-2"))
        assert (refused.status_code, refused.json()["code"]) == (409, "SECOND_SLIP")
        changed = await village.post("deposit-slips", village.slip(amount_fen=1))
        assert changed.json()["code"] == "SLIP_NUMBER_TAKEN"

    async def test_a_matched_statement_takes_no_further_slip(self, village: Village) -> None:
        await village.ready()
        refused = await village.post("deposit-slips", village.slip(slip_no="J1-2"))
        assert (refused.status_code, refused.json()["code"]) == (409, "STATEMENT_NO_LONGER_OPEN")

    async def test_a_slip_needs_its_statement(self, village: Village) -> None:
        refused = await village.post("deposit-slips", village.slip())
        assert (refused.status_code, refused.json()["code"]) == (404, "NOT_FOUND")

    async def test_a_town_sees_its_own_batches_only(self, village: Village) -> None:
        batch_id = await village.hand_in()
        headers = village.installation.caller("payment:read", region="411521102")
        answer = await village.http.get(f"/payment/v1/remittances/{batch_id}", headers=headers)
        assert answer.status_code == 404
        assert (await village.get("remittances", region="411521102"))["items"] == []
        assert len((await village.get("remittances", region="411521101"))["items"]) == 1


class TestBankStatements:
    async def test_the_same_statement_again_changes_nothing(self, village: Village) -> None:
        batch_id = await village.ready()
        await village.bank("J1", village.total_fen)
        await village.batch(batch_id, "READY_TO_REMIT")
        assert (await village.balances())["pending"] == 3 * DUE_FEN

    async def test_a_changed_line_is_refused(self, village: Village) -> None:
        await village.bank("J1", 100)
        line = {"line_no": 1, "kind": "DEPOSIT", "reference": "J1", "amount_fen": 101}
        body = {"statement_no": f"B-DEPOSIT-J1-{BOOKED_ON}", "booked_on": BOOKED_ON, "lines": [line]}
        refused = await village.post("bank-statements", body, scopes=["payment:bank"])
        assert (refused.status_code, refused.json()["code"]) == (409, "BANK_LINE_CHANGED")

    async def test_a_town_cannot_bring_a_bank_statement(self, village: Village) -> None:
        line = {"line_no": 1, "kind": "DEPOSIT", "reference": "J1", "amount_fen": 100}
        body = {"statement_no": "B", "booked_on": BOOKED_ON, "lines": [line]}
        refused = await village.post("bank-statements", body, scopes=["payment:bank"], region="411521101")
        assert (refused.status_code, refused.json()["code"]) == (403, "POOLING_AREA_REQUIRED")

    async def test_a_settlement_must_say_of_what(self, village: Village) -> None:
        line = {"line_no": 1, "kind": "SETTLEMENT", "reference": "WECHAT", "amount_fen": 100}
        body = {"statement_no": "B", "booked_on": BOOKED_ON, "lines": [line]}
        refused = await village.post("bank-statements", body, scopes=["payment:bank"])
        assert (refused.status_code, refused.json()["code"]) == (422, "SETTLEMENT_REFERENCE_MALFORMED")
