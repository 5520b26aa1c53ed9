"""P5: a day's trade bill of a whole county beside our payments, against DuckDB and PostgreSQL on the same files.

The bill is WeChat's, with all of its columns. What is measured of ours is what the job does with a download: unpack and
hash it, read it by its columns, prove its sums, store its lines and the file, and compare it with the payments, which
stand in the database already. DuckDB joins the unpacked bill with a file of these payments; PostgreSQL copies both,
analyses them and joins them. Ours runs in a process of its own, so that its memory can be read.
"""

import asyncio
import gzip
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path

import asyncpg
import duckdb

from bench.installation import Installation, installed
from bench.plan import Plan
from bench.results import Line, at_most, line, ratio
from shared.database.older_names import database_at
from shared.setting_groups.databases import database_name
from simulator.wechat.bill_files import TRADE_HEADER, yuan

TITLE = "a day's bill of the channel, against DuckDB and PostgreSQL"
LINES = 642_656
DAY = "2023-10-07"
_ROOT = Path(__file__).parents[1]
_MERCHANT = "1900000109"
_FEN = 38_000
# One in so many has another amount on our side.
_DIFFERS = 50_000
_COLUMNS = TRADE_HEADER.split(",")


@dataclass(frozen=True)
class Sides:
    """The packed bill with its hash, the details alone as a plain file, and our payments as another."""

    packed: Path
    content_hash: str
    theirs: Path
    ours: Path


def write_sides(folder: Path, lines: int) -> Sides:
    """So many payments of a day, the same each time."""
    sides = Sides(folder / f"{lines}.csv.gz", "", folder / f"{lines}.theirs.csv", folder / f"{lines}.ours.csv")
    hashed = sha1(usedforsecurity=False)
    with gzip.open(sides.packed, "wb", compresslevel=1) as packed, sides.theirs.open("wb") as plain:
        for content, detail in _content(lines):
            hashed.update(content)
            packed.write(content)
            if detail:
                plain.write(content.removeprefix("\ufeff".encode()))
    with sides.ours.open("w", encoding="utf-8") as file:
        file.write("transaction_id,order_no,amount_fen\n")
        file.writelines(
            f"{_transaction(number)},{_order(number)},{_FEN + (number % _DIFFERS == 0)}\n" for number in range(lines)
        )
    return Sides(sides.packed, hashed.hexdigest(), sides.theirs, sides.ours)


def _content(lines: int) -> Iterator[tuple[bytes, bool]]:
    yield f"\ufeff{TRADE_HEADER}\r\n".encode(), True
    for start in range(0, lines, 5_000):
        rows = (_detail(number) for number in range(start, min(lines, start + 5_000)))
        yield "".join(rows).encode(), True
    total = yuan(lines * _FEN)
    yield (
        (
            "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n"
            f"`{lines},`{total},`0.00,`0.00,`0.00000,`{total},`0.00\r\n"
        ).encode(),
        False,
    )


def _detail(number: int) -> str:
    moment = f"{DAY} {number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}"
    return (
        f"`{moment},`wx8888888888888888,`{_MERCHANT},`0,`,`{_transaction(number)},`{_order(number)},`o{number:027d},`NATIVE,"
        "`SUCCESS,`OTHERS,`CNY,`380.00,`0.00,`0,`0,`0.00,`0.00,`,`,`城乡居民基本医疗保险,`,`0.00000,`0.00%,`380.00,`0.00,`\r\n"
    )


def _transaction(number: int) -> str:
    return f"42000019{number * 7_919 % 10**9:09d}{number:011d}"


def _order(number: int) -> str:
    return f"C{number:031d}"


async def measure(plan: Plan) -> list[Line]:
    """Every round: DuckDB, PostgreSQL and ours, on the same files."""
    lines = plan.count(LINES, least=2_000)
    async with installed("bench-bills") as place:
        sides, tenth = write_sides(place.folder, lines), write_sides(place.folder, lines // 10)
        await _fill(place, sides, lines)
        duck, copied, whole, compared, memory, less = [], [], [], [], [], []
        for _ in range(plan.repeat):
            duck.append(await asyncio.to_thread(_duckdb, sides, lines))
            copied.append(await _postgres(place, sides, lines))
            seconds, mebibytes = await _ours(place, sides, lines)
            whole.append(seconds["read"] + seconds["compare"])
            compared.append(seconds["compare"])
            memory.append(mebibytes)
            less.append((await _ours(place, tenth, lines // 10))[1])
        further = []
        if plan.bill_lines:
            longer = write_sides(place.folder, plan.bill_lines)
            further.append((await _ours(place, longer, plan.bill_lines, agreeing=False))[1])
    figures = [
        line("P5", f"DuckDB joins two files of {lines:,} lines", "s", duck),
        line("P5", "PostgreSQL: COPY, ANALYZE, FULL JOIN", "s", copied),
        line("P5", "the bill compared with the payments", "s", compared),
        ratio("P5", "compared / DuckDB", compared, duck, at_most(4)),
        line("P5", "the whole: hashed, read, stored, compared", "s", whole),
        ratio("P5", "the whole / PostgreSQL", whole, copied, at_most(3)),
        line("P5", "memory of the whole", "MiB", memory, at_most(400)),
        line("P5", "the same with a tenth of the lines", "MiB", less),
    ]
    if further:
        figures.append(line("P5", f"the same with {plan.bill_lines:,} lines", "MiB", further, at_most(400)))
    return figures


def _duckdb(sides: Sides, lines: int) -> float:
    """Seconds of a full join of the two files, counted by class."""
    # Values are read as they stand, with their backticks: the format has no quotes.
    columns = json.dumps(dict.fromkeys(_COLUMNS, "VARCHAR"), ensure_ascii=False).replace('"', "'")
    query = f"""
        SELECT count(*) FILTER (WHERE t.amount = o.amount_fen), count(*) FROM (
            SELECT 微信订单号[2:] AS transaction_id,
                   CAST(CAST(订单金额[2:] AS DECIMAL(18, 2)) * 100 AS BIGINT) AS amount
            FROM read_csv('{sides.theirs}', header = true, quote = '', escape = '', delim = ',', auto_detect = false,
                          columns = {columns})
        ) t FULL JOIN (
            SELECT * FROM read_csv('{sides.ours}', header = true, auto_detect = false,
                columns = {{'transaction_id': 'VARCHAR', 'order_no': 'VARCHAR', 'amount_fen': 'BIGINT'}})
        ) o USING (transaction_id)
    """  # noqa: S608 - our own files
    with duckdb.connect() as connection:
        began = time.perf_counter()
        found = connection.execute(query).fetchone()
        took = time.perf_counter() - began
    _expect(found, lines)
    return took


async def _postgres(place: Installation, sides: Sides, lines: int) -> float:
    """Seconds of bringing both files into tables without a key, and of joining them."""
    names = ", ".join(f'"{name}" text' for name in _COLUMNS)
    async with place.owner("payment") as connection:
        await connection.execute(
            f"CREATE TABLE theirs ({names}); CREATE TABLE ours (transaction_id text, order_no text, amount_fen bigint)"
        )
        await place.checkpoint()
        began = time.perf_counter()
        await connection.copy_to_table("theirs", source=sides.theirs, format="csv", header=True, quote="\b")
        await connection.copy_to_table("ours", source=sides.ours, format="csv", header=True)
        await connection.execute("ANALYZE theirs; ANALYZE ours")
        found = await connection.fetchrow(
            """
            SELECT count(*) FILTER (WHERE CAST(substr(t."订单金额", 2) AS numeric) * 100 = o.amount_fen), count(*)
            FROM theirs t FULL JOIN ours o ON o.transaction_id = substr(t."微信订单号", 2)
            """,
            timeout=600,
        )
        took = time.perf_counter() - began
        await connection.execute("DROP TABLE theirs, ours")
    _expect(tuple(found) if found else None, lines)
    return took


async def _ours(
    place: Installation, sides: Sides, lines: int, *, agreeing: bool = True
) -> tuple[dict[str, float], float]:
    """Seconds of its parts, and MiB of the process."""
    async with place.owner("payment") as connection:
        await connection.execute(
            f"""
            TRUNCATE channel_bill_content, bill_trade_line, channel_bill CASCADE;
            INSERT INTO channel_bill (id, channel, merchant_id, kind, bill_day, region, actor, correlation_id)
            SELECT uuidv7(), 'WECHAT', '{_MERCHANT}', 'TRADE', '{DAY}', '{place.settings.region}', 'bench', uuidv7()
            """,
            timeout=600,
        )
    await place.checkpoint()
    command = [sys.executable, "-m", "bench.bill_day", str(sides.packed), sides.content_hash, DAY, "TRADE"]
    if not agreeing:
        # We have no payments for most of it: what is measured is that reading it takes no more memory.
        command.append("read")
    seconds: dict[str, float] = json.loads(await asyncio.to_thread(_run, command, place))
    if agreeing:
        _expect((int(seconds["agreed"]), lines), lines)
    return seconds, seconds["mebibytes"]


def _run(command: list[str], place: Installation) -> str:
    """What a process printed."""
    done = subprocess.run(
        command, cwd=_ROOT, env=dict(place.environment), stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def _expect(found: tuple[int, ...] | None, lines: int) -> None:
    """All but the few that differ agree."""
    agreeing = lines - (lines + _DIFFERS - 1) // _DIFFERS
    if found is None or tuple(found) != (agreeing, lines):
        raise RuntimeError(f"{found}: not {agreeing} of {lines} agree")


async def _fill(place: Installation, sides: Sides, lines: int) -> None:
    """Our payments of the day, as crediting leaves them; written past the notices that they would need."""
    database = database_at(place.postgres.admin_url, database_name("payment"))
    connection = await asyncpg.connect(database, timeout=30)
    try:
        region = place.settings.region
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(
            "CREATE TEMPORARY TABLE filled (transaction_id text, order_no text, amount_fen bigint)"
        )
        await connection.copy_to_table("filled", source=sides.ours, format="csv", header=True)
        await connection.execute(
            f"""
            INSERT INTO billed_merchant (channel, merchant_id, first_day, region, actor, correlation_id)
            VALUES ('WECHAT', '{_MERCHANT}', '{DAY}', '{region}', 'bench', uuidv7());
            INSERT INTO payment (id, channel, merchant_id, transaction_id, order_no, notice_id, amount_fen, paid_at,
                                 paid_on, region, actor, correlation_id)
            SELECT uuidv7(), 'WECHAT', '{_MERCHANT}', transaction_id, order_no, uuidv7(), amount_fen,
                   '{DAY} 12:00+08', '{DAY}', '{region}', 'bench', uuidv7() FROM filled;
            """,  # noqa: S608 - our own values
            timeout=900,
        )
        await connection.execute("VACUUM ANALYZE payment", timeout=900)
    finally:
        await connection.close()
