"""D2: numbers of papers that look alike are one, at every endpoint, between village and bank, and in old rows."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

import shared.database
from services.payment import SERVICE
from shared.database.engine import open_engine
from shared.database.migrate import migrate_database
from tests.harness.assessments import DUE_FEN, VILLAGE
from tests.harness.installation import COUNTY, Installation
from tests.harness.lock_waits import wait_for_lock_waits
from tests.harness.village_cash import BOOKED_ON, TAX_HALL, Village, bill

MIGRATIONS = Path(SERVICE.migrations or "")
SCOPES = (*TAX_HALL, "payment:operate", "payment:approve")


@pytest.fixture
async def village(installation: Installation) -> AsyncIterator[Village]:
    people = await bill(installation, 3)
    async with installation.http_client(SERVICE) as http:
        yield Village(installation, http, people)


def numbered(village: Village, *numbers: str) -> dict[str, Any]:
    """The receipts of the village's first people under these numbers."""
    body = village.receipts()
    body["receipts"] = [
        receipt | {"receipt_no": number} for receipt, number in zip(body["receipts"], numbers, strict=False)
    ]
    return body


async def test_one_receipt_is_booked_once_however_its_number_is_written(village: Village) -> None:
    """D2: `Y-0001`, `Y-０００１`, `y-0001`, `Ｙ-0001` were booked four times."""
    for number in ("Y-0001", "Y-０００１", "y-0001", "Ｙ-0001"):
        await village.done("cash-receipts", numbered(village, number))
    assert await village.balances() == {"village_cash": DUE_FEN, "unapplied": -DUE_FEN}
    assert [one["receipt_no"] for one in (await village.get("cash-receipts"))["items"]] == ["Y-0001"]

    twice = await village.post("cash-receipts", numbered(village, "Y-1", "y-１"))
    assert twice.json()["code"] == "RECEIPT_NUMBER_TAKEN"


async def test_a_slip_meets_its_bank_line_however_both_are_written(village: Village) -> None:
    """D2: the slip `JK-Ｙ２` never met the bank's `JK-Y2`."""
    body = village.receipts()
    await village.done("cash-receipts", body)
    lines = [line | {"receipt_no": line["receipt_no"].lower()} for line in village.lines()]
    batch = await village.done("collection-statements", village.statement(statement_no="s1", lines=lines))
    slip = await village.done("deposit-slips", village.slip(slip_no="JK-Ｙ２", statement_no="Ｓ１"))
    assert (slip["slip_no"], slip["batch_id"]) == ("JK-Y2", batch["id"])
    await village.bank("jk-y2", village.total_fen)
    await village.batch(batch["id"], "READY_TO_REMIT")
    assert await village.balances() == {"pending": 3 * DUE_FEN, "premium": -3 * DUE_FEN}

    again = await village.done("collection-statements", village.statement(statement_no="Ｓ1", lines=lines))
    assert again["id"] == batch["id"]
    listed = await village.get(f"bank-lines?statement_no=b-deposit-jk-y2-{BOOKED_ON}")
    assert [line["reference"] for line in listed["items"]] == ["JK-Y2"]


async def test_a_bank_line_is_imported_once_however_its_statement_is_written(village: Village) -> None:
    line = {"line_no": 1, "kind": "OTHER", "reference": "利息", "amount_fen": 12, "bank_reference": "LS-1a"}
    body = {"statement_no": "B-1a", "account": "hrb-1", "booked_on": BOOKED_ON, "lines": [line]}
    assert (await village.done("bank-statements", body))["imported"] == 1
    alike = body | {"statement_no": "Ｂ-1A", "account": "HRB-1", "lines": [line | {"bank_reference": "ls-1A"}]}
    assert (await village.done("bank-statements", alike))["repeated"] == 1
    moved = body | {"statement_no": "B-2", "account": "ＨＲＢ-1"}
    assert (await village.done("bank-statements", moved))["repeated"] == 1
    assert [one["amount_fen"] for one in (await village.get("bank-lines/unexplained"))["items"]] == [12]


async def earlier(installation: Installation) -> None:
    """The tables as they were before numbers had one form."""

    def down(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(shared.database.__file__).parent / "alembic"))
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", str(MIGRATIONS))
        config.attributes |= {"connection": connection, "version_table": "alembic_version_payment"}
        command.downgrade(config, "payment_0018")

    engine = open_engine(installation.settings.owner_url("payment"), pool_size=1, application_name="test")
    async with engine.begin() as connection:
        await connection.execute(text("DROP SCHEMA proof CASCADE"))
        await connection.run_sync(down)
    await engine.dispose()


async def store(installation: Installation, person: Any, *numbers: str) -> None:
    """Receipts as they were stored before."""
    for number in numbers:
        await installation.sql(
            "payment",
            "INSERT INTO cash_receipt (id, receipt_no, region, enrolment_id, person_token, benefit_year, amount_fen,"
            " received_on, actor, correlation_id) VALUES (gen_random_uuid(), $1, $2, $3, 'x', 2024, 38000, $4, 'x',"
            " gen_random_uuid())",
            number,
            VILLAGE,
            person,
            date(2023, 10, 8),
        )


async def test_stored_numbers_that_look_alike_are_listed_kept_and_resolved_by_two_people(
    installation: Installation,
) -> None:
    """D2: the migration names them and rewrites none; a number of its own is a decision."""
    people = await bill(installation, 1)
    await earlier(installation)
    await store(installation, people[0], "y-0001", "Y-０００１", "Ｙ-0001", "Z-1")
    await migrate_database(installation.settings.owner_url("payment"), "payment", MIGRATIONS)

    async with installation.http_client(SERVICE) as http:
        village = Village(installation, http, people)
        numbers = {one["receipt_no"] for one in (await village.get("cash-receipts"))["items"]}
        assert numbers == {"y-0001", "Y-０００１", "Ｙ-0001", "Z-1"}
        found = (await village.get("look-alikes"))["items"]
        assert {(one["kind"], one["number"], one["beside_number"]) for one in found} == {
            ("RECEIPT", "Y-０００１", "y-0001"),
            ("RECEIPT", "Ｙ-0001", "y-0001"),
        }
        repeated = await village.done("cash-receipts", numbered(village, "Y-0001"))
        assert (repeated["recorded"], repeated["repeated"]) == (0, 1)

        path = f"look-alikes/{found[0]['id']}/resolution"
        kept = await village.post(path, {"reason": "两张收据"}, scopes=SCOPES)
        assert kept.json()["code"] == "NEW_NUMBER_NOT_POSSIBLE"
        body = {"new_number": "y-0001/2", "reason": "两张收据，票根核对无误"}
        proposal = await village.done(path, body, scopes=SCOPES)
        approval = f"approvals/{proposal['id']}/approval"
        own = await village.post(approval, {"because": "已核对"}, scopes=SCOPES)
        assert own.json()["code"] == "APPROVAL_OF_OWN_ACT"
        await village.done(approval, {"because": "已核对"}, scopes=SCOPES, client="supervisor")
        assert [one["id"] for one in (await village.get("look-alikes"))["items"]] == [found[1]["id"]]
        numbers = {one["receipt_no"] for one in (await village.get("cash-receipts"))["items"]}
        assert numbers == {"y-0001", "Y-0001/2", found[1]["number"], "Z-1"}
        again = await village.post(path, body, scopes=SCOPES)
        assert again.json()["code"] == "LOOK_ALIKE_RESOLVED"

        await _a_number_that_is_entered_meanwhile_is_taken(village, found[1]["id"])


async def _a_number_that_is_entered_meanwhile_is_taken(village: Village, look_alike: str) -> None:
    """D2, attacked: the approval answered 500 where somebody entered a receipt of that number at the same moment."""
    body = {"new_number": "z-9", "reason": "两张收据，票根核对无误"}
    proposal = await village.done(f"look-alikes/{look_alike}/resolution", body, scopes=SCOPES)
    approval = f"approvals/{proposal['id']}/approval"
    said = {"because": "已核对"}
    engine = open_engine(village.installation.settings.owner_url("payment"), pool_size=1, application_name="test")
    async with engine.connect() as entering:
        await entering.execute(text("SELECT set_config('canbao.region', :region, true)"), {"region": COUNTY})
        await entering.execute(
            text(
                "INSERT INTO cash_receipt (id, receipt_no, region, enrolment_id, person_token, benefit_year,"
                " amount_fen, received_on, actor, correlation_id) VALUES (gen_random_uuid(), 'Z-9', :region,"
                " gen_random_uuid(), 'x', 2024, 38000, '2023-10-08', 'x', gen_random_uuid())"
            ),
            {"region": VILLAGE},
        )
        approved = asyncio.create_task(village.post(approval, said, scopes=SCOPES, client="supervisor"))
        await wait_for_lock_waits(village.installation, "payment")
        await entering.commit()
        answer = await approved
    await engine.dispose()
    assert (answer.status_code, answer.json()["code"]) == (409, "NEW_NUMBER_NOT_POSSIBLE")
    assert [one["id"] for one in (await village.get("look-alikes"))["items"]] == [look_alike]
