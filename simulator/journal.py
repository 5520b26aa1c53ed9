"""What was done, durable before anybody relies on it, so that an interrupted season goes on where it stopped."""

import asyncio
import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Journal:
    """Facts by kind and key, in memory to read and in SQLite to survive; many writers share one commit."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS fact (kind TEXT, key TEXT, value TEXT NOT NULL, PRIMARY KEY (kind, key))"
        )
        self._facts: dict[str, dict[str, Any]] = defaultdict(dict)
        for kind, key, value in self._database.execute("SELECT kind, key, value FROM fact ORDER BY rowid"):
            self._facts[kind][key] = json.loads(value)
        self._waiting: list[tuple[str, str, str]] = []
        self._writing: asyncio.Task[None] | None = None
        self._next: asyncio.Future[None] | None = None

    def get(self, kind: str, key: str) -> Any:
        """The fact, or None."""
        return self._facts[kind].get(key)

    def all(self, kind: str) -> dict[str, Any]:
        """Every fact of a kind, oldest first; not to be changed by the reader."""
        return self._facts[kind]

    async def put(self, kind: str, key: str, value: Any) -> None:
        """Record a fact; returns once it is on disk."""
        await self.put_all(kind, {key: value})

    async def put_all(self, kind: str, facts: Mapping[str, Any]) -> None:
        """Record facts of a kind together; returns once they are on disk."""
        self._facts[kind].update(facts)
        self._waiting += [(kind, key, json.dumps(value, ensure_ascii=False)) for key, value in facts.items()]
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        mine = self._next
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await asyncio.shield(mine)

    async def _write(self) -> None:
        """Commit what is there, and what came meanwhile, until nobody waits."""
        try:
            while self._waiting and self._next is not None:
                rows, done = self._waiting, self._next
                self._waiting, self._next = [], None
                try:
                    await asyncio.to_thread(self._commit, rows)
                except sqlite3.Error as error:
                    done.set_exception(error)
                    raise
                done.set_result(None)
        finally:
            self._writing = None

    def _commit(self, rows: list[tuple[str, str, str]]) -> None:
        with self._database:
            self._database.executemany(
                "INSERT INTO fact VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value", rows
            )

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()
