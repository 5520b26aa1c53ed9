"""The entry of ``canbao``: Ctrl-C ends it with one line from its first moment on, while the program is still loaded."""

import os
import signal
from types import FrameType

INTERRUPTED = 130
INTERRUPTION = "已中断，可以重新运行 · interrupted; it is safe to run it again"


def main() -> None:
    """Load the command line and run it."""
    # Where the caller ignores the signal, as `nohup` and a shell's background jobs do, it stays ignored.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)
    from tools.cli import main as run

    run()


def loaded() -> None:
    """From here on a command does work, so Ctrl-C is an exception that cleans up behind it."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(signum: int, frame: FrameType | None) -> None:
    # An exception in the middle of an import may be swallowed or reported by a library; nothing is open yet.
    os.write(2, f"{INTERRUPTION}\n".encode())
    os._exit(INTERRUPTED)
