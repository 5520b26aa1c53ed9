"""``python -m bench.years [--people N]``: what a closed benefit year weighs, and what each way of letting it go costs.

It fills one county, then prints how many bytes a person leaves per year in each table; what a payment costs where its
unique key stands in the whole table, or in a narrow table beside partitions by year; and what removing a month of
raw notices costs by DELETE, or by dropping a partition. Processor time is the server's.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import uvloop

from bench.installation import Installation, installed
from bench.p6_growth import deployed_parameters
from bench.population.fill import Population, fill
from bench.processes import cpu_s
from shared.database.older_names import database_at
from shared.setting_groups.databases import database_name

_DATABASES = ("registration", "subsidy", "payment", "quota")
_PAYMENTS = 100_000
_AT_ONCE = 200

_SIZES = """
SELECT c.relname AS name, c.reltuples AS rows, pg_table_size(c.oid) AS heap, pg_indexes_size(c.oid) AS indexes
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname = 'public' AND c.reltuples > $1
ORDER BY pg_total_relation_size(c.oid) DESC
"""

_PAYMENT_COLUMNS = "id uuid, year integer NOT NULL, channel text, merchant text, transaction text, amount_fen bigint"
_WHOLE = f"""
CREATE TABLE whole_payment ({_PAYMENT_COLUMNS}, PRIMARY KEY (id), UNIQUE (channel, merchant, transaction));
CREATE TABLE split_payment ({_PAYMENT_COLUMNS}, PRIMARY KEY (id, year)) PARTITION BY LIST (year);
CREATE TABLE split_payment_2023 PARTITION OF split_payment FOR VALUES IN (2023);
CREATE TABLE split_payment_2024 PARTITION OF split_payment FOR VALUES IN (2024);
CREATE TABLE payment_key (channel text, merchant text, transaction text, PRIMARY KEY (channel, merchant, transaction))
"""
_ROWS = """
SELECT CAST('01900005-0000-7000-8000-' || lpad(to_hex(n), 12, '0') AS uuid) AS id, CAST({year} AS integer) AS year,
       'WECHAT' AS channel, '1900000001' AS merchant, '4200' || lpad(CAST(n AS text), 24, '0') AS transaction,
       CAST(38000 AS bigint) AS amount_fen
FROM generate_series(CAST($1 AS bigint), CAST($2 AS bigint)) AS n
"""
_INSERT_WHOLE = "INSERT INTO whole_payment {rows} ON CONFLICT (channel, merchant, transaction) DO NOTHING"
_INSERT_SPLIT = """
WITH row AS ({rows}),
     new AS (INSERT INTO payment_key SELECT channel, merchant, transaction FROM row ON CONFLICT DO NOTHING RETURNING *)
INSERT INTO split_payment SELECT row.* FROM row JOIN new USING (channel, merchant, transaction)
"""

_NOTICES = """
CREATE TABLE notice_by_month (LIKE raw_notice) PARTITION BY RANGE (recorded_at);
CREATE TABLE notice_of_october PARTITION OF notice_by_month FOR VALUES FROM ('2023-10-01') TO ('2023-11-01');
CREATE TABLE notice_of_november PARTITION OF notice_by_month FOR VALUES FROM ('2023-11-01') TO ('2023-12-01');
ALTER TABLE notice_by_month ADD PRIMARY KEY (id, recorded_at);
ALTER TABLE notice_by_month ADD UNIQUE (channel, notify_id, recorded_at)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a piece of work used: the server's processor seconds, and bytes of write-ahead log."""

    cpu_s: float
    wal: int

    def per(self, rows: int) -> str:
        """For one row of so many."""
        return f"{1e6 * self.cpu_s / rows:8.1f} us processor, {self.wal / rows:8.0f} bytes of log a row"


async def sizes(made: Installation, people: int) -> None:
    """Print the bytes that one person leaves in a year, table by table."""
    whole = 0
    for database in _DATABASES:
        for name, rows, heap, indexes in await made.sql(database, _SIZES, people / 100):
            whole += heap + indexes
            each = f"{heap / people:8.0f} + {indexes / people:6.0f} bytes each"
            print(f"{database + '.' + name:36} {rows:12,.0f} rows {each}")
    print(f"{'one person, one year':36} {whole / people:8.0f} bytes, {whole / 2**30:.2f} GiB for {people:,} people")


async def _cost(made: Installation, connection: asyncpg.Connection, work: Sequence[tuple[str, Sequence[int]]]) -> Cost:
    pid = made.server_pid
    await connection.execute("CHECKPOINT")
    log = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"
    before, began = await connection.fetchval(log), cpu_s([pid])
    for statement, arguments in work:
        await connection.execute(statement, *arguments)
    return Cost(cpu_s([pid]) - began, await connection.fetchval(log) - before)


def _batches(statement: str, first: int, year: int) -> list[tuple[str, Sequence[int]]]:
    text = statement.format(rows=_ROWS.format(year=year))
    return [(text, (n, n + _AT_ONCE - 1)) for n in range(first, first + _PAYMENTS, _AT_ONCE)]


async def payments(made: Installation, admin: asyncpg.Connection, people: int) -> None:
    """Print what a payment costs under either key, with a year of a million already there."""
    await admin.execute(_WHOLE)
    for statement in (_INSERT_WHOLE, _INSERT_SPLIT):
        await admin.execute(statement.format(rows=_ROWS.format(year=2023)), 1, people)
    await admin.execute("VACUUM ANALYZE")
    for number in range(3):
        first = people + 1 + number * _PAYMENTS
        for name, statement in (("unique key in the whole table", _INSERT_WHOLE), ("narrow key table", _INSERT_SPLIT)):
            cost = await _cost(made, admin, _batches(statement, first, 2024))
            print(f"{name:36} {cost.per(_PAYMENTS)}")
    sent_again = _batches(_INSERT_SPLIT, 1, 2024)
    before = await admin.fetchval("SELECT count(*) FROM split_payment")
    await _cost(made, admin, sent_again)
    if await admin.fetchval("SELECT count(*) FROM split_payment") != before:
        raise RuntimeError("a transaction of the year before was booked in this year too")


async def notices(made: Installation, admin: asyncpg.Connection, people: int) -> None:
    """Print what it costs to take a month of raw notices away."""
    await admin.execute(_NOTICES)
    columns = await admin.fetchval(
        "SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute"
        " WHERE attrelid = 'raw_notice'::regclass AND attnum > 0 AND attname <> 'recorded_at'"
    )
    for name in ("notice_whole", "notice_by_month"):
        if name == "notice_whole":
            await admin.execute("CREATE TABLE notice_whole (LIKE raw_notice INCLUDING INDEXES)")
        await admin.execute(
            f"INSERT INTO {name} ({columns}, recorded_at) SELECT {columns},"  # noqa: S608 - names from the catalogue
            " CASE WHEN n % 10 = 0 THEN DATE '2023-10-08' ELSE DATE '2023-11-08' END"
            " FROM (SELECT *, row_number() OVER () AS n FROM raw_notice)"
        )
    await admin.execute("VACUUM ANALYZE")
    old = await admin.fetchval("SELECT count(*) FROM notice_of_october")
    delete = "DELETE FROM notice_whole WHERE recorded_at < DATE '2023-11-01'"
    for name, statements in (
        ("DELETE and VACUUM", (delete, "VACUUM notice_whole")),
        ("DROP of a partition", ("DROP TABLE notice_of_october",)),
    ):
        cost = await _cost(made, admin, [(one, ()) for one in statements])
        print(f"{name:36} {cost.cpu_s:8.2f} s processor, {cost.wal / 2**20:8.1f} MiB of log for {old:,} of {people:,}")


async def main(people: int) -> None:
    """Fill one county and print the three answers."""
    async with installed("bench-years", parameters=deployed_parameters()) as made:
        await fill(made, Population(people, min(1_000, people)))
        await sizes(made, people)
        place = database_at(made.postgres.admin_url, database_name("payment"))
        admin = await asyncpg.connect(place, command_timeout=600)
        try:
            await payments(made, admin, people)
            await notices(made, admin, people)
        finally:
            await admin.close()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="python -m bench.years", description=__doc__)
    arguments.add_argument("--people", type=int, default=1_000_000)
    uvloop.run(main(arguments.parse_args().people))
    sys.exit(0)
