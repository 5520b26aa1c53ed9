"""What a located, not yet consumed event or notice explains is on its way; without the explanation it is a break."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from services.payment import SERVICE as PAYMENT
from services.registration import SERVICE as REGISTRATION
from shared.service import Service
from tests.harness.eventually import eventually
from tests.harness.identity_numbers import a_number
from tests.harness.wechat_peer import MCHID, merchant, paid_notice
from tests.verify.conftest import County
from tests.verify.small_season import EAST, SCOPES
from verify.report import CheckResult

UNPAID = "SELECT id FROM enrolment WHERE state = 'PENDING_PAYMENT'"


@pytest.fixture
async def order_no(county: County) -> str:
    """An order for the one person who has not paid yet, as it stands when the channel was asked for it."""
    person = (await county.sql("registration", UNPAID))[0]["id"]
    bill = (await county.sql("payment", "SELECT * FROM bill WHERE enrolment_id = $1", person))[0]
    await county.sql(
        "payment",
        "WITH placed AS (INSERT INTO payment_order (id, order_no, channel, merchant_id, appid, benefit_year, state,"
        " amount_fen, opened_at, expires_at, last_day, region, actor, correlation_id)"
        " SELECT gen_random_uuid(), 'LATEORDER001', 'WECHAT', merchant_id, appid, 2024, 'AWAITING', 38000, now(),"
        " '2023-10-21', '2023-10-20', $1, 'clerk',"
        " gen_random_uuid() FROM payment_order"
        " LIMIT 1 RETURNING id) INSERT INTO order_line (order_id, bill_id, enrolment_id, person_token, benefit_year,"
        " amount_fen, open, region, actor, correlation_id) SELECT placed.id, $2, $3, $4, 2024, 38000, true, $1,"
        " 'clerk', gen_random_uuid() FROM placed",
        bill["region"],
        bill["id"],
        person,
        bill["person_token"],
    )
    return "LATEORDER001"


async def paid(county: County, folder: Path, order_no: str, role: Any, *services: Service) -> None:
    """Somebody pays, while only these services work."""
    equipped = county.installation.with_settings(
        wechat_merchants=(merchant(folder),), wechat_base_url="http://127.0.0.1:9"
    )
    async with equipped.http_client(*services, role=role) as http:
        notice = paid_notice(order_no, 38_000, success_time="2023-10-20T10:34:56+08:00")
        answer = await http.post(f"/payment/v1/callbacks/wechat/{MCHID}", content=notice.body, headers=notice.headers)
        assert answer.status_code == 204, answer.text
        if role == "all":
            await eventually(lambda: _announced(county), message="credited and sent")


async def _announced(county: County) -> bool:
    rows = await county.sql(
        "payment",
        "SELECT bool_and(published_at IS NOT NULL) AS sent, max(recorded_at) > now() - interval '30 seconds' AS late"
        " FROM outbox WHERE key = (SELECT enrolment_id FROM order_line WHERE order_id ="
        " (SELECT id FROM payment_order WHERE order_no = 'LATEORDER001'))"
        " AND event = 'payment.contribution_paid.v1'",
    )
    return bool(rows[0]["sent"])


def verdicts(checks: tuple[CheckResult, ...]) -> dict[str, tuple[str, int]]:
    """The checks that say anything but OK."""
    return {check.code: (check.verdict, check.breaks + check.in_flight) for check in checks if check.verdict != "OK"}


async def test_a_credit_that_registration_has_not_received_is_in_flight_with_its_age(
    county: County, tmp_path: Path, order_no: str
) -> None:
    await paid(county, tmp_path, order_no, "all", PAYMENT)
    report = await county.examined()
    assert report.consistent
    assert not report.settled
    assert verdicts(report.checks) == {
        "PAID_MEANS_CREDITED": ("IN_FLIGHT", 1),
        "PAID_AS_BILLED": ("IN_FLIGHT", 1),
        "EVENTS_HEARD": ("IN_FLIGHT", 1),
    }
    check = await county.check("PAID_MEANS_CREDITED")
    assert check.in_flight_fen == 38_000
    assert 0 < check.oldest_age_s < 600
    assert (check.waiting[0].expected, check.waiting[0].found) == ("premium 38000 aid 0", "—")


async def test_the_same_difference_without_its_event_is_a_break(county: County, tmp_path: Path, order_no: str) -> None:
    await paid(county, tmp_path, order_no, "all", PAYMENT)
    await county.break_in("payment", "DELETE FROM outbox WHERE recorded_at = (SELECT max(recorded_at) FROM outbox)")
    assert (await county.check("PAID_MEANS_CREDITED")).verdict == "BREAK"


async def test_what_is_on_its_way_for_more_than_a_day_is_a_break(county: County, tmp_path: Path, order_no: str) -> None:
    """E2, D3: an event that was marked as sent and never arrives explains a difference for a day, not for ever."""
    await paid(county, tmp_path, order_no, "all", PAYMENT)
    last = "(SELECT id FROM outbox ORDER BY id DESC LIMIT 1)"
    aged = f"UPDATE outbox SET recorded_at = now() - interval '{{}}' WHERE id = {last}"
    await county.break_in("payment", aged.format("23 hours"))
    assert (await county.check("EVENTS_HEARD")).verdict == "IN_FLIGHT"
    await county.break_in("payment", aged.format("25 hours"))
    check = await county.check("EVENTS_HEARD")
    assert (check.verdict, check.breaks) == ("BREAK", 1)
    assert check.rows[0].found.endswith("sent, on its way for 25 h")


async def test_an_event_that_cannot_be_the_reason_explains_nothing(
    county: County, tmp_path: Path, order_no: str
) -> None:
    await paid(county, tmp_path, order_no, "all", PAYMENT)
    await county.break_in(
        "payment",
        "UPDATE outbox SET event = 'payment.bill_issued.v1' WHERE recorded_at = (SELECT max(recorded_at) FROM outbox)",
    )
    assert (await county.check("PAID_MEANS_CREDITED")).verdict == "BREAK"


async def test_what_is_in_flight_arrives_once_registration_listens_again(
    county: County, tmp_path: Path, order_no: str
) -> None:
    await paid(county, tmp_path, order_no, "all", PAYMENT)
    async with county.installation.running(REGISTRATION):
        await eventually(lambda: _enrolled(county), message="registration received it")
    assert verdicts((await county.examined()).checks)["COUNTERS_RECOMPUTED"] == ("IN_FLIGHT", 1)


async def _enrolled(county: County) -> bool:
    rows = await county.sql("registration", UNPAID)
    sent = await county.sql("registration", "SELECT count(*) AS n FROM outbox WHERE published_at IS NULL")
    return not rows and sent[0]["n"] == 0


async def test_an_acknowledged_notice_not_yet_credited_is_money_at_risk_with_its_age(
    county: County, tmp_path: Path, order_no: str
) -> None:
    await paid(county, tmp_path, order_no, "web", PAYMENT)
    report = await county.examined()
    assert verdicts(report.checks) == {"CHANNEL_SUCCESSES": ("IN_FLIGHT", 1)}
    check = await county.check("CHANNEL_SUCCESSES")
    assert check.in_flight_fen == 38_000
    assert check.oldest_age_s > 0


async def test_a_refunds_notice_that_was_not_applied_yet_is_on_its_way(county: County) -> None:
    await county.break_in("payment", "UPDATE raw_notice SET state = 'PARKED' WHERE kind = 'REFUND'")
    check = await county.check("CHANNEL_SUCCESSES")
    assert (check.verdict, check.breaks) == ("IN_FLIGHT", 0)
    assert {row.found for row in check.waiting} == {"REFUND PARKED"}


async def test_an_event_that_was_given_up_is_named_with_its_reason(county: County) -> None:
    await county.break_in(
        "quota",
        "INSERT INTO dead_letter (id, event_id, publisher, aggregate_id, seq, event, region, topic, partition,"
        ' "offset", headers, reason, error, state, settled_at, settled_by, settled_because)'
        " VALUES (gen_random_uuid(), gen_random_uuid(), 'registration', gen_random_uuid(), 1,"
        " 'registration.enrolment_paid.v1', '411521', 'registration', 0, 0, '{}', 'NOT_HANDLED', 'x', 'DISCARDED',"
        " '2023-01-01', 'operator:li', 'its cause is gone')",
    )
    check = await county.check("NOTHING_STUCK")
    assert (check.verdict, check.breaks) == ("OK", 0)
    assert [row.found for row in check.named] == ["registration.enrolment_paid.v1 discarded: its cause is gone"]


async def test_a_counter_behind_by_exactly_the_events_to_come_is_in_flight_and_else_a_break(county: County) -> None:
    async with county.installation.http_client(REGISTRATION, role="web") as http:
        await _register(http, county)
    check = await county.check("COUNTERS_RECOMPUTED")
    assert (check.verdict, check.in_flight) == ("IN_FLIGHT", 1)
    assert check.oldest_age_s > 0
    await county.break_in("quota", f"UPDATE village_counter SET registered = registered + 1 WHERE region = '{EAST}'")
    assert (await county.check("COUNTERS_RECOMPUTED")).verdict == "BREAK"


async def _register(http: httpx.AsyncClient, county: County) -> None:
    body = {"document_number": a_number(99), "name": "李四", "birth_date": "1990-01-01", "region": EAST}
    headers = county.installation.caller(*SCOPES)
    answer = await http.post("/registration/v1/enrolments", json=body | {"benefit_year": 2024}, headers=headers)
    assert answer.status_code == 201, answer.text


async def test_an_event_as_dead_letter_still_explains_its_difference(county: County) -> None:
    """The consumer's cursor stands before it; an operator replays it, until then it is named with its age."""
    await county.break_in(
        "registration",
        "UPDATE enrolment SET money_state = 'IN_TRANSIT', in_treasury_on = NULL, certificate_no = NULL"
        " WHERE paid_fen = 18000",
        "UPDATE cursor SET seq = (SELECT count(*) FROM dead_letter) + seq - 2 WHERE publisher = 'payment'"
        " AND aggregate_id = (SELECT id FROM enrolment WHERE paid_fen = 18000)",
        "INSERT INTO dead_letter (id, event_id, publisher, aggregate_id, seq, event, region, topic, partition,"
        ' "offset", headers, reason, error) SELECT gen_random_uuid(), gen_random_uuid(), publisher, aggregate_id,'
        " seq + 1, 'payment.contribution_in_treasury.v1', '411521101201', 'payment', 0, 0, '{}', 'NOT_HANDLED', 'x'"
        " FROM cursor WHERE publisher = 'payment' AND aggregate_id ="
        " (SELECT id FROM enrolment WHERE paid_fen = 18000)",
    )
    report = await county.examined()
    assert verdicts(report.checks) == {
        "TREASURY_KNOWN": ("IN_FLIGHT", 1),
        "EVENTS_HEARD": ("IN_FLIGHT", 1),
        "NOTHING_STUCK": ("IN_FLIGHT", 1),
    }
