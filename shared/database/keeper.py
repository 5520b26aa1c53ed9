"""Parent of the embedded PostgreSQL: stops it when the owner closes the pipe, be it by stop() or by dying of kill -9.

Run as a script of its own, in its own session: a Ctrl-C in the terminal reaches the owner only, which stops its
services first. It knows its child by waiting for it, so that no recycled process number is ever signalled.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading


def keep(command: list[str]) -> int:
    """Run the command until it ends or standard input does; then ask it for a fast shutdown and await its end."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def stop_with_owner() -> None:
        # Not the buffered stream: its lock, held by this thread, would crash the interpreter's own end.
        while os.read(0, 4_096):
            continue
        if child.poll() is None:
            child.send_signal(signal.SIGINT)

    threading.Thread(target=stop_with_owner, daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: child.send_signal(signal.SIGINT))
    return child.wait()


if __name__ == "__main__":
    sys.exit(keep(sys.argv[1:]))
