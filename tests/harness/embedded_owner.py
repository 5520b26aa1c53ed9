"""A process that owns an embedded PostgreSQL until its input closes: what tests kill, freeze and compete with."""

from __future__ import annotations

import sys
from pathlib import Path

from shared.database.embedded import EmbeddedPostgres, EmbeddedPostgresError


def main() -> int:
    """Start the server of the named folder, say so, and hold it until standard input ends."""
    postgres = EmbeddedPostgres(Path(sys.argv[1]))
    try:
        postgres.start()
    except EmbeddedPostgresError as refusal:
        sys.stdout.write(f"refused: {refusal}\n")
        return 3
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
    postgres.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
