"""``canbao verify`` as it is typed: its exit codes, its table, its JSON, and the causal chain of an enrolment."""

import asyncio
import json
import re

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.harness.identity_numbers import a_number
from tests.verify.conftest import County
from tests.verify.small_season import SUBSISTENCE
from verify.checks import CHECKS
from verify.commands import verify

cli = typer.Typer()
cli.command()(verify)


async def typed(county: County, monkeypatch: pytest.MonkeyPatch, *arguments: str, auditor: str | None = None) -> Result:
    """Type the command in the county's environment."""
    settings = county.installation.settings
    template = settings.auditor_database_url.replace(
        "{password}", settings.database_passwords["auditor"].get_secret_value()
    )
    monkeypatch.setenv("CANBAO_AUDITOR_DATABASE_URL", auditor or template)
    return await asyncio.to_thread(CliRunner().invoke, cli, list(arguments))


async def test_a_consistent_county_exits_0_and_shows_towns_and_checks(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = await typed(county, monkeypatch)
    assert result.exit_code == 0, result.output
    for words in ("铁铺", "丽水", "未归属乡镇", "分文不差", *(check.code for check in CHECKS)):
        assert words in result.output
    assert "1,140.00" in result.output  # the west's premium


async def test_a_break_exits_1_and_names_the_row(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    await county.break_in("quota", "UPDATE village_counter SET registered = 9 WHERE region = '411521101201'")
    result = await typed(county, monkeypatch)
    assert result.exit_code == 1
    assert re.search(r"不符 BREAK\s+村 village 411521101201 2024 ", result.output)
    assert "不符 BREAK 1" in result.output


async def test_a_database_that_cannot_be_read_exits_2_because_nothing_is_proven(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = await typed(county, monkeypatch, auditor="postgresql://canbao_auditor@127.0.0.1:1/{database}")
    assert result.exit_code == 2
    assert "could not examine: registration" in result.stderr


async def test_a_database_without_its_views_exits_2(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    await county.break_in("subsidy", "DROP VIEW proof.pricing_share")
    assert (await typed(county, monkeypatch)).exit_code == 2


async def test_json_carries_the_same_facts_in_fen(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    result = await typed(county, monkeypatch, "--json")
    report = json.loads(result.stdout)
    assert (report["consistent"], report["breaks"], report["overall"]["paid_fen"]) == (True, 0, 208_000)
    assert {check["code"]: check["verdict"] for check in report["checks"]} == {check.code: "OK" for check in CHECKS}


async def test_a_trace_shows_the_whole_way_from_registration_to_certificate_in_order(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = (await county.sql("registration", "SELECT id FROM enrolment WHERE paid_fen = 18000"))[0]["id"]
    result = await typed(county, monkeypatch, "--trace", str(person))
    assert result.exit_code == 0, result.output
    steps = (
        "参保登记 registered",
        "registration.enrolment_registered.v1",
        "应缴核定 assessed",
        "subsidy.contribution_assessed.v1",
        "缴费单 bill",
        "缴费订单 order",
        "渠道通知 notice",
        "channel:WECHAT ← premium",
        "funder:county_finance ← aided",
        "payment.contribution_paid.v1",
        "registration.enrolment_paid.v1",
        "pending ← channel:WECHAT",
        "in_transit ← pending",
        "payment.contribution_in_treasury.v1",
        "certificate=WS-1",
        "payment.certificate_issued.v1",
    )
    places = [result.output.find(step) for step in steps]
    assert -1 not in places, [step for step, place in zip(steps, places, strict=True) if place < 0]
    # Aid is booked in the same moment as the premium; registration receives the payment in its own time.
    own_time = (*steps[7:9], "registration.enrolment_paid.v1")
    order = [place for step, place in zip(steps, places, strict=True) if step not in own_time]
    assert order == sorted(order), result.output
    assert places[steps.index(own_time[-1])] > places[steps.index("payment.contribution_paid.v1")]


async def test_a_trace_shows_money_that_was_suspended_and_went_back(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    (refund,) = await county.sql(
        "payment", "SELECT enrolment_id FROM refund WHERE enrolment_id IS NOT NULL ORDER BY enrolment_id LIMIT 1"
    )
    shown = (await typed(county, monkeypatch, "--trace", str(refund["enrolment_id"]))).output
    places = [shown.find(f"payment.{event}.v1") for event in ("contribution_paid", "payment_suspended", "refund_paid")]
    assert -1 not in places, shown
    assert places == sorted(places)


async def test_a_trace_never_says_who_the_person_is(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    person = (await county.sql("registration", "SELECT id, person_token FROM enrolment WHERE paid_fen = 18000"))[0]
    result = await typed(county, monkeypatch, "--trace", str(person["id"]))
    for secret in (
        "张三",
        a_number(SUBSISTENCE),
        a_number(SUBSISTENCE)[-4:] + " ",
        person["person_token"],
        "1990-01-01",
    ):
        assert secret not in result.output


async def test_a_trace_of_nobody_exits_1(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    result = await typed(county, monkeypatch, "--trace", "00000000-0000-7000-8000-000000000000")
    assert result.exit_code == 1
    assert "no database knows" in result.stderr
