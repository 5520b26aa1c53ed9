"""pgbench doing the durable write of a callback, one row per transaction: what the database alone can do that way."""

import asyncio
import os
import re
from urllib.parse import parse_qs, unquote, urlsplit

from bench.installation import Installation
from shared.database.data_folder import program
from shared.setting_groups.databases import database_name
from simulator.prepare import APPID, MCHID

_SCRIPT = f"""
INSERT INTO raw_notice (id, channel, merchant_id, notify_id, source, envelope, serial, signed_at, event_type, kind,
                        payee_merchant_id, payee_appid, order_no, transaction_id, outcome, amount_fen, currency,
                        succeeded_at, region, actor, correlation_id)
VALUES (uuidv7(), 'WECHAT', '{MCHID}', 'pgbench-' || uuidv7(), 'NOTICE', decode(repeat('78', 900), 'hex'), 'SERIAL',
        now(), 'TRANSACTION.SUCCESS', 'PAYMENT', '{MCHID}', '{APPID}', 'pgbench', 'pgbench-' || uuidv7(), 'SUCCESS',
        38000, 'CNY', now(), '411521', 'pgbench', uuidv7());
"""  # noqa: S608 - constants
_TRANSACTIONS = re.compile(rb"number of transactions actually processed: (\d+)")
_PER_S = re.compile(rb"tps = ([\d.]+)")


class PgbenchFailed(RuntimeError):
    """pgbench did not do what it was asked to."""


async def durable_writes(made: Installation, *, clients: int, seconds: int) -> tuple[int, float]:
    """Let so many clients write for so long, by the service's own login and socket; returns rows and rows a second."""
    script = made.folder / "pgbench.sql"
    script.write_text(_SCRIPT, encoding="utf-8")
    address = urlsplit(made.settings.service_url("payment"))
    environment = {
        **os.environ,
        "PGHOST": parse_qs(address.query)["host"][0],
        "PGUSER": unquote(address.username or ""),
        "PGPASSWORD": unquote(address.password or ""),
        "PGDATABASE": database_name("payment"),
        "PGOPTIONS": f"-c canbao.region={made.settings.region}",
    }
    command = ["--no-vacuum", "--protocol", "prepared", "--client", str(clients), "--jobs", "2"]
    process = await asyncio.create_subprocess_exec(
        program("pgbench"), *command, "--time", str(seconds), "--file", str(script),
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, complaint = await process.communicate()
    written, per_s = _TRANSACTIONS.search(printed), _PER_S.search(printed)
    if process.returncode != 0 or written is None or per_s is None:
        raise PgbenchFailed(complaint.decode(errors="replace")[-1000:])
    return int(written[1]), float(per_s[1])
