"""``canbao import people`` as a clerk types it."""

import asyncio
import os
import sys
from pathlib import Path

import orjson
import pytest
from pydantic import SecretStr

from tests.harness.environment import variables
from tests.harness.identity_numbers import a_number
from tests.harness.installation import Installation, new_key
from tests.harness.registers import VILLAGE, a_file, a_row, with_towns
from tests.harness.timeouts import stretched
from tests.services.registration.imports.registers_read import files_in

ROOT = Path(__file__).parents[4]
# Both processes' highest mark, with and without ten times the rows.
_GROWS_BY_KIB = 24 << 10


@pytest.fixture(autouse=True)
async def towns(installation: Installation) -> None:
    await with_towns(installation)


async def typed(installation: Installation, *arguments: str) -> tuple[int, str, str]:
    """Run ``canbao import people`` and give its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", "from tools.cli import main; main()", "import", "people", *arguments),
        cwd=ROOT,
        env={**os.environ, **variables(installation.settings)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, errors = await asyncio.wait_for(process.communicate(), stretched(120))
    assert process.returncode is not None
    return process.returncode, printed.decode(), errors.decode()


async def test_a_clerk_rehearses_imports_corrects_and_is_done(installation: Installation, tmp_path: Path) -> None:
    path = a_file(
        tmp_path,
        [(*a_row(1), "甲"), ("李四", "4115", VILLAGE, "乙")],
        ("姓名", "证件号码", "村代码", "备注"),
        encoding="gbk",
    )

    code, printed, _ = await typed(installation, str(path), "--dry-run")
    assert code == 1
    assert "试运行，未登记任何人" in printed
    assert "GB18030（GBK）" in printed
    assert "未使用的列 unused  备注" in printed
    assert not await installation.sql("registration", "SELECT id FROM enrolment")
    (tmp_path / "people.errors.csv").unlink()

    code, printed, errors = await typed(installation, str(path), "--json")
    assert code == 1
    report = orjson.loads(printed)
    assert (report["rows"], report["imported"], report["refused"]) == (2, 1, 1)
    assert report["errors_file"] == str(tmp_path / "people.errors.csv")
    assert "%" in errors
    for secret in (a_number(1), "张三"):
        assert secret not in printed + errors

    returned = tmp_path / "people.errors.csv"
    returned.write_bytes(returned.read_bytes().replace(b",4115,", f",{a_number(2)},".encode()))
    code, printed, _ = await typed(installation, str(returned))
    assert code == 0
    assert "新增 imported            1" in printed
    assert files_in(tmp_path) == ["people.csv", "people.errors.csv"]
    rows = await installation.sql("registration", "SELECT actor FROM enrolment")
    assert {row["actor"].partition(":")[0] for row in rows} == {"operator"}


async def test_what_cannot_be_imported_at_all_is_said_with_the_remedy(
    installation: Installation, tmp_path: Path
) -> None:
    code, printed, errors = await typed(installation, str(a_file(tmp_path, [], ("姓名", "村代码"))))
    assert (code, printed) == (2, "")
    assert "[IMPORT_COLUMN_MISSING] 缺少必需的列（证件号码 document_number；可写作 accepted: 证件号码" in errors
    assert files_in(tmp_path) == ["people.csv"]
    path = str(a_file(tmp_path, [a_row(1)]))
    for wrong in (("--region", "411522"), ("--year", "1"), ("--nothing",)):
        assert (await typed(installation, path, *wrong))[0] == 2


async def test_a_file_is_not_sealed_with_a_key_that_does_not_open_what_is_stored(
    installation: Installation, tmp_path: Path
) -> None:
    """S1: another key under the same name ended in a traceback (InvalidTag), after rows had been sealed with it."""
    assert (await typed(installation, str(a_file(tmp_path, [a_row(1)]))))[0] == 0
    other = installation.with_settings(encryption_keys={"k1": SecretStr(new_key())})
    code, _, errors = await typed(other, str(a_file(tmp_path, [a_row(2)])))
    assert code == 3
    assert "k1 in CANBAO_ENCRYPTION_KEYS is not the key" in errors
    assert len(errors.splitlines()) < 10
    assert len(await installation.sql("registration", "SELECT id FROM enrolment")) == 1


async def test_without_a_database_it_says_that_it_may_be_run_again(installation: Installation, tmp_path: Path) -> None:
    nowhere = installation.with_settings(database_url=f"postgresql://x@/{{database}}?host={tmp_path}")
    code, _, errors = await typed(nowhere, str(a_file(tmp_path, [a_row(1)])))
    assert code == 3
    assert "重新运行即可继续" in errors
    assert "the database of this installation is stopped: make up starts" in errors


async def test_memory_does_not_grow_with_the_file(installation: Installation, tmp_path: Path) -> None:
    peaks = []
    for days in (2, 20):
        rows = [
            ("张三", a_number(sequence, f"19{70 + day // 12}{day % 12 + 1:02d}01"), VILLAGE)
            for day in range(days)
            for sequence in range(1, 1000)
        ]
        peaks.append(await _peak_kib(installation, a_file(tmp_path, rows)))
    assert peaks[1] - peaks[0] < _GROWS_BY_KIB, peaks


async def _peak_kib(installation: Installation, path: Path) -> int:
    """The memory of the larger of the command's processes at its highest, in a dry run."""
    measured = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'from tools.cli import main; main()', *sys.argv[1:]], check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", measured, "import", "people", str(path), "--dry-run"),
        cwd=ROOT,
        env={**os.environ, **variables(installation.settings)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, errors = await asyncio.wait_for(process.communicate(), stretched(120))
    assert process.returncode == 0, errors
    return int(printed.splitlines()[-1])
