"""Errors that pass are distinguished from errors that stay, and neither says whom it was about."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.messaging.bus.envelope import MalformedEnvelope
from shared.messaging.bus.errors import Transient, error_summary, is_transient
from tests.shared.messaging.example_services import REGION, Stage, TrainArrived


@pytest.mark.parametrize("error", [Transient(), ConnectionResetError(), TimeoutError()])
def test_what_passes_by_itself_is_waited_out(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize("error", [ValueError(), LookupError(), RuntimeError(), AssertionError()])
def test_what_is_not_known_to_pass_is_permanent(error: Exception) -> None:
    assert not is_transient(error)


def test_a_refused_value_is_not_repeated_in_the_description() -> None:
    with pytest.raises(ValidationError) as refused:
        TrainArrived.model_validate({"region": REGION, "train_id": "411521199001010013", "platform": 1})
    assert error_summary(refused.value).startswith("ValidationError: train_id: ")
    assert "411521199001010013" not in error_summary(refused.value)


def test_a_description_can_be_stored_whatever_the_error_says() -> None:
    assert error_summary(OSError("a\x00b\ud800" + "c" * 1000)).encode().find(b"\x00") == -1
    assert len(error_summary(OSError("c" * 1000))) == 500


def test_what_others_say_may_hold_a_value_and_what_we_say_holds_none() -> None:
    with pytest.raises(ValueError, match="411521199001010013x") as refused:
        int("411521199001010013x")
    assert error_summary(refused.value) == "ValueError"
    assert error_summary(MalformedEnvelope("the header ce_id is missing")).endswith("the header ce_id is missing")


@pytest.mark.parametrize("open_bus", ["postgres"], indirect=True)
@pytest.mark.parametrize(
    ("statement", "passes"),
    [
        ("SELECT pg_terminate_backend(pg_backend_pid())", True),
        ("SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)", True),
        ("DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$", True),
        ("DO $$ BEGIN RAISE EXCEPTION 'locked' USING ERRCODE = '55P03'; END $$", True),
        ("SELECT 1 / 0", False),
        ("INSERT INTO business_date (singleton, business_date) VALUES (false, '2024-01-01')", False),
    ],
)
async def test_the_databases_errors_are_distinguished(stage: Stage, statement: str, passes: bool) -> None:
    *before, last = statement.split("; ") if statement.startswith("SET") else [statement]
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one is the question
        await _execute(stage, [*before, last])
    assert is_transient(caught.value) is passes


@pytest.mark.parametrize("open_bus", ["postgres"], indirect=True)
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT CAST('411521199001010013' AS uuid)",
        "SELECT CAST('4115211990-01-01' AS date)",
        "INSERT INTO cursor (publisher, aggregate_id, seq) VALUES ('411521199001010013', NULL, 1)",
        "SELECT CAST(CAST('411521199001010013' AS text) AS integer)",
    ],
)
async def test_what_the_database_refuses_is_described_by_code_and_place(stage: Stage, statement: str) -> None:
    with pytest.raises(DBAPIError) as caught:
        await _execute(stage, [statement])
    assert "4115211990" not in error_summary(caught.value)
    assert error_summary(caught.value).split()[2][:2] in ("22", "23")


@pytest.mark.parametrize("open_bus", ["postgres"], indirect=True)
async def test_a_value_that_no_column_takes_is_permanent(stage: Stage) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        await _execute(stage, ["SELECT CAST(:number AS integer)"], number=2**40)
    assert not is_transient(caught.value)


async def _execute(stage: Stage, statements: list[str], **values: object) -> None:
    async with stage.publisher("station").transaction(REGION) as session:
        for statement in statements:
            await session.execute(text(statement), values)
