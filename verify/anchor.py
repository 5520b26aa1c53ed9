"""The anchor: heads of the chains, kept in a file elsewhere, prove that nothing sealed before was changed since.

The administrator of a database can change a row and seal everything again, so that the chain is whole. The heads that
an earlier examination wrote down do not fit that chain.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from verify.check import ConsistencyCheck
from verify.findings import Findings
from verify.report import ConsistencyReport, RowFinding
from verify.snapshot import Databases

# What the databases can hold; a line with more than that was written by nobody of ours.
_BEYOND_BLOCKS, _BEYOND_EPOCHS = 1 << 63, 1 << 31
_Name = Annotated[str, Field(pattern=r"^[a-z_]{1,63}$")]


class AnchorRefused(Exception):
    """The file cannot be used: nothing was proven by it and nothing written to it."""


class Head(BaseModel):
    """The last block of a chain."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    block: Annotated[int, Field(gt=0, lt=_BEYOND_BLOCKS, strict=True)]
    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class AnchorLine(BaseModel):
    """What one examination found at the ends of the chains: service → table → head."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    # With its zone: it is compared with the moments of restorations.
    written_at: AwareDatetime
    installation: str
    heads: Mapping[_Name, Mapping[_Name, Head]]
    # In which epoch each service announced; lines of before there were epochs have none.
    epochs: Mapping[_Name, Annotated[int, Field(gt=0, lt=_BEYOND_EPOCHS, strict=True)]] = {}


# What a restoration has abandoned was recorded by it, and is named beside the epoch that it began. It lost what was
# sealed since the moment to which the database was restored: a head that was anchored before still stands there, and
# in no place stands another one that had been sealed by then. What was anchored after it began was not abandoned by it.
_KNOWN = """
    SELECT asked.place, asked.block, asked.table_name, asked.hash, known.hash AS found
    FROM unnest(CAST(:places AS integer[]), CAST(:tables AS text[]), CAST(:blocks AS bigint[]), CAST(:hashes AS text[]),
                CAST(:written AS timestamptz[])) AS asked (place, table_name, block, hash, written_at)
    LEFT JOIN proof.sealed_block AS known ON known.table_name = asked.table_name AND known.block = asked.block
    WHERE known.hash IS DISTINCT FROM asked.hash AND NOT EXISTS (
        SELECT FROM proof.epoch AS began
        CROSS JOIN jsonb_to_recordset(began.abandoned -> asked.table_name) AS gone (block bigint, hash text)
        WHERE gone.block = asked.block AND gone.hash = asked.hash
          AND asked.written_at BETWEEN began.restored_to AND began.began_at
          AND (known.sealed_at IS NULL OR known.sealed_at > asked.written_at))
    ORDER BY asked.place, asked.table_name
"""


def read_anchor(path: Path, installation: str) -> tuple[AnchorLine, ...]:
    """The lines of the file, none where there is no file yet; raises AnchorRefused."""
    return _lines(path, _bytes(path), installation)


def append_anchor(path: Path, earlier: Sequence[AnchorLine], report: ConsistencyReport) -> int:
    """Add the heads that the report found; the file is whole before and after. Answers how many lines it has.

    Raises AnchorRefused where the file cannot be written, or is not what was proven.
    """
    line = AnchorLine.model_validate(
        {
            "written_at": report.examined_at,
            "installation": report.installation,
            "heads": report.heads,
            "epochs": report.epochs,
        }
    )
    try:
        with _alone(path.parent):
            stands = _bytes(path)
            lines = _lines(path, stands, report.installation)
            if lines[: len(earlier)] != tuple(earlier):
                raise AnchorRefused(f"{path}: 核对期间被改动 · it was changed during the examination")
            _replace(path, stands + line.model_dump_json().encode() + b"\n")
    except OSError as error:
        raise AnchorRefused(f"{path}: 无法写入 · cannot be written: {error.strerror}") from error
    return len(lines) + 1


def anchor_check(lines: Sequence[AnchorLine]) -> ConsistencyCheck:
    """The question whether every head that was ever written down is still in its chain."""

    async def run(databases: Databases, findings: Findings) -> None:
        known = {snapshot.database for snapshot in databases.each}
        for service in sorted(known.union(*(line.heads for line in lines))):
            asked = [
                (place, table, head.block, head.hash)
                for place, line in enumerate(lines, start=1)
                for table, head in line.heads.get(service, {}).items()
            ]
            findings.count_examined(len(asked))
            if service in known:
                await _prove(databases, findings, service, asked, lines)
            else:
                findings.add_break(RowFinding(f"database {service}", None, "its blocks", "no such database"))

    return ConsistencyCheck(
        "SEALS_ANCHOR",
        "封存块与锚点一致",
        "The chains hold every head that was anchored",
        "锚点文件每一行 ↔ 封存块摘要",
        run,
    )


async def _prove(
    databases: Databases,
    findings: Findings,
    service: str,
    asked: Sequence[tuple[int, str, int, str]],
    lines: Sequence[AnchorLine],
) -> None:
    places, tables, blocks, hashes = zip(*asked, strict=True) if asked else ((), (), (), ())
    values: dict[str, list[Any]] = {
        "places": list(places),
        "tables": list(tables),
        "blocks": list(blocks),
        "hashes": list(hashes),
        "written": [lines[place - 1].written_at for place in places],
    }
    reached = max((line.epochs.get(service, 1) for line in lines), default=1)
    epoch = (await databases.publisher(service).one("SELECT coalesce(max(epoch), 0) AS epoch FROM proof.epoch"))[
        "epoch"
    ]
    if epoch < reached:
        findings.add_break(RowFinding(f"database {service}", None, f"epoch {reached}", f"epoch {epoch}"))
    async for rows in databases.publisher(service).stream(_KNOWN, **values):
        for row in rows:
            findings.add_break(
                RowFinding(
                    f"block {service}.{row['table_name']} {row['block']}",
                    None,
                    f"{row['hash'][:16]} anchored at {lines[row['place'] - 1].written_at.isoformat()}",
                    row["found"][:16] if row["found"] else "no such block",
                )
            )


def _bytes(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise AnchorRefused(f"{path}: 无法读取 · cannot be read: {error.strerror}") from error
    if not content:
        # Lines are added to a copy that takes the file's place: it was cut, and what it had proved would be given up.
        raise AnchorRefused(f"{path}: 文件是空的 · it is empty; an anchor begins with a file that is not there yet")
    return content


def _lines(path: Path, content: bytes, installation: str) -> tuple[AnchorLine, ...]:
    lines = []
    if content and not content.endswith(b"\n"):
        raise AnchorRefused(f"{path}: 末行不完整 · its last line is not whole")
    for place, written in enumerate(content.splitlines(), start=1):
        try:
            line = AnchorLine.model_validate_json(written)
        except ValidationError as error:
            raise AnchorRefused(f"{path}: 第 {place} 行不是锚点 · line {place} is no anchor") from error
        if line.installation != installation:
            raise AnchorRefused(
                f"{path}: 属于安装 {line.installation}，本安装为 {installation}"
                f" · it belongs to installation {line.installation}, this is {installation}"
            )
        lines.append(line)
    return tuple(lines)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time, and whatever was renamed in the folder is durable at the end."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        os.fsync(handle)
    finally:
        os.close(handle)


def _replace(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            beside.chmod(path.stat().st_mode & 0o777)
        beside.replace(path)
    except OSError:
        beside.unlink()
        raise
