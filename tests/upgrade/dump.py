"""Dump a season in its middle, as the code of an earlier commit left it; run once per state worth starting from.

    git worktree add ../before a9b5d62
    python -m tests.upgrade.dump --checkout ../before --entry services.cli --to tests/upgrade/a9b5d62

The earlier code plays until a day in the middle and is interrupted, so that much is on its way: orders that wait, cash
in villages, batches between two states, events that nobody has taken yet. Then each database is dumped as plain SQL,
the simulator's journal beside it. The keys follow from a published label (`folder.py`); the people are invented.
"""

import argparse
import gzip
import json
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from shared.database.data_folder import program
from shared.database.embedded import EmbeddedPostgres
from shared.setting_groups.databases import database_name
from simulator import clients
from simulator.localities.luoshan import LUOSHAN
from tests.harness.cluster import SERVICES
from tests.harness.ports import free_port
from tests.upgrade.folder import lay_out

RESIDENTS = 100
ADDRESS = "{address}"
_NAMES = "SELECT datname FROM pg_database"


def main() -> None:
    """Play, interrupt, dump."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--checkout", type=Path, required=True, help="a working tree of the earlier commit")
    parser.add_argument("--entry", default="tools.cli", help="the module of its command line")
    parser.add_argument("--until", default=r"2023-11-\d\d", help="a pattern: the first such day interrupts it")
    parser.add_argument("--to", type=Path, required=True, help="a folder that does not exist yet")
    asked = parser.parse_args()
    asked.to.mkdir()
    with tempfile.TemporaryDirectory() as scratch:
        data, port = Path(scratch) / "data", free_port()
        names = [*(need.name for need in clients.needed(LUOSHAN)), "console"]
        lay_out(data, RESIDENTS, names)
        day = _play(asked.checkout, asked.entry, asked.until, data, port)
        _dump_databases(data, asked.to)
        _dump_journal(data / "simulator" / "journal.sqlite", f"http://127.0.0.1:{port}", asked.to / "journal.sql.gz")
        made = {"residents": RESIDENTS, "interrupted_on": day, "clients": names}
        _write(asked.to / "made.json", json.dumps(made, indent=1) + "\n")


def _play(checkout: Path, entry: str, until: str, data: Path, port: int) -> str:
    """The day on which it was interrupted."""
    command = [sys.executable, "-c", f"from {entry} import main; main()", "up", "--data", str(data)]
    command += ["--port", str(port), "--residents", str(RESIDENTS)]
    with subprocess.Popen(command, cwd=checkout, stdout=subprocess.PIPE, text=True) as season:
        assert season.stdout is not None
        for line in season.stdout:
            sys.stdout.write(line)
            if found := re.match(until, line):
                season.send_signal(signal.SIGINT)
                season.stdout.read()
                return found[0]
    raise SystemExit(f"the season ended before {until}")


def _dump_databases(data: Path, to: Path) -> None:
    with EmbeddedPostgres(data / "postgres") as server:
        address = urlsplit(server.admin_url)
        login = ["--host", parse_qs(address.query)["host"][0], "--username", str(address.username)]
        environment = {"PGPASSWORD": str(address.password)}
        roles = [str(program("pg_dumpall")), *login, "--roles-only", "--no-role-passwords"]
        _write(to / "roles.sql", _run(roles, environment))
        listed = _run([str(program("psql")), *login, "--tuples-only", "--no-align", "--command", _NAMES], environment)
        for database in (*SERVICES, "bus"):
            # The older states had shorter names.
            name = found if (found := database_name(database)) in listed.split() else database
            dump = [str(program("pg_dump")), *login, "--create", "--inserts", "--rows-per-insert=200", name]
            _write(to / f"{database}.sql.gz", _run(dump, environment))


def _run(command: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def _dump_journal(journal: Path, address: str, to: Path) -> None:
    """As SQL; the address at which canbao listened becomes a placeholder, because its port is free only now."""
    database = sqlite3.connect(journal)
    try:
        _write(to, "\n".join(database.iterdump()).replace(address, ADDRESS) + "\n")
    finally:
        database.close()


def _write(file: Path, text: str) -> None:
    content = text.encode()
    file.write_bytes(gzip.compress(content, 9, mtime=0) if file.suffix == ".gz" else content)


if __name__ == "__main__":
    main()
