"""Sealed blocks and the anchor: what an administrator changes shows, also where everything was sealed again."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from services.composition import BY_NAME
from tests.harness.blocks import seal_all
from tests.verify.conftest import County
from tests.verify.test_commands import typed
from verify.anchor import AnchorRefused, read_anchor
from verify.checks.seals import SEALED

_FORGED = "UPDATE transfer SET person_token = 'somebody else' WHERE kind = 'premium_received'"
_NO_BLOCKS = "DELETE FROM sealed_block WHERE table_name = '{table}'"


def test_the_auditor_looks_at_every_table_that_services_declare() -> None:
    declared = {
        name: tuple(table.name for table in service.audited_tables)
        for name, service in BY_NAME.items()
        if service.audited_tables
    }
    assert declared == dict(SEALED)


@pytest.mark.parametrize("service", SEALED)
async def test_every_column_is_sealed_or_left_out_with_a_reason(county: County, service: str) -> None:
    """A column that comes later is noticed here: seal it in a new form, or say why not."""
    for table in BY_NAME[service].audited_tables:
        found = await county.sql(
            service,
            "SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND table_schema = 'public'",
            table.name,
        )
        columns = {row["column_name"] for row in found if row["column_name"]}
        assert set(table.columns) | set(table.left_out) == columns, table.name
        assert not set(table.columns) & set(table.left_out)
        assert all(table.left_out.values())


@pytest.mark.parametrize("service", SEALED)
async def test_no_service_may_change_what_is_sealed(county: County, service: str) -> None:
    """V: what changes in the ordinary way would break its block."""
    for table in BY_NAME[service].audited_tables:
        changeable = await county.sql(
            service,
            "SELECT attname::text AS column_name FROM pg_attribute WHERE attrelid = to_regclass('public.' || $1)"
            " AND attnum > 0 AND NOT attisdropped AND has_column_privilege($2, attrelid, attnum, 'UPDATE')",
            table.name,
            f"{service}_app",
        )
        assert {row["column_name"] for row in changeable} <= set(table.left_out), table.name


async def anchored(county: County, monkeypatch: pytest.MonkeyPatch, file: Path) -> Result:
    """Type `canbao verify --anchor`."""
    return await typed(county, monkeypatch, "--json", "--anchor", str(file))


def found(result: Result) -> dict[str, str]:
    """The anchored blocks that are not there any more, and what is."""
    (check,) = (check for check in json.loads(result.stdout)["checks"] if check["code"] == "SEALS_ANCHOR")
    return {row["subject"]: row["found"] for row in check["rows"]}


def content_of(result: Result) -> dict[str, Any]:
    """What was said about the content of blocks."""
    checks: list[dict[str, Any]] = json.loads(result.stdout)["checks"]
    return next(check for check in checks if check["code"] == "SEALS_CONTENT")


def lines(file: Path) -> list[dict[str, object]]:
    """What the file says."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def names_in(folder: Path) -> list[str]:
    """What the folder holds."""
    return [path.name for path in folder.iterdir()]


class TestAnchor:
    async def test_a_missing_file_is_begun_and_continued(
        self, county: County, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        file = tmp_path / "anchor.jsonl"
        for count in (1, 2):
            result = await anchored(county, monkeypatch, file)
            assert result.exit_code == 0, result.output
            assert "SEALS_ANCHOR" in result.stdout
            assert len(lines(file)) == count
        first, second = lines(file)
        assert first["heads"] == second["heads"]
        assert first["installation"] == county.installation.settings.installation
        assert names_in(tmp_path) == ["anchor.jsonl"]

    async def test_rows_changed_and_sealed_again_pass_without_it_and_not_with_it(
        self, county: County, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        file = tmp_path / "anchor.jsonl"
        await anchored(county, monkeypatch, file)
        await county.break_in("payment", _FORGED, _NO_BLOCKS.format(table="transfer"))
        await seal_all(county.installation)
        assert (await typed(county, monkeypatch)).exit_code == 0
        result = await anchored(county, monkeypatch, file)
        assert result.exit_code == 1
        assert found(result)
        assert all(subject.startswith("block payment.transfer ") for subject in found(result))
        assert "nothing was anchored" in result.stderr
        assert len(lines(file)) == 1

    async def test_the_last_block_deleted_is_found(
        self, county: County, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        file = tmp_path / "anchor.jsonl"
        await anchored(county, monkeypatch, file)
        await county.break_in(
            "registration",
            "DELETE FROM sealed_block WHERE table_name = 'outbox'"
            " AND block = (SELECT max(block) FROM sealed_block WHERE table_name = 'outbox')",
        )
        result = await anchored(county, monkeypatch, file)
        assert result.exit_code == 1
        assert list(found(result).values()) == ["no such block"]

    @pytest.mark.parametrize(
        ("restored_to", "began_at"),
        [
            pytest.param("now() + interval '1 day'", "now() + interval '2 days'", id="to_tomorrow"),
            pytest.param("now() - interval '2 days'", "now() - interval '1 day'", id="begun_yesterday"),
        ],
    )
    async def test_a_block_that_was_anchored_before_a_restoration_is_not_abandoned_by_it(
        self, county: County, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, restored_to: str, began_at: str
    ) -> None:
        """V: an invented restoration would excuse whatever head the file holds."""
        file = tmp_path / "anchor.jsonl"
        await anchored(county, monkeypatch, file)
        await county.break_in(
            "payment",
            "INSERT INTO epoch (epoch, began_at, began_by, because, restored_to, abandoned)"
            f" SELECT 2, {began_at}, 'x', 'x', {restored_to}, jsonb_build_object('transfer',"
            " jsonb_agg(jsonb_build_object('block', block, 'hash', encode(hash, 'hex'))))"
            " FROM sealed_block WHERE table_name = 'transfer'",
            _FORGED,
            _NO_BLOCKS.format(table="transfer"),
        )
        await seal_all(county.installation)
        result = await anchored(county, monkeypatch, file)
        assert result.exit_code == 1
        assert any(subject.startswith("block payment.transfer ") for subject in found(result))

    async def test_a_later_look_proves_what_was_anchored_before(
        self, county: County, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """The chain goes on: its head of then stands in its middle."""
        file = tmp_path / "anchor.jsonl"
        await anchored(county, monkeypatch, file)
        await county.sql(
            "quota",
            "INSERT INTO outbox (id, lane, topic, key, aggregate_seq, event, region, benefit_year, actor, service,"
            " correlation_id, payload, published_at) SELECT uuidv7(), lane, topic, key, aggregate_seq + 1, event,"
            " region, benefit_year, actor, service, correlation_id, payload, published_at FROM outbox"
            " ORDER BY aggregate_seq DESC LIMIT 1",
        )
        await seal_all(county.installation)
        await anchored(county, monkeypatch, file)
        (first, *_) = lines(file)
        assert (await county.check("SEALS_CHAIN")).verdict == "OK"
        assert first["heads"] != (await county.examined()).heads

    async def test_blocks_that_were_anchored_are_not_recomputed_where_that_is_asked_for_and_are_named(
        self, county: County, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """V: a change of what was anchored is found by the whole examination only, and the report says so."""
        file = tmp_path / "anchor.jsonl"
        since = ("--json", "--anchor", str(file), "--since-anchor")
        first = await typed(county, monkeypatch, *since)
        assert content_of(first)["named_count"] == 0, "nothing was anchored yet"
        await county.break_in("payment", _FORGED)
        result = await typed(county, monkeypatch, *since)
        assert result.exit_code == 0, result.output
        left_out = {row["subject"] for row in content_of(result)["named"]}
        assert any(subject.startswith("block payment.transfer 1–") for subject in left_out)
        assert content_of(result)["examined"] < content_of(first)["examined"]
        assert (await anchored(county, monkeypatch, file)).exit_code == 1, "the whole recomputes everything"

    async def test_what_was_sealed_after_the_anchor_and_what_does_not_fit_it_is_recomputed(
        self, county: County, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        file = tmp_path / "anchor.jsonl"
        await anchored(county, monkeypatch, file)
        await county.break_in(
            "payment", "UPDATE sealed_block SET hash = sha256(hash) WHERE table_name = 'transfer'", _FORGED
        )
        result = await typed(county, monkeypatch, "--json", "--anchor", str(file), "--since-anchor")
        assert result.exit_code == 1
        assert any(row["subject"].startswith("block payment.transfer ") for row in content_of(result)["rows"])

    async def test_it_needs_the_anchor(self, county: County, monkeypatch: pytest.MonkeyPatch) -> None:
        result = await typed(county, monkeypatch, "--since-anchor")
        assert result.exit_code == 2
        assert "--anchor" in result.output

    async def test_another_installations_file_is_refused(
        self, county: County, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        file = tmp_path / "anchor.jsonl"
        await anchored(county, monkeypatch, file)
        written = file.read_text(encoding="utf-8").replace(county.installation.settings.installation, "another")
        file.write_text(written, encoding="utf-8")
        result = await anchored(county, monkeypatch, file)
        assert result.exit_code == 2
        assert "another" in result.stderr
        assert file.read_text(encoding="utf-8") == written

    @pytest.mark.parametrize(
        "line",
        [
            {"written_at": "2024-01-10T00:00:00"},
            {"heads": {"payment": {"transfer": {"block": 1 << 63, "hash": "0" * 64}}}},
            {"heads": {"payment": {"transfer": {"block": 1, "hash": "\0"}}}},
            {"heads": {"payment": {"trans\0fer": {"block": 1, "hash": "0" * 64}}}},
            {"epochs": {"payment": 1 << 31}},
        ],
        ids=["a moment without a zone", "a block beyond all", "no hash", "no table", "an epoch beyond all"],
    )
    def test_a_line_that_no_database_can_be_asked_about_is_refused(self, tmp_path: Path, line: dict[str, Any]) -> None:
        """V, attacked: verify ended as if something were broken, with a trace of its own code, and restore likewise."""
        file = tmp_path / "anchor.jsonl"
        whole = {"written_at": "2024-01-10T00:00:00Z", "installation": "local", "heads": {}}
        file.write_text(json.dumps(whole) + "\n", encoding="utf-8")
        assert len(read_anchor(file, "local")) == 1
        file.write_text(json.dumps(whole | line) + "\n", encoding="utf-8")
        with pytest.raises(AnchorRefused):
            read_anchor(file, "local")

    def test_a_file_that_was_cut_to_nothing_is_no_new_anchor(self, tmp_path: Path) -> None:
        """V, attacked: the heads of years were given up in silence, and the file began again."""
        file = tmp_path / "anchor.jsonl"
        assert read_anchor(file, "local") == ()
        file.touch()
        with pytest.raises(AnchorRefused, match="it is empty"):
            read_anchor(file, "local")

    @pytest.mark.parametrize("content", ["{}\n", "no anchor\n", '{"written_at": "2024-01-10T00:00:00Z"'])
    async def test_a_file_that_is_no_anchor_is_refused_and_left_alone(
        self, county: County, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str
    ) -> None:
        file = tmp_path / "anchor.jsonl"
        file.write_text(content, encoding="utf-8")
        result = await anchored(county, monkeypatch, file)
        assert result.exit_code == 2
        assert "锚点文件不可用" in result.stderr
        assert file.read_text(encoding="utf-8") == content

    async def test_a_folder_that_is_not_there_is_said(
        self, county: County, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        result = await anchored(county, monkeypatch, tmp_path / "nowhere" / "anchor.jsonl")
        assert result.exit_code == 2
        assert "锚点未写入" in result.stderr


async def test_rows_that_wait_a_little_are_on_their_way_and_fresh_ones_are_not_spoken_of(county: County) -> None:
    insert = (
        "INSERT INTO transfer (id, idempotency_key, kind, debit, credit, amount_fen, region, effective_on, caused_by,"
        " actor, correlation_id, recorded_at) SELECT gen_random_uuid(), gen_random_uuid()::text, kind, debit, credit,"
        " amount_fen, region, effective_on, caused_by, actor, correlation_id, now() - $1::interval FROM transfer"
        " LIMIT 1"
    )
    for age, verdict in (("5 seconds", "OK"), ("2 minutes", "IN_FLIGHT"), ("11 minutes", "BREAK")):
        await county.break_in("payment", insert.replace("$1", f"'{age}'"))
        assert (await county.check("SEALS_CURRENT")).verdict == verdict, age
