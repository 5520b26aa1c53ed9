"""`canbao migrate` where a newer program was at the tables before: one sentence, nothing changed."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.harness.environment import variables
from tests.harness.installation import Installation
from tests.harness.timeouts import stretched

ROOT = Path(__file__).parents[2]
SUMMED = "SELECT md5(string_agg(xmin::text || oid::text, ',' ORDER BY oid)) AS sum FROM pg_class WHERE oid >= 16384"


@pytest.mark.parametrize("table", ["alembic_version_quota", "alembic_version_shared"])
async def test_tables_of_a_newer_program_are_refused_in_the_words_of_readyz(
    installation: Installation, table: str
) -> None:
    environment = variables(installation.settings)
    await installation.sql("quota", f"UPDATE {table} SET version_num = 'from_tomorrow'")
    before = await installation.sql("quota", SUMMED)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from tools.cli import main; main()", "migrate"),
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await asyncio.wait_for(process.communicate(), stretched(120))
    said = errors.decode()
    assert process.returncode == 3, said
    assert "表结构 from_tomorrow 比本程序新，请更新程序 · tables at from_tomorrow, unknown here" in said
    assert "canbao_quota" in said
    assert "Traceback" not in said
    assert await installation.sql("quota", SUMMED) == before
