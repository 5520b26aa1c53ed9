"""The doctor: a healthy installation reads so; each thing that is wrong has its code, and hides nothing else."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from shared.contracts.event import Trace
from shared.contracts.payment import BillIssued
from shared.database.engine import Database
from shared.domain.clock import SystemClock
from shared.domain.ids import new_id
from shared.messaging.bus.envelope import Envelope, to_headers
from shared.messaging.bus.factory import open_bus
from shared.messaging.bus.kafka import KafkaBus
from shared.messaging.bus.protocol import Outgoing, PartitionId
from shared.messaging.topics.installation import join_installation
from tests.harness.cluster import Cluster
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.harness.kafka_broker import KafkaBroker, NamedBroker
from tests.harness.ports import free_port
from tests.harness.serving import Served, serving
from tests.tools.doctor.examination import (
    DATABASES,
    PARKED,
    as_superuser,
    assert_only,
    broken,
    equipped,
    said,
    seen,
    switched,
)
from tools.doctor import machine
from tools.doctor.broker import FAR_BEHIND
from tools.doctor.connections import judged_budget

_DEAD = """
    INSERT INTO dead_letter (id, event_id, publisher, aggregate_id, seq, event, region, topic, partition, "offset",
                             key, headers, value, reason, error)
    VALUES (uuidv7(), uuidv7(), 'registration', uuidv7(), 1, 'registration.enrolment_paid.v1', '411521',
            'registration', 0, 0, '', '{}', '', 'HANDLER', 'LookupError')
"""
_STUCK = """
    INSERT INTO outbox (id, lane, topic, key, aggregate_seq, event, region, actor, service, correlation_id, payload,
                        recorded_at)
    VALUES (uuidv7(), 0, 'payment', uuidv7(), 1, 'payment.bill_issued.v1', '411521', 'clerk', 'payment', uuidv7(), '{}',
            now() - make_interval(secs => $1))
"""


async def healthy(served: Served, folder: Path) -> None:
    """Nothing to fix once every relay has its lanes and its topic."""

    async def all_well() -> bool:
        findings = await seen(served.installation, folder, port=int(served.base_url.rpartition(":")[2]))
        unwell = [finding for finding in findings if finding.level not in ("ok", "info")]
        assert not unwell, unwell
        return "PORT_OURS" in said(findings) and {"LANES", "LAG"} <= said(findings, about="payment")

    await eventually(all_well, within_s=40, every_s=0.3, message="the doctor finds nothing")


class TestHealthy:
    async def test_an_installation_at_work_has_nothing_to_fix(self, county: Installation, tmp_path: Path) -> None:
        async with serving(county) as served:
            await healthy(served, tmp_path)

    async def test_an_installation_at_work_on_kafka_has_nothing_to_fix(
        self, kafka_installation: Installation, tmp_path: Path
    ) -> None:
        async with serving(equipped(kafka_installation, tmp_path)) as served:
            await healthy(served, tmp_path)

    async def test_one_that_is_down_is_warned_of_its_idle_relays_alone(
        self, county: Installation, tmp_path: Path
    ) -> None:
        findings = await seen(county, tmp_path)
        assert broken(findings) == set()
        assert {each.code for each in findings if each.level == "warn"} == {"LANES_IDLE", "TOPIC_MISSING"}


class TestPolicy:
    async def test_a_pack_of_another_region_or_year(self, county: Installation, tmp_path: Path) -> None:
        """S5: neither was named."""
        findings = await seen(county.with_settings(region="411522", benefit_year=2031), tmp_path)
        assert ("POLICY_PACK_OF_OTHER_REGION", "CANBAO_REGION") in broken(findings)
        assert "POLICY_PACK_OF_OTHER_YEAR" in said(findings, about="CANBAO_BENEFIT_YEAR")
        assert {"DATABASE", "MIGRATED"} <= said(findings, about="quota")


class TestPostgres:
    async def test_a_server_without_fsync(self, county: Installation, cluster: Cluster, tmp_path: Path) -> None:
        async with as_superuser(cluster, "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM RESET fsync"):
            await switched(cluster, "fsync", "off")
            findings = await seen(county, tmp_path)
        await switched(cluster, "fsync", "on")
        assert broken(findings) == {("NOT_DURABLE", name) for name in DATABASES}
        assert all("fsync" in each.en for each in findings if each.code == "NOT_DURABLE")
        assert "MIGRATED" in said(findings, about="quota")

    async def test_a_database_that_answers_before_its_commit_is_safe(
        self, county: Installation, tmp_path: Path
    ) -> None:
        name = (await county.sql("payment", "SELECT current_database() AS name"))[0]["name"]
        await county.sql("payment", f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        assert_only(await seen(county, tmp_path), "NOT_DURABLE", "payment")

    async def test_a_service_that_is_superuser(self, county: Installation, cluster: Cluster, tmp_path: Path) -> None:
        async with as_superuser(cluster, "ALTER ROLE quota_app SUPERUSER", "ALTER ROLE quota_app NOSUPERUSER"):
            findings = await seen(county, tmp_path)
        assert_only(findings, "ROLE_TOO_POWERFUL", "quota")

    async def test_a_service_that_owns_its_tables(self, county: Installation, cluster: Cluster, tmp_path: Path) -> None:
        grant, revoke = "GRANT canbao_owner TO subsidy_app", "REVOKE canbao_owner FROM subsidy_app"
        async with as_superuser(cluster, grant, revoke):
            findings = await seen(county, tmp_path)
        assert_only(findings, "ROLE_TOO_POWERFUL", "subsidy")

    async def test_a_database_that_is_gone(self, county: Installation, cluster: Cluster, tmp_path: Path) -> None:
        name = (await county.sql("quota", "SELECT current_database() AS name"))[0]["name"]
        async with as_superuser(cluster, f'DROP DATABASE "{name}" WITH (FORCE)', "SELECT 1"):
            findings = await seen(county, tmp_path)
        assert broken(findings) == {("DATABASE_UNREACHABLE", "quota")}
        assert {"DURABLE", "MIGRATED", "LAG"} <= said(findings, about="payment")

    async def test_a_server_that_is_down(self, county: Installation, tmp_path: Path) -> None:
        nowhere = county.with_settings(database_url="postgresql://{service}_app:{password}@127.0.0.1:1/{database}")
        findings = await seen(nowhere, tmp_path)
        assert broken(findings) == {("DATABASE_UNREACHABLE", name) for name in DATABASES}
        assert {"PYTHON", "DISK", "KEYS", "SETTINGS", "PORT_FREE"} <= said(findings)

    async def test_services_behind_another_address_are_asked_there(self, county: Installation, tmp_path: Path) -> None:
        """First use O7: beside containers no port of the own one is meant."""
        address = f"http://127.0.0.2:{free_port()}"
        elsewhere = county.with_settings(services_base_url=address, metrics_port=9100, metrics_host="0.0.0.0")
        findings = await seen(elsewhere, tmp_path)
        assert said(findings, about=address) == {"SERVICES_AWAY"}
        assert broken(findings) == set()
        assert "PORT_FREE" not in said(findings)

    async def test_pools_beyond_what_the_server_allows(self, county: Installation, tmp_path: Path) -> None:
        findings = await seen(county.with_settings(pool_web=100), tmp_path)
        assert {code for code, _ in broken(findings)} == {"CONNECTIONS_SHORT"}
        assert {"MIGRATED", "LAG"} <= said(findings, about="payment")

    def test_spare_connections_are_kept(self) -> None:
        assert judged_budget(["payment"], 87, 97).level == "ok"
        assert judged_budget(["payment"], 88, 97).code == "CONNECTIONS_SHORT"


class TestTables:
    async def test_a_migration_that_was_not_run(self, county: Installation, tmp_path: Path) -> None:
        await county.sql("payment", "UPDATE alembic_version_payment SET version_num = 'payment_0001'")
        assert_only(await seen(county, tmp_path), "MIGRATION_BEHIND", "payment")

    async def test_a_database_of_another_installation(self, county: Installation, tmp_path: Path) -> None:
        findings = await seen(county.with_settings(installation="another"), tmp_path)
        assert broken(findings) == {("INSTALLED_OTHERWISE", name) for name in DATABASES}

    async def test_a_business_date_is_only_information(self, county: Installation, tmp_path: Path) -> None:
        await county.set_business_date(datetime(2023, 10, 8).date(), "payment")  # noqa: DTZ001 - a day
        findings = await seen(county, tmp_path)
        assert broken(findings) == set()
        assert "BUSINESS_DATE_SET" in said(findings, about="payment")


class TestMessages:
    async def test_a_gap_that_does_not_close(self, county: Installation, tmp_path: Path) -> None:
        await county.sql("quota", PARKED)
        assert_only(await seen(county, tmp_path), "GAP", "quota")

    async def test_a_dead_letter_is_a_warning(self, county: Installation, tmp_path: Path) -> None:
        await county.sql("subsidy", _DEAD)
        findings = await seen(county, tmp_path)
        assert broken(findings) == set()
        assert "DEAD_LETTERS" in said(findings, about="subsidy")

    @pytest.mark.parametrize(("age_s", "code"), [(60.0, "OUTBOX_SLOW"), (600.0, "OUTBOX_STUCK")])
    async def test_an_event_that_is_not_sent(
        self, county: Installation, tmp_path: Path, age_s: float, code: str
    ) -> None:
        await county.sql("payment", _STUCK, age_s)
        assert code in said(await seen(county, tmp_path), about="payment")

    async def test_a_relay_that_was_killed(self, county: Installation, tmp_path: Path) -> None:
        await county.sql("payment", "UPDATE relay_lane SET owner = uuidv7(), expires_at = now() - interval '1 s'")
        assert "LANES_EXPIRED" in said(await seen(county, tmp_path), about="payment")


class TestBroker:
    @pytest.mark.expects_errors
    async def test_a_broker_that_is_gone(self, county: Installation, tmp_path: Path) -> None:
        nowhere = county.with_settings(bus="kafka", kafka_bootstrap_servers="127.0.0.1:1")
        findings = await seen(nowhere, tmp_path)
        assert broken(findings) == {("BUS_UNREACHABLE", "kafka")}
        assert {"MIGRATED", "TAKEN_IN"} <= said(findings, about="payment")

    async def test_a_service_far_behind_and_topics_of_somebody_else(
        self, kafka_installation: Installation, tmp_path: Path
    ) -> None:
        county = equipped(kafka_installation, tmp_path)
        async with open_bus(county.settings, "registration") as bus:
            await bus.create_topics(["registration"])
            partition_id = PartitionId("registration", 0)
            records = [Outgoing(partition_id, new_id(), b"k", {}, b"{}") for _ in range(FAR_BEHIND + 1)]
            assert not any(await bus.send(records))
        findings = await seen(county, tmp_path)
        assert broken(findings) == {("TOPIC_FOREIGN", "registration")}
        assert {each.subject for each in findings if each.code == "LAGGING"} == {"subsidy", "payment", "quota"}

    async def test_a_topic_of_another_shape(
        self, kafka_installation: Installation, kafka: KafkaBroker | NamedBroker, tmp_path: Path
    ) -> None:
        county = equipped(kafka_installation, tmp_path)
        name = county.settings.installation
        bus = KafkaBus(kafka.bootstrap_servers, installation=name, partitions=3, name="test")
        await bus.create_topics(["payment"])
        await bus.close()
        assert ("TOPIC_MISSHAPEN", "payment") in broken(await seen(county, tmp_path))

    async def test_a_topic_that_no_longer_holds_what_was_sent(
        self, kafka_installation: Installation, tmp_path: Path
    ) -> None:
        """E2: a lane ends before the event that was seen there last."""
        county = equipped(kafka_installation, tmp_path)
        await _own_topic(county, "payment")
        await county.sql("payment", "UPDATE relay_lane SET seen_offset = 3, seen_event_id = uuidv7() WHERE lane = 0")
        assert broken(await seen(county, tmp_path)) == {("TOPIC_LOST", "payment")}

    async def test_a_topic_that_holds_more_than_the_database_knows(
        self, kafka_installation: Installation, tmp_path: Path
    ) -> None:
        """E1: the database was restored to before an event that lies on its topic."""
        county = equipped(kafka_installation, tmp_path)
        await _own_topic(county, "payment")
        event = BillIssued(region="411521", enrolment_id=new_id(), bill_id=new_id(), version=1, due_fen=38000)
        envelope = Envelope(
            new_id(),
            event.name,
            "payment",
            event.key,
            1,
            event.region,
            2024,
            SystemClock().now(),
            Trace.start("clerk"),
        )
        async with open_bus(county.settings, "payment") as bus:
            headers = to_headers(envelope, county.settings.installation)
            record = Outgoing(PartitionId("payment", 0), envelope.id, b"k", headers, event.model_dump_json().encode())
            assert not any(await bus.send([record]))
        assert broken(await seen(county, tmp_path)) == {("TOPIC_AHEAD", "payment")}

    async def test_a_topic_with_fewer_copies_than_are_wanted(
        self, kafka_installation: Installation, tmp_path: Path
    ) -> None:
        """E3: it was made while a broker was down, and nobody looked again."""
        county = equipped(kafka_installation, tmp_path)
        await _own_topic(county, "payment")
        findings = await seen(county.with_settings(kafka_replicas=3), tmp_path)
        assert [each.subject for each in findings if each.code == "TOPIC_THIN"] == ["payment"]


async def _own_topic(county: Installation, service: str) -> None:
    """Make a service's topic as its relay does."""
    settings = county.settings
    database = Database(settings.service_url(service), pool_size=1)
    try:
        async with open_bus(settings, service) as bus:
            await join_installation(database=database, bus=bus, service=service, region=settings.region)
    finally:
        await database.dispose()


class TestMachine:
    async def test_a_port_that_another_program_holds(self, county: Installation, tmp_path: Path) -> None:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            findings = await seen(county, tmp_path, port=port)
        assert_only(findings, "PORT_TAKEN", f"127.0.0.1:{port}")

    async def test_a_clock_that_is_ahead(self, county: Installation, tmp_path: Path) -> None:
        class Ahead(SystemClock):
            def now(self) -> datetime:
                return super().now() + timedelta(seconds=40)

        findings = await seen(county, tmp_path, clock=Ahead())
        assert broken(findings) == {("CLOCK_WRONG", name) for name in DATABASES}

    def test_a_disk_that_fills(self, tmp_path: Path) -> None:
        codes = [machine.judged_space(tmp_path, gib << 30).code for gib in (100, 4, 0)]
        assert codes == ["DISK", "DISK_SHORT", "DISK_FULL"]

    def test_the_port_is_the_one_that_the_settings_name(self) -> None:
        assert machine.port_of("http://127.0.0.1:9123") == 9123
        assert machine.port_of("https://canbao.example") == 8000
