"""``python -m simulator prepare`` writes keys and settings, ``python -m simulator season`` plays."""

import argparse
import asyncio
import json
import sys
from datetime import date
from pathlib import Path

from simulator.localities import FIRST, LOCALITIES
from simulator.prepare import described, prepare
from simulator.process import run


def main() -> int:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(prog="simulator")
    commands = parser.add_subparsers(dest="command", required=True)
    prepared = commands.add_parser("prepare", help="write keys and settings, print the settings that canbao needs")
    prepared.add_argument("--residents", type=int, help="5000 in a new folder")
    prepared.add_argument("--seed", type=int, help="2024 in a new folder")
    prepared.add_argument("--pack", choices=sorted(LOCALITIES), help=f"which place's season; {FIRST} in a new folder")
    prepared.add_argument("--port", type=int, default=0)
    played = commands.add_parser("season", help="play it, or go on where it stopped")
    played.add_argument("--base-url", required=True)
    played.add_argument("--clients", type=Path, required=True, help="JSON: client name to secret")
    played.add_argument("--once", action="store_true", help="end after the season instead of keeping the peers up")
    played.add_argument("--until-eof", action="store_true", help="end when the input closes, as it does with its owner")
    played.add_argument("--until", type=date.fromisoformat, help="hold the season at this day; the peers stay up")
    for command in (prepared, played):
        command.add_argument("--dir", type=Path, required=True)
    asked = parser.parse_args()
    if asked.command == "prepare":
        settings = prepare(asked.dir, residents=asked.residents, seed=asked.seed, port=asked.port, pack=asked.pack)
        sys.stdout.write(json.dumps(described(asked.dir, settings)) + "\n")
        return 0
    played_to = run(
        asked.dir, asked.base_url, asked.clients, once=asked.once, until_eof=asked.until_eof, until=asked.until
    )
    return asyncio.run(played_to)


if __name__ == "__main__":
    sys.exit(main())
