"""`make soak`: callbacks at a steady rate while a random process is killed every twenty seconds and started again.

Nothing may be lost or counted twice: at the end everything drains within a minute, the proof finds no break, and the
channel's own books agree to the fen. Then the day is over: the channel's bills are read, met with the bank's line and
counted while processes are killed on, and the proof is asked again. Exit 0 if so.
The same seed kills the same processes in the same order.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import uvloop

from tests.faults.harmed_county import County, collecting, equipped, opened
from tests.faults.own_servers import own_ground
from tests.faults.soaked_bills import orders_known, settled_by_bills
from tests.harness.cluster import Cluster
from tests.harness.installation import Installation, on_kafka
from tests.harness.kafka_broker import KafkaBroker
from tests.harness.processes import Fleet, ServiceProcess
from tests.harness.wechat_peer import WechatPeer, wechat_peer
from verify.report import ConsistencyReport

KILL_EVERY_S = 20.0
BILLED_KILL_EVERY_S = 3.0  # bills are read and counted in seconds
BACK_AFTER_S = 1.0
_BROKER_ONE_IN = 10
_PREPARED_WITHIN_S = 1_800.0


class Storm:
    """Kills somebody every so often, and lets a supervisor start them again."""

    def __init__(self, fleet: Fleet, broker: KafkaBroker, seed: int) -> None:
        self.kills: Counter[str] = Counter()
        self._victims: list[ServiceProcess] = list(fleet)
        self._broker, self._dice = broker, random.Random(seed)

    async def rage(self, over: asyncio.Event, every_s: float = KILL_EVERY_S) -> None:
        """Until it is over; what was killed last is started again."""
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), every_s)
            if not over.is_set():
                await self._strike()

    async def _strike(self) -> None:
        if self._dice.randrange(_BROKER_ONE_IN) == 0:
            self.kills["the broker"] += 1
            await asyncio.to_thread(self._broker.kill)
            await asyncio.sleep(BACK_AFTER_S)
            await asyncio.to_thread(self._broker.start)
            return
        victim = self._dice.choice(self._victims)
        self.kills[str(victim)] += 1
        victim.kill()
        await asyncio.sleep(BACK_AFTER_S)
        victim.start()


async def soak(ground: tuple[Cluster, Installation, KafkaBroker], folder: Path, asked: argparse.Namespace) -> None:
    """Prepare, storm, drain and judge, twice; raises AssertionError where a promise is not kept."""
    async with wechat_peer() as peer:
        cluster, installation, broker = ground
        await _soak((cluster, installation.with_settings(wechat_base_url=peer.url), broker), peer, folder, asked)


async def _soak(
    ground: tuple[Cluster, Installation, KafkaBroker], peer: WechatPeer, folder: Path, asked: argparse.Namespace
) -> None:
    cluster, installation, broker = ground
    fleet = Fleet(installation.settings, folder)
    try:
        people, began = int(asked.minutes * 60 * asked.rate), time.monotonic()
        say(f"seed {asked.seed}; preparing {people} people with an order each")
        orders = await opened(installation, fleet, people, within_s=_PREPARED_WITHIN_S)
        orders_known(peer, orders)
        say(f"prepared in {time.monotonic() - began:.0f} s")
        async with collecting(installation, cluster.admin_url, fleet, orders) as county:
            storm = Storm(fleet, broker, asked.seed)
            took = await _through(county, storm, asked)
            began = time.monotonic()
            report = await county.judged()
            _conclude(county, storm, report, took, time.monotonic() - began)
            await fleet.ready()  # what was killed last
            await _billed(county, storm, peer)
    finally:
        fleet.stop()


async def _through(county: County, storm: Storm, asked: argparse.Namespace) -> float:
    """The storm; the seconds from the first callback until the channel was answered for every payment."""
    began, over = time.monotonic(), asyncio.Event()
    raging = asyncio.create_task(storm.rage(over))
    async with county.channel.under_load(per_second=asked.rate):
        while county.channel.unpaid and time.monotonic() < began + asked.minutes * 60 and not raging.done():
            await asyncio.sleep(10)
            booked, enrolled, counted = await county.progress()
            say(
                f"{time.monotonic() - began:4.0f} s  paid {len(county.channel.paid)}"
                f"  answered {len(county.channel.answered)}  credited {booked}  enrolled {enrolled}"
                f"  counted {counted}  killed {storm.kills.total()}"
            )
        over.set()
        await raging
    return time.monotonic() - began


async def _billed(county: County, storm: Storm, peer: WechatPeer) -> None:
    """The bills of the day, read and counted in the same storm."""
    began, over, killed = time.monotonic(), asyncio.Event(), storm.kills.total()
    raging = asyncio.create_task(storm.rage(over, BILLED_KILL_EVERY_S))
    try:
        await settled_by_bills(county, peer)
    finally:
        over.set()
        await raging
    took = time.monotonic() - began
    await county.fleet.ready()
    report = await county.judged()
    say(f"bills: {len(county.channel.paid)} payments read, met and settled in {took:.0f} s,")
    say(
        f"killed {storm.kills.total() - killed} meanwhile; verify: {report.breaks} breaks, {report.in_flight} in flight"
    )


def _conclude(county: County, storm: Storm, report: ConsistencyReport, took_s: float, drained_s: float) -> None:
    channel = county.channel
    rate = len(channel.paid) / took_s
    say(f"callbacks: {len(channel.paid)} payments notified in {took_s:.0f} s ({rate:.1f}/s)")
    say(f"answers: {dict(channel.answers)}")
    say(f"killed {storm.kills.total()}: {dict(storm.kills)}")
    say(f"drained and proven in {drained_s:.1f} s; verify: {report.breaks} breaks, {report.in_flight} in flight")
    say(f"books: channel {channel.paid_fen / 100:,.2f} yuan, county {report.overall.paid_fen / 100:,.2f} yuan")


def say(line: str) -> None:
    """A line of progress, at once."""
    print(line, flush=True)


def main() -> int:
    """Read the command line and weather the storm."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=50.0, help="callbacks a second")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="canbao-soak-") as name:
        folder = Path(name)
        with own_ground(folder) as (cluster, settings, broker):
            installation = asyncio.run(on_kafka(Installation(settings), broker.bootstrap_servers))
            try:
                uvloop.run(soak((cluster, equipped(installation, folder), broker), folder, asked))
            except AssertionError as broken:
                say(f"NOT KEPT: {broken}")
                return 1
    say("every payment was credited once, everybody enrolled once and counted once")
    return 0


if __name__ == "__main__":
    sys.exit(main())
