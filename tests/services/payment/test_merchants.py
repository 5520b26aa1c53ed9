"""Merchants as data, against the running service: opened by two people, and their keys rotated without a restart."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.payment import SERVICE
from tests.harness.assessments import DUE_FEN
from tests.harness.installation import Installation, http_client
from tests.harness.wechat_peer import (
    API_V3_KEY,
    APPID,
    MCHID,
    MERCHANT_SERIAL,
    SERIAL,
    envelope,
    merchant,
    paid_notice,
    public_pem,
    rsa_key,
    sign,
    wechat_peer,
)
from tests.services.payment.running_payment import TODAY, RunningPayment

NEXT = "PUB_KEY_ID_0119000001092025"
OPENING: dict[str, Any] = {
    "channel": "WECHAT",
    "merchant_id": MCHID,
    "appid": APPID,
    "collects_for": "411521",
    "settings": {"merchant_serial": MERCHANT_SERIAL},
    "secrets": {"api_v3_key": "apiv3", "merchant_private_key": f"{MCHID}.key.pem"},
    "keys": {SERIAL: f"{MCHID}.platform.pem"},
    "reason": "新开商户",
}


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[RunningPayment]:
    """Payment without a merchant in its settings, and secret files of one in their folder."""
    merchant(tmp_path)
    (tmp_path / "apiv3").write_text(API_V3_KEY)
    (tmp_path / "next.pem").write_bytes(public_pem(rsa_key("next")))
    async with wechat_peer() as peer:
        settled = installation.with_settings(secrets_dir=tmp_path, wechat_base_url=peer.url)
        await settled.set_business_date(TODAY, "payment")
        async with settled.running(SERVICE) as (running,), http_client([running]) as http:
            yield RunningPayment(settled, running, http, peer)


async def approve(payment: RunningPayment, proposed: httpx.Response, client: str = "checker") -> httpx.Response:
    assert proposed.status_code == 202, proposed.text
    answer = await payment.post(f"approvals/{proposed.json()['id']}/approval", {"because": "已核对"}, client=client)
    await payment.running.resources.look_at_merchants()
    return answer


async def opened(payment: RunningPayment) -> None:
    """Open the merchant by two people."""
    answer = await approve(payment, await payment.post("merchants", OPENING))
    assert answer.status_code == 200, answer.text


def signed_by(key: str, serial: str) -> Any:
    return sign(envelope("OTHER.EVENT", b"{}"), key=key, serial=serial)


async def test_two_people_open_a_merchant_and_it_collects_at_once(payment: RunningPayment) -> None:
    proposed = await payment.post("merchants", OPENING)
    own = await approve(payment, proposed, client="clerk")
    assert (own.status_code, own.json()["code"]) == (403, "APPROVAL_OF_OWN_ACT")
    assert (await payment.notify(paid_notice("X", 1))).status_code == 404, "nobody knows it yet"
    assert (await approve(payment, proposed)).status_code == 200
    people = await payment.bill()
    await payment.paid(await payment.order(*people), DUE_FEN)
    assert await payment.states(*people) == ["PAID"]
    again = await payment.post("merchants", OPENING)
    assert (again.status_code, again.json()["code"]) == (409, "MERCHANT_EXISTS")


@pytest.mark.expects_errors
async def test_notices_by_both_keys_are_taken_while_they_rotate_and_by_one_afterwards(
    payment: RunningPayment, tmp_path: Path
) -> None:
    await opened(payment)
    one = f"merchants/WECHAT/{MCHID}"
    assert (await payment.notify(signed_by("next", NEXT))).status_code == 401
    adding = {"version": 1, "serial": NEXT, "file": "next.pem", "reason": "轮换"}
    assert (await approve(payment, await payment.post(f"{one}/keys", adding))).status_code == 200
    both = [await payment.notify(signed_by("next", NEXT)), await payment.notify(signed_by("platform", SERIAL))]
    assert [each.status_code for each in both] == [204, 204]
    (tmp_path / "next.pem").write_text("half a file")
    await payment.running.resources.look_at_merchants()
    assert (await payment.notify(signed_by("next", NEXT))).status_code == 204, "the last good content stays in use"
    assert NEXT in payment.running.resources.notes()
    retiring = {"version": 2, "reason": "轮换结束"}
    retired = await approve(payment, await payment.post(f"{one}/keys/{SERIAL}/retirement", retiring))
    assert retired.status_code == 200
    assert (await payment.notify(signed_by("platform", SERIAL))).status_code == 401
    assert (await payment.notify(signed_by("next", NEXT))).status_code == 204
    history = await payment.get(f"{one}/history")
    assert [each["step"] for each in history["items"]] == ["OPENED", "KEY_ADDED", "KEY_RETIRED"]


async def test_of_two_approvals_that_build_on_one_version_the_second_is_refused(payment: RunningPayment) -> None:
    await opened(payment)
    one = f"merchants/WECHAT/{MCHID}"
    adding = await payment.post(f"{one}/keys", {"version": 1, "serial": NEXT, "file": "next.pem", "reason": "轮换"})
    giving_up = await payment.post(f"{one}/giving-up", {"version": 1, "reason": "销户"})
    order = await payment.order(*await payment.bill())
    assert (await approve(payment, giving_up)).status_code == 200
    late = await approve(payment, adding)
    assert (late.status_code, late.json()["code"]) == (409, "MERCHANT_CHANGED")
    await payment.paid(order)
    assert (await payment.notices())[-1] == ("CREDITED", None), "what was ordered of it goes on"


@pytest.mark.parametrize("name", ["../outside", "canbao_tax_token", "leads-out"])
async def test_a_secret_is_a_file_of_the_folder_and_of_no_setting(
    payment: RunningPayment, tmp_path: Path, name: str
) -> None:
    (tmp_path / "leads-out").symlink_to("/etc/hostname")
    (tmp_path / "canbao_tax_token").write_text(API_V3_KEY)
    refused = await payment.post("merchants", OPENING | {"secrets": OPENING["secrets"] | {"api_v3_key": name}})
    assert refused.status_code in (409, 422), refused.text
    assert API_V3_KEY not in refused.text
