"""P9: a day's batch of 700,000 lines on its way to the treasury: tax detail, remittance, treasury, certificate.

Each step is taken by an answer of its own, and its lines follow in portions. The process that does all of it may hold
400 MB, and its event loop does nothing else for at most 50 ms at a time.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.batch_lines import BATCH, DETAIL
from bench.installation import Installation, installed
from bench.plan import Plan
from bench.results import Line, at_most, line

TITLE = "a day's batch of a county on its way to the treasury"
LINES = 700_000
_BATCH = """
    INSERT INTO remittance_batch (id, region, kind, state, channel, merchant_id, settlement_day, declared_fen,
                                  counted_fen, amount_fen, line_count, actor, correlation_id)
    VALUES ($1, $2, 'ONLINE', 'DETAIL_CONFIRMED', 'WECHAT', '1900000001', '2023-10-01', $3, $3, $3, $4, 'bench', $1)
"""
_LINES = """
    INSERT INTO remittance_line (batch_id, enrolment_id, source_id, person_token, benefit_year, region, amount_fen,
                                 actor, correlation_id)
    SELECT $1, lpad(to_hex(i), 32, '0')::uuid, lpad(to_hex(i), 32, '0')::uuid, i::text, 2024, '411521101201', 38000,
           'bench', $1
    FROM generate_series(1, $2::integer) AS i
"""
_DUE_FEN = 38_000


async def measure(plan: Plan) -> Sequence[Line]:
    """So many lines through every step, in a database of their own for each round."""
    count = plan.count(LINES)
    rounds = [await _round(plan, count) for _ in range(plan.repeat)]
    steps = ("detail", "remit", "treasury", "certificate")
    return [
        *(line("P9", f"{step}: the answer", "s", [each[f"{step} answer"] for each in rounds]) for step in steps),
        *(line("P9", f"{step}: lines", "/s", [count / each[step] for each in rounds]) for step in steps),
        line("P9", f"highest memory, {count:,} lines", "MB", [each["MB"] for each in rounds], at_most(400)),
        line("P9", "longest stretch of the event loop", "ms", [each["longest ms"] for each in rounds], at_most(50)),
    ]


async def _round(plan: Plan, count: int) -> dict[str, float]:
    async with installed("bench-p9") as made:
        await _prepare(made, count)
        _write_detail(made.folder / DETAIL, count)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bench.batch_lines",
            str(count),
            str(made.folder),
            env=dict(made.environment),
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError("the steps broke off")
        found: dict[str, float] = json.loads(said)
        plan.say("  " + ", ".join(f"{name} {value:.1f}" for name, value in found.items()))
        return found


async def _prepare(made: Installation, count: int) -> None:
    async with made.owner("payment") as connection:
        await connection.execute(_BATCH, BATCH, made.settings.region, count * _DUE_FEN, count)
        await connection.execute(_LINES, BATCH, count, timeout=600)
        await connection.execute("ANALYZE remittance_line", timeout=600)
    await made.checkpoint()


def _write_detail(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(f'{{"total_fen": {count * _DUE_FEN}, "lines": [')
        for number in range(1, count + 1):
            ends = "," if number < count else ""
            file.write(
                f'{{"line_no": "WX-{number:08d}", "enrolment_id": "{number:032x}", "amount_fen": {_DUE_FEN}}}{ends}'
            )
        file.write("]}")
