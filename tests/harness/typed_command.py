"""A command as it is typed, in a process of its own that has the program loaded already: each takes a moment."""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.harness.timeouts import stretched

ROOT = Path(__file__).parents[2]
_COMMANDS = (
    "services.registration.imports.commands",
    "tools.cli",
    "tools.doctor.commands",
    "tools.policy.commands",
    "tools.provisioning.commands",
    "tools.service_commands",
    "tools.startup_errors",
    "tools.up.commands",
    "verify.commands",
)
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(list(_COMMANDS))
_ALONE = {"PATH": "/usr/bin:/bin", "COLUMNS": "400"}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and all that it printed."""

    code: int | None
    said: str


def typed_command(words: Sequence[str], environment: Mapping[str, str], folder: Path = ROOT) -> Ended:
    """Type ``canbao`` with these words where nothing else is set; it ends by itself."""
    with tempfile.NamedTemporaryFile() as printed:
        process = _PROCESSES.Process(target=_command, args=(words, folder, {**_ALONE, **environment}, printed.name))
        process.start()
        process.join(stretched(120))
        try:
            assert not process.is_alive(), f"canbao {' '.join(words)} does not end"
        finally:
            process.kill()
            process.join()
        return Ended(process.exitcode, Path(printed.name).read_text(encoding="utf-8"))


def _command(words: Sequence[str], folder: Path, environment: dict[str, str], printed: str) -> None:
    descriptor = os.open(printed, os.O_WRONLY | os.O_APPEND)
    for standard in (1, 2):
        os.dup2(descriptor, standard)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["canbao", *words]
    from tools.entry import main

    main()
