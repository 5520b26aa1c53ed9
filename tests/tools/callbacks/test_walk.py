"""The five minutes of docs/channels.md, typed as they stand there: only the port is another one."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.harness.environment import variables
from tests.harness.installation import Installation
from tests.harness.ports import free_port
from tests.harness.timeouts import stretched

PAGE = (Path(__file__).parents[3] / "docs" / "channels.md").read_text(encoding="utf-8")


def walk() -> list[str]:
    """The lines of the page's block, without the prompt."""
    (block,) = re.findall(r"^```console\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return [line.removeprefix("$ ") for line in block.splitlines()]


def _typed(installation: Installation, folder: Path) -> subprocess.CompletedProcess[str]:
    """The page's block, run by bash in an empty folder."""
    port = str(free_port())
    typed = ["set -em", 'trap "kill %1 2>/dev/null || true" EXIT', *(line.replace("8000", port) for line in walk())]
    settings = {**variables(installation.settings), "CANBAO_PUBLIC_BASE_URL": f"http://127.0.0.1:{port}"}
    return subprocess.run(
        ["bash", "-c", "\n".join(typed)],
        cwd=folder,
        env={**os.environ, **settings, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=stretched(120),
        check=False,
    )


def _made(folder: Path) -> tuple[int, list[str]]:
    """How long the signed body is, and what the keys are."""
    keys = [file.read_text() for file in folder.rglob("*.pem") if "pub" not in file.name]
    return len((folder / "sandbox/SANDBOX01/wechat/notice.body").read_bytes()), keys


async def test_the_five_minutes_work_as_typed(installation: Installation, tmp_path: Path) -> None:
    ended = await asyncio.to_thread(_typed, installation, tmp_path)
    length, keys = await asyncio.to_thread(_made, tmp_path)
    said = ended.stdout
    assert ended.returncode == 0, said + ended.stderr
    assert " 204 " in said, "curl shows the channel's answer"
    assert "结论：验签通过 · verdict: accepted" in said
    assert "末尾多了换行 · it differs from what was signed: a line end was added" in said
    assert f"首个不同的字节 · first differing byte: {length}" in said
    assert "此通知已在库中，不会重复入账 · it stands once: SUSPENDED UNKNOWN_ORDER" in said
    rows = await installation.sql("payment", "SELECT state, amount_fen FROM raw_notice")
    assert [tuple(row) for row in rows] == [("SUSPENDED", 40_000)]
    assert keys
    assert not any(key.splitlines()[1] in said + ended.stderr for key in keys), "no key is printed"
