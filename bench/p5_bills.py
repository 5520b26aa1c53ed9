"""P5: a day's two bills of a whole county beside our payments, against DuckDB and PostgreSQL on the same files.

The bills are WeChat's, with all of their columns. What is measured of ours is what the jobs do with the downloads:
unpack and hash them, read them by their columns, prove their sums, store their lines and the files; then find the
movements of the day's payout, and record what differs from the payments, which stand in the database already. DuckDB
and PostgreSQL have the same to compare: both bills, unpacked, and a file of these payments. DuckDB joins the files;
PostgreSQL copies all three, analyses them and joins them. Ours runs in a process of its own, so that its memory can be
read.
"""

import asyncio
import gzip
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
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
from simulator.wechat.bill_files import FLOW_HEADER, TRADE_HEADER, yuan

TITLE = "a day's bill of the channel, against DuckDB and PostgreSQL"
LINES = 642_656
DAY, NEXT_DAY = "2023-10-07", "2023-10-08"
_ROOT = Path(__file__).parents[1]
_MERCHANT = "1900000109"
_FEN = 38_000
# One in so many has another amount on our side.
_DIFFERS = 50_000
_TRADE_COLUMNS, _FLOW_COLUMNS = TRADE_HEADER.split(","), FLOW_HEADER.split(",")
_BATCH = "00000000-0000-7000-8000-000000000005"


@dataclass(frozen=True)
class Bill:
    """A packed bill with its hash, and its details alone as a plain file."""

    packed: Path
    content_hash: str
    plain: Path


@dataclass(frozen=True)
class Sides:
    """The two bills, and our payments as a file."""

    trade: Bill
    flow: Bill
    ours: Path


def write_sides(folder: Path, lines: int) -> Sides:
    """So many payments of a day, the same each time."""
    ours = folder / f"{lines}.ours.csv"
    with ours.open("w", encoding="utf-8") as file:
        file.write("transaction_id,order_no,amount_fen\n")
        file.writelines(
            f"{_transaction(number)},{_order(number)},{_FEN + (number % _DIFFERS == 0)}\n" for number in range(lines)
        )
    return Sides(
        _written(folder / f"{lines}-trade", _content(lines, TRADE_HEADER, _traded, _trade_totals(lines))),
        _written(folder / f"{lines}-flow", _content(lines, FLOW_HEADER, _moved, _flow_totals(lines))),
        ours,
    )


def _written(at: Path, pieces: Iterator[tuple[bytes, bool]]) -> Bill:
    hashed = sha1(usedforsecurity=False)
    bill = Bill(at.with_suffix(".csv.gz"), "", at.with_suffix(".csv"))
    with gzip.open(bill.packed, "wb", compresslevel=1) as packed, bill.plain.open("wb") as plain:
        for content, detail in pieces:
            hashed.update(content)
            packed.write(content)
            if detail:
                plain.write(content.removeprefix("\ufeff".encode()))
    return Bill(bill.packed, hashed.hexdigest(), bill.plain)


def _content(lines: int, header: str, detail: Callable[[int], str], totals: str) -> Iterator[tuple[bytes, bool]]:
    yield f"\ufeff{header}\r\n".encode(), True
    for start in range(0, lines, 5_000):
        yield "".join(map(detail, range(start, min(lines, start + 5_000)))).encode(), True
    yield totals.encode(), False


def _trade_totals(lines: int) -> str:
    total = yuan(lines * _FEN)
    return (
        "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n"
        f"`{lines},`{total},`0.00,`0.00,`0.00000,`{total},`0.00\r\n"
    )


def _flow_totals(lines: int) -> str:
    return (
        "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\r\n"
        f"`{lines}.0,`{lines}.0,`{yuan(lines * _FEN)},`0.0,`0.00\r\n"
    )


def _moment(number: int) -> str:
    return f"{DAY} {number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}"


def _traded(number: int) -> str:
    return (
        f"`{_moment(number)},`wx8888888888888888,`{_MERCHANT},`0,`,`{_transaction(number)},`{_order(number)},"
        f"`o{number:027d},`NATIVE,`SUCCESS,`OTHERS,`CNY,`380.00,`0.00,`0,`0,`0.00,`0.00,`,`,`城乡居民基本医疗保险,`,"
        "`0.00000,`0.00%,`380.00,`0.00,`\r\n"
    )


def _moved(number: int) -> str:
    return (
        f"`{_moment(number)},`{_transaction(number)},`F{number:031d},`交易,`交易,`收入,`380.00,"
        f"`{yuan((number + 1) * _FEN)},`system,`,`{_order(number)}\r\n"
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
        line("P5", f"DuckDB joins the files of {lines:,} lines", "s", duck),
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
    """Seconds of a full join of the flow bill and the payments, named by the trade bill, counted by class."""
    # Values are read as they stand, with their backticks: the format has no quotes.
    traded, moved = (
        json.dumps(dict.fromkeys(names, "VARCHAR"), ensure_ascii=False).replace('"', "'")
        for names in (_TRADE_COLUMNS, _FLOW_COLUMNS)
    )
    as_it_stands = "header = true, quote = '', escape = '', delim = ',', auto_detect = false"
    query = f"""
        SELECT count(*) FILTER (WHERE m.amount = o.amount_fen AND t.order_no = o.order_no), count(*) FROM (
            SELECT 微信支付业务单号[2:] AS transaction_id,
                   CAST(CAST("收支金额（元）"[2:] AS DECIMAL(18, 2)) * 100 AS BIGINT) AS amount
            FROM read_csv('{sides.flow.plain}', {as_it_stands}, columns = {moved})
        ) m FULL JOIN (
            SELECT * FROM read_csv('{sides.ours}', header = true, auto_detect = false,
                columns = {{'transaction_id': 'VARCHAR', 'order_no': 'VARCHAR', 'amount_fen': 'BIGINT'}})
        ) o USING (transaction_id) LEFT JOIN (
            SELECT 微信订单号[2:] AS transaction_id, 商户订单号[2:] AS order_no
            FROM read_csv('{sides.trade.plain}', {as_it_stands}, columns = {traded})
        ) t USING (transaction_id)
    """  # noqa: S608 - our own files
    with duckdb.connect() as connection:
        began = time.perf_counter()
        found = connection.execute(query).fetchone()
        took = time.perf_counter() - began
    _expect(found, lines)
    return took


async def _postgres(place: Installation, sides: Sides, lines: int) -> float:
    """Seconds of bringing the three files into tables without a key, and of joining them."""
    traded, moved = (", ".join(f'"{name}" text' for name in names) for names in (_TRADE_COLUMNS, _FLOW_COLUMNS))
    async with place.owner("payment") as connection:
        await connection.execute(
            f"CREATE TABLE traded ({traded}); CREATE TABLE moved ({moved});"
            " CREATE TABLE ours (transaction_id text, order_no text, amount_fen bigint)"
        )
        await place.checkpoint()
        began = time.perf_counter()
        for table, bill in (("traded", sides.trade), ("moved", sides.flow)):
            await connection.copy_to_table(table, source=bill.plain, format="csv", header=True, quote="\b")
        await connection.copy_to_table("ours", source=sides.ours, format="csv", header=True)
        await connection.execute("ANALYZE traded; ANALYZE moved; ANALYZE ours")
        found = await connection.fetchrow(
            """
            SELECT count(*) FILTER (WHERE CAST(substr(m."收支金额（元）", 2) AS numeric) * 100 = o.amount_fen
                                      AND substr(t."商户订单号", 2) = o.order_no), count(*)
            FROM moved m FULL JOIN ours o ON o.transaction_id = substr(m."微信支付业务单号", 2)
            LEFT JOIN traded t ON t."微信订单号" = m."微信支付业务单号"
            """,
            timeout=600,
        )
        took = time.perf_counter() - began
        await connection.execute("DROP TABLE traded, moved, ours")
    _expect(tuple(found) if found else None, lines)
    return took


async def _ours(
    place: Installation, sides: Sides, lines: int, *, agreeing: bool = True
) -> tuple[dict[str, float], float]:
    """Seconds of its parts, and MiB of the process."""
    await _fill(place, sides, lines if agreeing else 0)
    await place.checkpoint()
    command = [sys.executable, "-m", "bench.bill_day", DAY]
    for bill in (sides.trade, sides.flow):
        command += [str(bill.packed), bill.content_hash]
    # Where we have no payments what is measured is that reading takes no more memory for more lines.
    seconds: dict[str, float] = json.loads(await asyncio.to_thread(_run, [*command, *[_BATCH] * agreeing], place))
    if agreeing:
        _expect((lines - int(seconds["differ"] + seconds["other"]), lines), lines)
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


# A day whose bills are wanted, and the next one's, which has nothing but the payout of it all.
_BEGIN = f"""
    TRUNCATE channel_bill_content, bill_trade_line, bill_flow_line, channel_bill, worked_bill, payout, payment,
             payment_line, settlement_difference, remittance_batch CASCADE;
    INSERT INTO billed_merchant (channel, merchant_id, first_day, region, actor, correlation_id)
    VALUES ('WECHAT', '{_MERCHANT}', '{DAY}', '{{region}}', 'bench', uuidv7()) ON CONFLICT DO NOTHING;
    INSERT INTO channel_bill (id, channel, merchant_id, kind, bill_day, region, actor, correlation_id)
    SELECT uuidv7(), 'WECHAT', '{_MERCHANT}', kind, '{DAY}', '{{region}}', 'bench', uuidv7()
    FROM unnest(ARRAY['TRADE', 'FUND_FLOW']) AS kind
"""  # noqa: S608 - our own values
_AFTER = f"""
    INSERT INTO channel_bill (id, channel, merchant_id, kind, bill_day, state, read_at, read_on, asked_at, asked_on,
                              region, actor, correlation_id)
    SELECT uuidv7(), 'WECHAT', '{_MERCHANT}', kind, '{NEXT_DAY}', 'EMPTY', now(), '{NEXT_DAY}'::date + 1, now(),
           '{NEXT_DAY}'::date + 1, '{{region}}', 'bench', uuidv7()
    FROM unnest(ARRAY['TRADE', 'FUND_FLOW']) AS kind;
    INSERT INTO bill_flow_line (bill_id, line_no, booked_at, flow_no, business_no, kind, amount_fen, balance_fen,
                                remark, region)
    SELECT id, 1, '{NEXT_DAY} 05:00+08', 'P1', 'P1', 'PAYOUT', -{{fen}}, 0, '', '{{region}}'
    FROM channel_bill WHERE kind = 'FUND_FLOW' AND bill_day = '{NEXT_DAY}';
    INSERT INTO remittance_batch (id, region, kind, state, channel, merchant_id, settlement_day, by_bill, declared_fen,
                                  actor, correlation_id)
    VALUES ('{_BATCH}', '{{region}}', 'ONLINE', 'OPEN', 'WECHAT', '{_MERCHANT}', '{DAY}', true, {{fen}}, 'bench',
            uuidv7());
    INSERT INTO payment (id, channel, merchant_id, transaction_id, order_no, notice_id, amount_fen, paid_at, paid_on,
                         region, actor, correlation_id)
    SELECT uuidv7(), 'WECHAT', '{_MERCHANT}', transaction_id, order_no, uuidv7(), amount_fen, '{DAY} 12:00+08', '{DAY}',
           '{{region}}', 'bench', uuidv7() FROM filled;
    INSERT INTO payment_line (id, payment_id, bill_id, enrolment_id, person_token, benefit_year, amount_fen, state,
                              region, actor, correlation_id)
    SELECT uuidv7(), id, uuidv7(), uuidv7(), 'bench', 2024, amount_fen, 'CREDITED', '{{region}}', 'bench', uuidv7()
    FROM payment
"""  # noqa: S608 - our own values


async def _fill(place: Installation, sides: Sides, lines: int) -> None:
    """Two bills that are wanted, and our payments as crediting leaves them, past the notices that they would need."""
    database = database_at(place.postgres.admin_url, database_name("payment"))
    connection = await asyncpg.connect(database, timeout=30)
    try:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(_BEGIN.format(region=place.settings.region), timeout=600)
        if lines == 0:
            return
        await connection.execute(
            "CREATE TEMPORARY TABLE filled (transaction_id text, order_no text, amount_fen bigint)"
        )
        await connection.copy_to_table("filled", source=sides.ours, format="csv", header=True)
        await connection.execute(_AFTER.format(region=place.settings.region, fen=lines * _FEN), timeout=900)
        await connection.execute("VACUUM ANALYZE payment, payment_line", timeout=900)
    finally:
        await connection.close()
