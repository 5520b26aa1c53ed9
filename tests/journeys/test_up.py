"""One command, as a newcomer types it: a season played and proven, interrupted and gone on with, stopped whole."""

import asyncio
import re
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.domain.ids import new_id
from shared.messaging.bus.kafka import KafkaBus
from tests.harness.cluster import scratch_folder
from tests.harness.kafka_broker import KafkaBroker, NamedBroker
from tests.harness.ports import free_port
from tests.harness.timeouts import stretched
from tests.journeys.up_process import going, processes_naming, up
from tools.up.refusal import Exit

AGREES = "agrees with the simulator's own books to the fen"
# What goes wrong at channel and bank in every season, and that nothing of it is left.
HAPPENED = (
    "paid twice, given back on the same day",
    "suspended money given back in the channel's console",
    "a notice that came after its day was matched",
    "paid at 23:59:59, booked on the next day",
    "a day paid out in two parts",
    "mistyped, reversed by two offices, entered again",
    "every difference from the channel's bills is closed",
)


def missing(printed: str) -> list[str]:
    """What a season did not say that it played."""
    return [sentence for sentence in HAPPENED if sentence not in printed]


HELD = "2023-10-05"


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder that does not exist yet."""
    folder = scratch_folder()
    yield folder / "data"
    shutil.rmtree(folder, ignore_errors=True)


def _gone(folder: Path) -> bool:
    began = time.monotonic()
    while processes_naming(folder) and time.monotonic() < began + stretched(30):
        time.sleep(0.1)
    return not processes_naming(folder)


@dataclass(frozen=True)
class OneSeason:
    """A season of three hundred in one folder, stopped, held, killed, played to its end; what each start said."""

    data: Path
    log_mode: int
    stopped: int
    printed_when_stopped: str
    gone_when_stopped: bool
    held: int
    held_before: subprocess.CompletedProcess[str]
    finished: subprocess.CompletedProcess[str]
    gone_when_finished: bool


@pytest.fixture(scope="module")
def one_season() -> Iterator[OneSeason]:
    """Played once for every test that looks at how a season starts, stops, goes on and ends."""
    folder = scratch_folder()
    data, port = folder / "data", free_port()
    with going(data, port, folder / "log", "--residents", "300") as started:
        started.wait_for("2023-10-01")
        assert processes_naming(data)
        stopped = started.end(signal.SIGINT)
        printed = started.printed()
    log_mode, gone = stat.S_IMODE((data / "canbao.log").stat().st_mode), _gone(data)
    with going(data, port, folder / "log", "--until", HELD) as started:
        started.wait_for(f"held at {HELD}")
        held = started.end(signal.SIGTERM)
    held_before = up(data, port, "--until", "2023-10-04")
    with going(data, port, folder / "log", "--once") as started:
        started.wait_for(r"2023-10-(09|18)")
        started.end(signal.SIGKILL)
    finished = up(data, port, "--once")
    yield OneSeason(data, log_mode, stopped, printed, gone, held, held_before, finished, _gone(data))
    shutil.rmtree(folder, ignore_errors=True)


class TestOnce:
    def test_a_season_of_three_hundred_is_played_proven_and_leaves_nothing_running(self, one_season: OneSeason) -> None:
        assert one_season.finished.returncode == Exit.FINE, one_season.finished.stdout + one_season.finished.stderr
        assert AGREES in one_season.finished.stdout
        assert missing(one_season.finished.stdout) == []
        assert one_season.gone_when_finished

        again = up(one_season.data, free_port(), "--once", "--residents", "200")

        assert again.returncode == Exit.FINE, again.stdout + again.stderr
        assert "The folder holds 300 residents, --residents 200 is not used" in again.stdout
        assert AGREES in again.stdout

    @pytest.mark.another_season
    @pytest.mark.parametrize("pack", ["shantou-2022", "anon-city-2023", "national-2025"])
    def test_another_place_is_played_by_its_own_document(self, data: Path, pack: str) -> None:
        ended = up(data, free_port(), "--once", "--residents", "200", "--pack", pack)

        assert ended.returncode == Exit.FINE, ended.stdout + ended.stderr
        assert f"policy pack: {pack}" in ended.stdout
        assert AGREES in ended.stdout
        assert missing(ended.stdout) == []

    def test_a_folder_of_one_document_is_not_played_by_another(self, one_season: OneSeason) -> None:
        other = up(one_season.data, free_port(), "--once", "--pack", "shantou-2022")
        assert other.returncode == Exit.CANNOT_START
        assert "holds a season under luoshan-2024, not shantou-2022" in other.stderr

    def test_what_is_generated_is_readable_by_its_owner_alone(self, one_season: OneSeason) -> None:
        secrets = [file for file in (one_season.data / "secrets").iterdir() if file.is_file()]

        assert secrets
        assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in secrets)


class TestInterrupted:
    def test_after_a_kill_in_mid_season_the_next_start_goes_on_and_everything_agrees(
        self, one_season: OneSeason
    ) -> None:
        assert one_season.finished.returncode == Exit.FINE, one_season.finished.stdout + one_season.finished.stderr
        assert AGREES in one_season.finished.stdout
        days = re.findall(r"^2023-\d\d-\d\d", one_season.finished.stdout, re.MULTILINE)
        assert days, "something of the season was left to be played"
        assert min(days) > "2023-10-01", "it did not begin again"

    def test_ctrl_c_stops_all_of_it_postgresql_and_simulator_included(self, one_season: OneSeason) -> None:
        printed = one_season.printed_when_stopped

        assert one_season.stopped == Exit.INTERRUPTED
        assert "interrupted" in printed
        assert not re.search(r'^\{"', printed, re.MULTILINE), "what services log goes to the folder's log"
        assert one_season.log_mode == 0o600
        assert one_season.gone_when_stopped

    def test_sigterm_ends_it_in_order_too(self, one_season: OneSeason) -> None:
        with going(one_season.data, free_port(), one_season.data.parent / "log") as started:
            started.wait_for("services: http")

            assert started.end(signal.SIGTERM) in (Exit.FINE, Exit.INTERRUPTED)


class TestHeld:
    def test_a_season_that_was_held_is_played_on_and_agrees(self, one_season: OneSeason) -> None:
        assert one_season.held == Exit.FINE
        assert one_season.finished.returncode == Exit.FINE, one_season.finished.stdout + one_season.finished.stderr
        assert AGREES in one_season.finished.stdout

    def test_it_is_not_held_at_a_day_that_is_over(self, one_season: OneSeason) -> None:
        assert one_season.held_before.returncode == Exit.CANNOT_START
        assert f"the season has reached {HELD}" in one_season.held_before.stdout + one_season.held_before.stderr

        ended = up(one_season.data, free_port(), "--until", HELD)

        assert ended.returncode == Exit.CANNOT_START
        assert "the season has reached" in ended.stdout + ended.stderr


class TestInTheWay:
    def test_a_taken_port_is_named_with_its_remedy(self, one_season: OneSeason) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]

            ended = up(one_season.data, port, "--once")

        assert ended.returncode == Exit.CANNOT_START
        assert f"端口 {port}" in ended.stderr
        assert "--port" in ended.stderr
        assert _gone(one_season.data)

    def test_a_folder_that_cannot_be_written_is_named_with_its_remedy(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("not a folder", encoding="utf-8")

        ended = up(tmp_path / "file" / "data", free_port(), "--once", "--residents", "100")

        assert ended.returncode == Exit.CANNOT_START
        assert "--data" in ended.stderr

    def test_a_second_one_on_the_same_folder_is_refused_and_the_first_goes_on(self, one_season: OneSeason) -> None:
        data = one_season.data
        with going(data, free_port(), data.parent / "log") as first:
            first.wait_for("services: http")

            second = up(data, free_port(), "--once")

            assert second.returncode == Exit.CANNOT_START
            assert re.search("--data", second.stderr)
            assert first.process.poll() is None

    def test_a_broker_that_does_not_answer_is_named_with_its_remedy(self, data: Path) -> None:
        unused = f"127.0.0.1:{free_port()}"

        ended = up(
            data, free_port(), "--once", "--residents", "100", "--bus", "kafka", CANBAO_KAFKA_BOOTSTRAP_SERVERS=unused
        )

        assert ended.returncode == Exit.CANNOT_START
        assert "CANBAO_KAFKA_BOOTSTRAP_SERVERS" in ended.stderr
        assert _gone(data)

    async def test_a_broker_with_topics_of_another_installation_is_refused_with_the_remedy(
        self, data: Path, kafka: KafkaBroker | NamedBroker
    ) -> None:
        name = f"taken-{new_id().hex[:12]}"
        bus = KafkaBus(kafka.bootstrap_servers, installation=name, partitions=12, name="another")
        await bus.create_topics(["payment"])
        await bus.close()

        ended = await asyncio.to_thread(
            up,
            data,
            free_port(),
            *("--once", "--residents", "100", "--bus", "kafka"),
            CANBAO_KAFKA_BOOTSTRAP_SERVERS=kafka.bootstrap_servers,
            CANBAO_INSTALLATION=name,
        )

        assert ended.returncode == Exit.CANNOT_START
        assert f"{name}.payment" in ended.stderr
        assert "CANBAO_INSTALLATION" in ended.stderr
        assert _gone(data)
