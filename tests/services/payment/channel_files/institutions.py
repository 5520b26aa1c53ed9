"""Payment with a bank agent, a fixed-width one and a tax bureau, whose keys are made now."""

import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from services.payment.channel_files import job
from services.payment.channel_files.fetched import SERIAL_HEADER, SIGNATURE_HEADER
from services.payment.ledger.accounts import TAX_CHANNELS
from shared.domain.identity_number import check_digit
from shared.domain.ids import new_id
from shared.protection import name_token, person_token, person_token_key
from shared.setting_groups.partners import CollectingAgent
from tests.harness.assessments import assessed
from tests.harness.eventually import eventually
from tests.harness.installation import COUNTY, Installation
from tests.services.payment.layouts.invented_files import CCB, HARBIN, TAX
from tests.services.payment.running_payment import RunningPayment, running_payment

HRB, YNT, SWJ = "HRB", "CCB_YNT", "TAX_411521"
SERIAL, NEXT_SERIAL = "K2023", "K2024"
DAY, DAY_AFTER = date(2023, 10, 8), date(2023, 10, 9)
AGENT = "payment:agent"
BANK_CHANNELS = ("HRB_BANK_COUNTER", "HRB_BANK_WECHAT")
_KEYS = {serial: rsa.generate_private_key(public_exponent=65537, key_size=2048) for serial in (SERIAL, NEXT_SERIAL)}


def number_of(place: int) -> str:
    """The number of the nth person of a test."""
    body = f"41152119900101{place:03d}"
    return body + check_digit(body)


def signature(content: bytes, serial: str = SERIAL) -> str:
    """An institution's detached signature of these bytes."""
    return b64encode(_KEYS[serial].sign(content, padding.PKCS1v15(), hashes.SHA256())).decode()


@dataclass
class Collecting:
    """Payment, the institutions' folders, and people who are known by their numbers."""

    payment: RunningPayment
    folder: Path

    async def billed(self, count: int) -> list[UUID]:
        """Bill so many people, the first with the first number."""
        key = person_token_key(self.payment.installation.settings)
        people = [new_id() for _ in range(count)]
        events = []
        for place, person in enumerate(people, start=1):
            received = assessed(person)
            token = person_token(key, "RESIDENT_ID", number_of(place))
            event = received.event.model_copy(update={"person_token": token})
            events.append(type(received)(event, *_rest(received)))
        await self.payment.assess(*events)
        return people

    async def named(self, place: int, person: UUID, name: str) -> None:
        """Registration said under which name somebody is registered."""
        key = person_token_key(self.payment.installation.settings)
        token = person_token(key, "RESIDENT_ID", number_of(place))
        await self.payment.sql(
            "INSERT INTO person_name (enrolment_id, region, person_token, name_token) VALUES ($1, $2, $3, $4)",
            person, COUNTY, token, name_token(key, token, name),
        )  # fmt: skip

    async def push(
        self, content: bytes, institution: str = HRB, day: date = DAY, changes: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Push a file as its institution does; ``changes`` are of its headers."""
        payment = self.payment
        headers = payment.installation.caller(AGENT, client="bank", now=payment.running.clock.now())
        headers |= {SERIAL_HEADER: SERIAL, SIGNATURE_HEADER: signature(content)} | dict(changes or {})
        return await payment.http.put(
            f"/payment/v1/channel-files/{institution}/{day}", content=content, headers=headers
        )

    def drop(self, name: str, content: bytes, said: str | None = None) -> None:
        """Drop a file into the bank's folder, its signature last."""
        (self.folder / name).write_bytes(content)
        (self.folder / f"{name}.sig").write_text(said or f"{SERIAL}\n{signature(content)}\n")

    async def worked(self) -> None:
        """Wait until every line of every file is worked."""

        async def nothing_waits() -> bool:
            await job.work_files(self.payment.running)
            return not await self.payment.sql("SELECT FROM channel_file WHERE state = 'RECEIVED'")

        await eventually(nothing_waits, message="every file is worked")

    async def lines(self, *, state: str = "") -> list[dict[str, Any]]:
        """The lines of the only file, as the office sees them."""
        (file,) = (await self.payment.get("channel-files"))["items"]
        asked = f"channel-files/{file['id']}/lines?limit=1000"
        found: list[dict[str, Any]] = (await self.payment.get(f"{asked}&state={state}" if state else asked))["items"]
        return found

    async def became(self) -> Sequence[tuple[int, str, str | None]]:
        """What became of each line of the only file."""
        return [(line["line_no"], line["state"], line["reason"] or line["fault"]) for line in await self.lines()]


def _rest(received: Any) -> tuple[Any, ...]:
    return tuple(getattr(received, name) for name in list(received.__dataclass_fields__)[1:])


@asynccontextmanager
async def collecting(
    installation: Installation, folder: Path, *, fetch_url: str = "", **running: Any
) -> AsyncIterator[Collecting]:
    """Run payment with institutions whose public keys lie in files."""
    drop = folder / "drop"
    drop.mkdir()
    for name, key in _KEYS.items():
        (folder / f"{name}.pem").write_bytes(
            key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
    (folder / "ours.pem").write_bytes(
        _KEYS[SERIAL].private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    same: dict[str, Any] = {
        "public_keys": {serial: folder / f"{serial}.pem" for serial in _KEYS},
        "answer_serial": "ours",
        "answer_private_key_file": folder / "ours.pem",
    }
    asked: dict[str, Any] = {"fetch_url": fetch_url, "fetched_from": DAY, "fetch_token": "tax"} if fetch_url else {}
    known = (
        CollectingAgent(code=HRB, layout=HARBIN, channels=BANK_CHANNELS, folder=drop, **same),
        CollectingAgent(code=YNT, layout=CCB, channels=("CCB_YUNONGTONG",), named_in_file="411521000001", **same),
        CollectingAgent(code=SWJ, layout=TAX, channels=tuple(sorted(TAX_CHANNELS)), **same, **asked),
    )
    async with running_payment(installation.with_settings(collecting_agents=known), folder, **running) as payment:
        yield Collecting(payment, drop)


def digest(content: bytes) -> str:
    """The hash under which a file is known."""
    return hashlib.sha256(content).hexdigest()
