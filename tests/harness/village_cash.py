"""A village whose people were billed: brings cash, statements and slips to payment over HTTP, and reads its books."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import orjson

from services.payment.bills import service as bills
from shared.database.engine import Database
from shared.domain.ids import new_id
from tests.harness.assessments import DUE_FEN, VILLAGE, assessed, balances, row
from tests.harness.eventually import eventually
from tests.harness.installation import COUNTY, Installation

UNTIL = date(2023, 12, 31)
MONTHS_END = date(2023, 10, 31)
RECEIVED_ON = "2023-10-08"
DEPOSITED_ON = "2023-10-09"
BOOKED_ON = "2023-10-10"
YEAR = 2024
CLERK = ("payment:read", "payment:collect")
TAX_HALL = (*CLERK, "payment:tax", "payment:treasury", "payment:bank")


async def bill(installation: Installation, count: int, region: str = VILLAGE) -> list[UUID]:
    """Bill so many people of a village, in the month in which it brings their cash."""
    await installation.set_business_date(MONTHS_END, "payment")
    people = sorted(new_id() for _ in range(count))
    database = Database(installation.settings.service_url("payment"), pool_size=1)
    async with database.transaction(COUNTY) as session:
        await bills.assess(
            session, [assessed(enrolment_id, row(until=UNTIL), region=region) for enrolment_id in people]
        )
    await database.dispose()
    return people


@dataclass
class Village:
    """One village's cash of one statement; ``number`` keeps its documents apart from other villages'."""

    installation: Installation
    http: httpx.AsyncClient
    people: Sequence[UUID]
    region: str = VILLAGE
    number: str = "1"
    amounts: dict[UUID, int] = field(default_factory=dict)

    def receipt_no(self, person: UUID) -> str:
        """The number of a person's receipt."""
        return f"R{self.number}-{self.people.index(person) + 1:04d}"

    def paid_by(self, person: UUID) -> int:
        """What a person brought."""
        return self.amounts.get(person, DUE_FEN)

    @property
    def total_fen(self) -> int:
        """What all brought."""
        return sum(self.paid_by(person) for person in self.people)

    def receipts(self) -> dict[str, Any]:
        """The receipts as the village brings them."""
        return {
            "village": self.region,
            "receipts": [
                {
                    "receipt_no": self.receipt_no(person),
                    "enrolment_id": str(person),
                    "amount_fen": self.paid_by(person),
                    "received_on": RECEIVED_ON,
                }
                for person in self.people
            ],
        }

    def lines(self) -> list[dict[str, Any]]:
        """The lines of the statement as they ought to be."""
        return [
            {"receipt_no": self.receipt_no(person), "enrolment_id": str(person), "amount_fen": self.paid_by(person)}
            for person in self.people
        ]

    def statement(self, **changed: Any) -> dict[str, Any]:
        """The statement as it ought to be, or changed."""
        return {
            "statement_no": f"S{self.number}",
            "village": self.region,
            "benefit_year": YEAR,
            "lines": self.lines(),
            "total_fen": self.total_fen,
        } | changed

    def slip(self, **changed: Any) -> dict[str, Any]:
        """The slip as it ought to be, or changed."""
        return {
            "slip_no": f"J{self.number}",
            "statement_no": f"S{self.number}",
            "amount_fen": self.total_fen,
            "deposited_on": DEPOSITED_ON,
        } | changed

    async def post(
        self, path: str, body: Any, *, scopes: Sequence[str] = CLERK, region: str = COUNTY, client: str = "clerk"
    ) -> httpx.Response:
        """Call one of payment's endpoints."""
        headers = self.installation.caller(*scopes, region=region, client=client)
        return await self.http.post(f"/payment/v1/{path}", json=body, headers=headers)

    async def done(
        self, path: str, body: Any, *, scopes: Sequence[str] = TAX_HALL, client: str = "clerk"
    ) -> dict[str, Any]:
        """Call, and expect a success."""
        answer = await self.post(path, body, scopes=scopes, client=client)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def get(self, path: str, *, region: str = COUNTY) -> dict[str, Any]:
        """Ask payment."""
        headers = self.installation.caller("payment:read", region=region)
        answer = await self.http.get(f"/payment/v1/{path}", headers=headers)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def hand_in(self, **statement: Any) -> str:
        """Bring receipts and statement; returns the batch."""
        await self.done("cash-receipts", self.receipts())
        batch = await self.done("collection-statements", self.statement(**statement))
        assert batch["state"] == "SUBMITTED"
        found: str = batch["id"]
        return found

    async def deposit(self, **slip: Any) -> None:
        """Bring the slip, and let the bank book as much as it says."""
        recorded = await self.done("deposit-slips", self.slip(**slip))
        await self.bank(recorded["slip_no"], recorded["amount_fen"])

    async def bank(self, reference: str, amount_fen: int, kind: str = "DEPOSIT", booked_on: str = BOOKED_ON) -> None:
        """Let the bank book money."""
        line = {"line_no": 1, "kind": kind, "reference": reference, "amount_fen": amount_fen}
        statement = {"statement_no": f"B-{kind}-{reference.replace(':', '.')}-{booked_on}", "booked_on": booked_on}
        await self.done("bank-statements", statement | {"lines": [line]}, client="bank")

    async def batch(self, batch_id: str, state: str) -> dict[str, Any]:
        """The batch, once it is in that state."""

        async def there() -> dict[str, Any]:
            found = await self.get(f"remittances/{batch_id}")
            assert found["state"] == state, found
            return found

        return await eventually(there)

    async def ready(self) -> str:
        """Bring everything as it ought to be; returns the batch once it may be remitted."""
        batch_id = await self.hand_in()
        await self.deposit()
        await self.batch(batch_id, "READY_TO_REMIT")
        return batch_id

    async def balances(self) -> dict[str, int]:
        """The books: every account that holds something."""
        return await balances(self.installation)

    async def announced(self, name: str) -> dict[UUID, dict[str, Any]]:
        """What payment announced under that name, by enrolment."""
        rows = await self.installation.sql(
            "payment", "SELECT key, payload::text AS payload FROM outbox WHERE event = $1", f"payment.{name}.v1"
        )
        assert len({row["key"] for row in rows}) == len(rows), f"{name} was announced twice for somebody"
        return {row["key"]: orjson.loads(row["payload"]) for row in rows}
