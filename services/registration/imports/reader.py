"""Reads a file in a process of its own: checking and encrypting keep one processor busy, the database another.

A process that is gone takes nothing with it: what it had read and nobody had entered is read again.
"""

import gc
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from traceback import format_tb
from typing import Any, BinaryIO

from services.registration.applications.service import Person, identify, seal
from services.registration.imports.columns import read_header
from services.registration.imports.form import survey
from services.registration.imports.passing import Batch, Candidate, Candidates, Opened, Refused, SealedRow, packed
from services.registration.imports.reasons import reason
from services.registration.imports.records import Block, Broken, Lines, Position, Record, first_record
from services.registration.imports.rows import Rows
from shared.domain.names import canonical_name
from shared.errors import DomainError, ErrorCode
from shared.protection import Vault, open_vault, person_token_key
from shared.settings import Settings

_PATIENCE_S = 10.0
_MANY_OBJECTS = 200_000


class FileChanged(DomainError):
    """Somebody wrote to the file while it was read."""

    code = ErrorCode.IMPORT_FILE_CHANGED


@dataclass(frozen=True)
class Reading:
    """What to read, and whether names and numbers are to be encrypted: a rehearsal needs them not."""

    path: Path
    benefit_year: int
    settings: Settings
    seal: bool


class Reader:
    """The reading process, as seen from the one that enters the rows; its methods wait."""

    def __init__(self, connection: Connection, stop: Callable[[], None]) -> None:
        """Listen to it; ``stop`` ends it."""
        self._connection, self.stop = connection, stop

    def opened(self) -> Opened:
        """The file's form and columns; raises what is wrong with the file as a whole."""
        opened: Opened = self._received()
        return opened

    def begin(self, position: Position) -> None:
        """Let it read from there."""
        self._connection.send(position)

    def next(self) -> Batch | None:
        """The next rows, or None at the end; raises ``FileChanged``, or ``EOFError`` where the process is gone."""
        batch: Batch | None = self._received()
        return batch

    def _received(self) -> Any:
        # The other end is a process that this one started, over a pipe that nobody else holds.
        received = pickle.loads(self._connection.recv_bytes())  # noqa: S301
        if isinstance(received, DomainError | OSError):
            raise received
        return received


@contextmanager
def reading(what: Reading) -> Iterator[Reader]:
    """Start the process and have it gone at the end."""
    # A process with one thread can be copied as it is; otherwise a new one has to import everything again.
    context: Any = multiprocessing.get_context("fork" if threading.active_count() == 1 else "spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_read, args=(what, theirs, ours), name="import reader", daemon=True)
    process.start()
    theirs.close()
    try:
        yield Reader(ours, process.terminate)
    finally:
        ours.close()
        process.terminate()
        process.join(_PATIENCE_S)


def _read(what: Reading, connection: Connection, theirs: Connection) -> None:
    # Held open here, the entering process's end would hide that process's death: reading would wait for it for ever.
    theirs.close()
    # Ctrl-C reaches the whole group; the entering process decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Rows make no cycles; looking for them among a batch's tuples again and again is lost time.
    gc.freeze()
    gc.set_threshold(_MANY_OBJECTS)
    try:
        for message in _messages(what, connection):
            connection.send_bytes(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))
    except (BrokenPipeError, ConnectionResetError, EOFError):
        return
    except Exception as error:
        # Where it happened and what kind it was: an error's own words may repeat what stands in the file.
        print("".join(format_tb(error.__traceback__)), type(error).__name__, file=sys.stderr)
        sys.exit(1)


def _messages(what: Reading, connection: Connection) -> Iterator[object]:
    try:
        with what.path.open("rb") as file:
            seen = _stamp(file)
            opened = open_file(file)
            yield opened
            yield from batches(what, file, opened, connection.recv())
            if _stamp(file) != seen or file.tell() != opened.form.size:
                raise FileChanged
    except (DomainError, OSError) as error:
        yield error
    else:
        yield None


def open_file(file: BinaryIO) -> Opened:
    """Find out how a file is written and what its columns are; raises what is wrong with it as a whole."""
    form = survey(file)
    header, begin = first_record(file, form)
    return Opened(form, read_header(header.cells if isinstance(header.cells, list) else []), begin)


def batches(what: Reading, file: BinaryIO, opened: Opened, begin: Position) -> Iterator[Batch]:
    """Every row from a position on, checked by itself."""
    desk = _Desk(what, opened)
    for block in Lines(opened.form, opened.columns.width).blocks(file, begin):
        yield desk.batch(block)


class _Desk:
    def __init__(self, what: Reading, opened: Opened) -> None:
        self._rows = Rows(opened.columns, what.benefit_year)
        self._token_key = person_token_key(what.settings)
        self._vault: Vault | None = open_vault(what.settings) if what.seal else None

    def batch(self, block: Block) -> Batch:
        candidates, refused = [], []
        for record in block.records:
            try:
                candidates.append(self._candidate(record))
            except DomainError as refusal:
                # Spreadsheets leave rows of empty cells behind; they are nobody.
                if isinstance(record.cells, Broken) or any(map(str.strip, record.cells)):
                    refused.append(Refused(record.line, record.text, refusal.code.name, reason(refusal)))
        return Batch(Candidates.of(candidates), refused, block.end)

    def _candidate(self, record: Record) -> Candidate:
        application = self._rows.application(record.cells)
        person = identify(self._token_key, application)
        facts = packed(application.facts)
        return Candidate(
            record.line,
            record.text,
            person.token,
            application.benefit_year,
            application.region,
            str(application.document_type),
            application.name,
            facts,
            hash((canonical_name(application.name), application.region, facts)),
            self._sealed(person, application.name),
        )

    def _sealed(self, person: Person, name: str) -> SealedRow | None:
        if self._vault is None:
            return None
        sealed = seal(self._vault, self._token_key, person, name)
        return sealed.id.bytes, *sealed[1:]


def _stamp(file: BinaryIO) -> tuple[int, int]:
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns
