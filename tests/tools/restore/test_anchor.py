"""``canbao restore --anchor``: heads that a restoration abandons are recorded, and no others pass as such."""

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
import typer
from typer.testing import CliRunner, Result

from services.quota import SERVICE
from shared.database.older_names import database_at
from shared.domain.clock import SystemClock
from tests.harness.blocks import seal_service
from tests.harness.cluster import Cluster
from tests.harness.environment import variables
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tools.restore.commands import restore
from verify.anchor import AnchorLine, Head, anchor_check, read_anchor
from verify.snapshot import open_databases

cli = typer.Typer()
cli.command()(restore)
_TOWN = "411521101"


async def _targets_published(installation: Installation, document: str) -> None:
    """Targets are published, lie on the bus, and are sealed."""
    body = {"benefit_year": 2024, "document": document, "note": "测试", "declared_total": 5}
    async with installation.http_client(SERVICE) as http:
        http.headers.update(installation.caller("quota:write"))
        towns = [{"region": _TOWN, "name": "铁铺", "target": 5}]
        answer = await http.post("/quota/v1/targets", json=body | {"towns": towns})
        assert answer.is_success, answer.text

        async def sent() -> bool:
            left = await installation.sql("quota", "SELECT count(*) FROM outbox WHERE published_at IS NULL")
            return not left[0][0]

        await eventually(sent, within_s=20, message="it lies on the bus")
    await seal_service(installation, "quota")


async def _anchored(installation: Installation, file: Path) -> str:
    """What ``canbao verify --anchor`` writes of quota; the head of its outbox."""
    newest = "SELECT block, encode(hash, 'hex') AS hash FROM sealed_block ORDER BY block DESC LIMIT 1"
    head = Head.model_validate(dict((await installation.sql("quota", newest))[0]))
    line = AnchorLine(
        written_at=SystemClock().now(),
        installation=installation.settings.installation,
        heads={"quota": {"outbox": head}},
        epochs={"quota": 1},
    )
    with file.open("a", encoding="utf-8") as anchor:
        anchor.write(line.model_dump_json() + "\n")
    return head.hash


async def _gone(installation: Installation, file: Path) -> list[str]:
    """The anchored blocks that are missing, as ``canbao verify --anchor`` names them."""
    settings = installation.settings
    async with open_databases(settings) as databases:
        result = await anchor_check(read_anchor(file, settings.installation)).result(databases)
    return [row.subject for row in result.rows]


async def _typed(installation: Installation, monkeypatch: pytest.MonkeyPatch, file: Path, *words: str) -> Result:
    for name, value in variables(installation.settings).items():
        monkeypatch.setenv(name, value)
    return await asyncio.to_thread(CliRunner().invoke, cli, ["quota", "--anchor", str(file), *words])


async def _epochs(installation: Installation) -> list[tuple[int, Any]]:
    rows = await installation.sql("quota", "SELECT epoch, abandoned::text FROM epoch ORDER BY epoch")
    return [(row["epoch"], json.loads(row["abandoned"])) for row in rows]


async def test_abandoned_heads_are_recorded_and_a_changed_anchor_is_refused(
    installation: Installation, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """E1: a block of the lost window passes as lost; one of before it is named, whatever anchor or epoch say."""
    file, forged = tmp_path / "anchor.jsonl", tmp_path / "forged.jsonl"
    await _targets_published(installation, "罗政办〔2023〕1号")
    kept = await _anchored(installation, file)
    name = urlsplit(installation.settings.owner_url("quota")).path.removeprefix("/")
    await installation.leave()
    backup = await cluster.clone((name,))
    await _targets_published(installation, "罗政办〔2023〕2号")
    lost = await _anchored(installation, file)

    admin = await asyncpg.connect(cluster.admin_url)
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.execute(f'ALTER DATABASE "{backup.names[name]}" RENAME TO "{name}"')
    await admin.close()
    assert await _gone(installation, file) == ["block quota.outbox 2"]

    forged.write_text(file.read_text(encoding="utf-8").replace(kept, "0" * 64), encoding="utf-8")
    refused = await _typed(installation, monkeypatch, forged, "--because", "drill")
    assert refused.exit_code == 2
    assert "no restoration has lost it" in refused.stderr
    assert await _epochs(installation) == [(1, {})]

    shown = await _typed(installation, monkeypatch, file, "--dry-run")
    assert "abandoned heads: outbox 1" in shown.stdout
    done = await _typed(installation, monkeypatch, file, "--because", "drill")
    assert done.exit_code == 0, done.output
    assert "epoch 2 began" in done.stdout
    assert "document 罗政办〔2023〕2号, total 5  重新下达参保任务" in done.stdout
    assert await _epochs(installation) == [(1, {}), (2, {"outbox": [{"block": 2, "hash": lost}]})]
    assert await _gone(installation, file) == []
    # The targets are published again, under a number of their own: nothing is left to do.
    await _targets_published(installation, "罗政办〔2023〕2号")
    assert "to be entered again" not in (await _typed(installation, monkeypatch, file, "--because", "drill")).stdout

    # Who may write epochs could let another block pass: it was anchored before the window that was lost.
    admin = await asyncpg.connect(database_at(cluster.admin_url, name))
    await admin.execute("SET session_replication_role = replica")
    more = json.dumps({"outbox": [{"block": 1, "hash": kept}, {"block": 2, "hash": lost}]})
    await admin.execute("UPDATE epoch SET abandoned = $1::jsonb WHERE epoch = 2", more)
    await admin.execute("UPDATE sealed_block SET hash = decode(repeat('00', 32), 'hex') WHERE block = 1")
    await admin.close()
    assert await _gone(installation, file) == ["block quota.outbox 1"]
