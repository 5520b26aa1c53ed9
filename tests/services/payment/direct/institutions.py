"""Banks that collect for us, as they call: they sign what they say, and check what they are answered."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import orjson

from services.payment.people import repository as people
from shared.contracts.registration import PersonNamed
from shared.domain.ids import new_id
from shared.protection import name_token, person_token, person_token_key
from shared.service import Role
from tests.harness.assessments import VILLAGE, assessed
from tests.harness.identity_numbers import a_number
from tests.harness.installation import COUNTY, Installation
from tests.harness.institutions import address, agent, check_answer, signed
from tests.services.payment.direct.collected_money import AT
from tests.services.payment.running_payment import TODAY, RunningPayment, running_payment


@dataclass
class Bank:
    """An institution and the key that it signs with at the moment."""

    payment: RunningPayment
    code: str
    serial: str = "2023"

    def signed(self, path: str, body: bytes, **changes: str) -> dict[str, str]:
        """The headers of a message."""
        return signed(self.code, path, body, self.payment.running.clock.now(), **({"serial": self.serial} | changes))

    async def send(self, path: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """Send a message as it is."""
        return await self.payment.http.post(address(self.code, path), content=body, headers=headers)

    async def say(self, path: str, **body: Any) -> httpx.Response:
        """Sign and send a message, and check who answered it."""
        content = orjson.dumps(body)
        headers = self.signed(path, content)
        answer = await self.send(path, content, headers)
        if answer.status_code < 500:
            check_answer(answer, headers["canbao-nonce"])
        return answer

    async def register(self, sequence: int, name: str = "张三", *, region: str = VILLAGE, **changes: Any) -> Any:
        """Somebody is registered and billed; returns how the bank names them."""
        number = a_number(sequence)
        key = person_token_key(self.payment.installation.settings)
        token = person_token(key, "RESIDENT_ID", number)
        enrolment = new_id()
        event = assessed(enrolment, *changes.pop("rows", ()), region=region)
        event = replace(event, event=event.event.model_copy(update={"person_token": token}))
        await self.payment.assess(event)
        named = PersonNamed(
            region=region,
            benefit_year=2024,
            enrolment_id=enrolment,
            person_token=token,
            name_token=name_token(key, token, name),
        )
        async with self.payment.running.database.transaction(COUNTY) as session:
            await people.record(session, [named])
        return {"document_type": "RESIDENT_ID", "document_number": number, "name": name}

    async def query(self, person: Mapping[str, str], **changes: Any) -> Any:
        """Ask what a person owes."""
        answer = await self.say("bills/query", **(dict(person) | changes))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def pay(
        self, person: Mapping[str, str], sequence: str = "1", amount_fen: int = 38_000, **changes: Any
    ) -> Any:
        """Say that a person paid; the state and the reason of the answer."""
        answer = await self.say("payments", **(self.paying(person, sequence, amount_fen) | changes))
        assert answer.status_code == 200, answer.text
        said = answer.json()
        return (said["state"], said["reason"]) if not said["repeated"] else (said["state"], said["reason"], "repeated")

    @staticmethod
    def paying(person: Mapping[str, str], sequence: str = "1", amount_fen: int = 38_000) -> dict[str, Any]:
        """The body that says so."""
        return {
            **person,
            "channel": "BANK_COUNTER",
            "business_date": TODAY.isoformat(),
            "sequence": sequence,
            "benefit_year": 2024,
            "amount_fen": amount_fen,
            "paid_at": AT.isoformat(),
        }

    async def reverse(self, sequence: str = "1", amount_fen: int = 38_000, **changes: Any) -> Any:
        """Take a payment back; the state and the reason of the answer."""
        day = {"business_date": TODAY.isoformat(), "reversed_at": AT.isoformat()}
        answer = await self.say("reversals", **({"sequence": sequence, "amount_fen": amount_fen} | day | changes))
        assert answer.status_code == 200, answer.text
        said = answer.json()
        return (said["state"], said["reason"]) if not said["repeated"] else (said["state"], said["reason"], "repeated")

    async def outcome(self, sequence: str = "1") -> Any:
        """Ask what became of a payment."""
        answer = await self.say("payments/query", business_date=TODAY.isoformat(), sequence=sequence)
        return answer.json()["state"]


@asynccontextmanager
async def collecting(
    installation: Installation, folder: Path, *, role: Role = "all"
) -> AsyncIterator[tuple[Bank, Bank, Bank]]:
    """Payment with two banks of the county and one of a town in it."""
    town = agent(folder, "TOWN", "BANK_COUNTER", region="411521102")
    agents = (agent(folder, "HRB", "BANK_COUNTER", "HRB_BANK_COUNTER"), agent(folder, "CCB", "BANK_COUNTER"), town)
    known = installation.with_settings(collecting_agents=agents, policy_pack="national-2025")
    async with running_payment(known, folder, role=role) as payment:
        yield Bank(payment, "HRB"), Bank(payment, "CCB"), Bank(payment, "TOWN")
