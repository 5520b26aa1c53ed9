"""Ports of this machine that are free."""

import random
import socket
from contextlib import suppress


def free_port() -> int:
    """A port that nobody holds now; below those that the system gives to connections, lest one takes it meanwhile."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
