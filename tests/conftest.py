"""What every test may ask for: a PostgreSQL (`cluster`), a Kafka broker (`kafka`), and no error left unnoticed."""

from __future__ import annotations

import asyncio
import logging
import shutil
import signal
from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path
from typing import Any, Literal

import pytest
import structlog

from services.composition import migrate_all
from shared.database.embedded import EmbeddedPostgres
from shared.database.provision import generate_passwords, provision
from tests.harness.cluster import OF_TESTS, SERVICES, Cluster, log_in_cheaply, scratch_folder
from tests.harness.copied import CopiedSettings, Copies
from tests.harness.installation import Installation, database_settings, on_kafka, settings_for
from tests.harness.kafka_broker import KafkaBroker, NamedBroker, broker_for_tests
from tests.harness.kept_connections import KeptConnections
from tests.harness.scheduling import ByUnit

_TESTS = Path(__file__).parent
_LONG_FOLDERS = ("bench", "browser", "faults", "journeys", "upgrade")
# Modules of other folders that take ten seconds and more.
_LONG_MODULES = {"test_alerts", "test_bus_gone", "test_interrupted", "test_scheduling", "test_schemathesis"}
_LONG_FIXTURES = {"kafka", "kafka_installation", "kafka_to_harm"}


def pytest_configure() -> None:
    """Started in the background of a shell the suite ignores SIGINT, and so would every process of a test."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByUnit:
    """Tests that share something dear go to one worker."""
    return ByUnit(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as `long` what `make check` leaves out, and begin with the long modules: no worker is to wait for one."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        on_kafka = bool(fixtures & _LONG_FIXTURES) or "kafka" in item.name.partition("[")[2]
        if on_kafka or _in_long_module(item):
            item.add_marker(pytest.mark.long)
    items.sort(key=lambda item: not _in_long_module(item))


def _in_long_module(item: pytest.Item) -> bool:
    return item.path.relative_to(_TESTS).parts[0] in _LONG_FOLDERS or item.path.stem in _LONG_MODULES


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One provisioned server for the session; its databases are copied per test with `cluster.cloned`."""
    folder = scratch_folder()
    try:
        with EmbeddedPostgres(folder, parameters=OF_TESTS) as postgres:
            passwords = generate_passwords(SERVICES)
            asyncio.run(log_in_cheaply(postgres.admin_url))
            asyncio.run(provision(postgres.admin_url, SERVICES, passwords))
            yield Cluster(postgres, passwords)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaBroker | NamedBroker]:
    """A real broker, started when the first test asks; tests use topics of their own and never harm it."""
    broker = broker_for_tests()
    try:
        yield broker
    finally:
        broker.stop()


@pytest.fixture
def kafka_to_harm() -> Iterator[KafkaBroker]:
    """A broker of the test's own, to pause, kill and restart."""
    broker = KafkaBroker()
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


@pytest.fixture(scope="session")
def migrated(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> CopiedSettings:
    """The settings of an installation whose databases are migrated and never used: what every test copies."""
    settings = settings_for(tmp_path_factory.mktemp("keys"), **database_settings(cluster, suffix=""))
    asyncio.run(migrate_all(settings))
    return settings


@pytest.fixture
async def installation(cluster: Cluster, migrated: CopiedSettings) -> AsyncIterator[Installation]:
    """An installation of the test's own on the embedded bus; a database is copied when it is first asked for."""
    copies, kept = Copies(cluster), KeptConnections()
    try:
        yield Installation(migrated.on(copies, **database_settings(cluster, suffix=copies.suffix)), kept)
    finally:
        await kept.close()
        await copies.drop()


@pytest.fixture
async def kafka_installation(installation: Installation, kafka: KafkaBroker | NamedBroker) -> Installation:
    """An installation of the test's own on Kafka, with topics of its own."""
    return await on_kafka(installation, kafka.bootstrap_servers)


def _retried(record: logging.LogRecord) -> bool:
    """A broker can name a new partition's leader before it serves; the client says so and asks again."""
    return record.name.startswith("aiokafka.") and "NotLeaderForPartitionError" in record.getMessage()


@pytest.fixture(autouse=True)
def no_error_left_behind(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A swallowed error fails the test that caused it, whatever logged it, unless it is marked `expects_errors`."""
    errors: list[str] = []

    def keep(_: object, level: str, said: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if level in ("error", "critical", "exception"):
            errors.append(str(said.get("event")))
        return said

    before = structlog.get_config()
    # Loggers that were bound before look their processors up again, because nothing is cached here.
    structlog.configure(processors=[keep, *before["processors"]], cache_logger_on_first_use=False)
    yield
    structlog.configure(**before)
    if request.node.get_closest_marker("expects_errors") is not None:
        return
    phases: tuple[Literal["setup", "call"], ...] = ("setup", "call")
    records = [record for phase in phases for record in caplog.get_records(phase)]
    errors += [record.getMessage() for record in records if record.levelno >= logging.ERROR and not _retried(record)]
    assert not errors, "errors were logged: " + "; ".join(errors)
