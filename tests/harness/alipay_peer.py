"""An Alipay of the test's own: real HTTP on loopback, keys made at run time, records of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date
from pathlib import Path

import httpx
import uvicorn
from cryptography.hazmat.primitives import serialization
from starlette.applications import Starlette

from shared.setting_groups.partners import AlipaySeller
from simulator.alipay.account import AlipayAccount
from simulator.alipay.notices import AlipayNoticeSender
from simulator.alipay.peer import AlipayPeer
from simulator.alipay.signatures import AlipayPlatform
from simulator.day import SeasonDay
from simulator.journal import Journal
from tests.harness.eventually import eventually
from tests.harness.wechat_peer import public_pem, rsa_key

APP_ID = "2021000000000001"
SELLER_ID = "2088000000000001"
KEY, NEWER_KEY, APP_KEY = "alipay", "alipay newer", "alipay app"


def alipay_seller(folder: Path, *, keys: tuple[str, ...] = (KEY,)) -> AlipaySeller:
    """The settings of a seller whose keys lie in a folder."""
    private = folder / f"{APP_ID}.key.pem"
    private.touch(mode=0o600)
    private.write_bytes(
        rsa_key(APP_KEY).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    files = []
    for place, name in enumerate(keys):
        files.append(folder / f"{APP_ID}.alipay{place}.pem")
        files[-1].write_bytes(public_pem(rsa_key(name)))
    return AlipaySeller(app_id=APP_ID, seller_id=SELLER_ID, private_key_file=private, alipay_public_keys=tuple(files))


def alipay_platform(*, rotating: bool = False) -> AlipayPlatform:
    """Alipay's side of the keys."""
    newer = rsa_key(NEWER_KEY) if rotating else None
    return AlipayPlatform(rsa_key(KEY), APP_ID, SELLER_ID, rsa_key(APP_KEY).public_key(), newer)


@asynccontextmanager
async def alipay_peer(
    folder: Path, today: date, *, rotating: bool = False, minute_s: float = 0.0
) -> AsyncIterator[tuple[AlipayPeer, str]]:
    """Alipay on a free port, and its address, for the length of a block."""
    journal, platform = Journal(folder / "alipay.journal"), alipay_platform(rotating=rotating)
    async with httpx.AsyncClient(trust_env=False) as client:
        account = AlipayAccount(journal, SeasonDay(today), APP_ID, SELLER_ID)
        peer = AlipayPeer(account, platform, AlipayNoticeSender(platform, client, minute_s=minute_s))
        config = uvicorn.Config(Starlette(routes=peer.routes()), port=0, log_level="critical", lifespan="off")
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve())
        try:
            await eventually(lambda: server.started, message="Alipay answers")
            yield peer, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        finally:
            server.should_exit = True
            with suppress(asyncio.CancelledError):
                await task
            await peer.aclose()
            journal.close()
