"""The doctor: a healthy installation is told so; each thing that is wrong has its code, and hides nothing else."""

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.hashes import SHA256
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from services.cli import app
from services.doctor import machine
from services.doctor.broker import FAR_BEHIND
from services.doctor.connections import judged_budget
from services.up.folder import environment_file, keep_environment
from shared.domain.clock import SystemClock
from shared.domain.ids import new_id
from shared.messaging.bus import Outgoing, Place
from shared.messaging.kafka import KafkaBus
from shared.messaging.open import open_bus
from shared.settings import Settings, WechatMerchant
from tests.services.doctor.visit import DATABASES, as_superuser, assert_only, broken, said, seen, switched
from tests.support.cluster import Cluster
from tests.support.eventually import eventually
from tests.support.installation import Installation
from tests.support.kafka_broker import KafkaBroker, NamedBroker
from tests.support.serving import Served, serving
from tests.support.wechat_peer import merchant, rsa_key

_PARKED = """
    INSERT INTO parked_event (publisher, aggregate_id, seq, event_id, event, region, topic, partition, "offset",
                              key, headers, value, parked_at)
    VALUES ('registration', uuidv7(), 2, uuidv7(), 'registration.enrolment_paid.v1', '411521', 'registration', 0, 0,
            '', '{}', '', now() - interval '90 seconds')
"""
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


def equipped(installation: Installation, folder: Path) -> Installation:
    """The installation with a merchant and a tax office, so that no wish is left open."""
    return installation.with_settings(
        wechat_merchants=(merchant(folder),),
        tax_base_url="http://127.0.0.1:9",
        console_client_secret=SecretStr("a secret of the console's"),
    )


@pytest.fixture
def county(installation: Installation, tmp_path: Path) -> Installation:
    """An installation that lacks nothing; none of its services runs."""
    return equipped(installation, tmp_path)


async def healthy(served: Served, folder: Path) -> None:
    """Nothing to mend once every relay has its lanes and its topic."""

    async def all_well() -> bool:
        findings = await seen(served.installation, folder, port=int(served.base_url.rpartition(":")[2]))
        unwell = [finding for finding in findings if finding.level not in ("ok", "info")]
        assert not unwell, unwell
        return "PORT_OURS" in said(findings) and {"LANES", "LAG"} <= said(findings, about="payment")

    await eventually(all_well, within_s=40, every_s=0.3, message="the doctor finds nothing")


class TestHealthy:
    async def test_an_installation_at_work_has_nothing_to_mend(self, county: Installation, tmp_path: Path) -> None:
        async with serving(county) as served:
            await healthy(served, tmp_path)

    async def test_an_installation_at_work_on_kafka_has_nothing_to_mend(
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
        await county.sql("quota", _PARKED)
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
            place = Place("registration", 0)
            records = [Outgoing(place, new_id(), b"k", {}, b"{}") for _ in range(FAR_BEHIND + 1)]
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


def certified(folder: Path, *, days: int) -> WechatMerchant:
    """A merchant whose platform key came as a certificate that ends in so many days."""
    known, key, now = merchant(folder), rsa_key("platform"), SystemClock().now()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Tenpay.com sign")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, SHA256())
    )
    path = folder / "platform.certificate.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return known.model_copy(update={"platform_keys": {"1": path}})


class TestKeys:
    async def test_a_secret_file_that_everybody_reads(self, county: Installation, tmp_path: Path) -> None:
        path = county.settings.wechat_merchants[0].merchant_private_key_file
        path.chmod(0o644)
        assert_only(await seen(county, tmp_path), "KEY_FILE_OPEN", str(path))

    async def test_the_settings_that_up_leaves_are_secret_too(self, county: Installation, tmp_path: Path) -> None:
        file = environment_file(tmp_path)
        file.parent.mkdir()
        file.touch(mode=0o644)
        assert_only(await seen(county, tmp_path), "KEY_FILE_OPEN", str(file))

    @pytest.mark.parametrize(
        ("days", "code"), [(-1, "CERTIFICATE_EXPIRED"), (10, "CERTIFICATE_EXPIRING"), (90, "CERTIFICATE")]
    )
    async def test_a_certificate_that_ends(self, county: Installation, tmp_path: Path, days: int, code: str) -> None:
        findings = await seen(county.with_settings(wechat_merchants=(certified(tmp_path, days=days),)), tmp_path)
        assert code in said(findings)
        assert "MIGRATED" in said(findings, about="payment")

    async def test_keys_that_are_no_pair_missing_or_malformed(self, county: Installation, tmp_path: Path) -> None:
        other = tmp_path / "other.pem"
        other.write_bytes(b"no key")
        merchants = (county.settings.wechat_merchants[0].model_copy(update={"api_v3_key": SecretStr("short")}),)
        findings = await seen(
            county.with_settings(
                token_public_key_file=other,
                token_private_key_file=tmp_path / "missing.pem",
                person_token_key=SecretStr("c2hvcnQ="),
                encryption_keys={},
                wechat_merchants=merchants,
            ),
            tmp_path,
        )
        assert broken(findings) == {
            ("KEY_UNUSABLE", str(other)),
            ("KEY_FILE_UNREADABLE", str(tmp_path / "missing.pem")),
            ("SECRET_MALFORMED", "CANBAO_PERSON_TOKEN_KEY"),
            ("SETTING_MISSING", "CANBAO_ENCRYPTION_KEYS"),
            ("KEY_UNUSABLE", f"CANBAO_WECHAT_MERCHANTS {merchants[0].mchid}"),
        }


class TestCommand:
    def run(self, data: Path, **environment: str) -> Result:
        cleared = dict.fromkeys(("CANBAO_DATABASE_URL", "CANBAO_BUS"))
        return CliRunner().invoke(app, ["doctor", "--json", "--data", str(data)], env=cleared | environment)

    async def test_it_finds_the_installation_that_up_left_and_names_no_secret(
        self, county: Installation, tmp_path: Path
    ) -> None:
        write_environment(county.settings, tmp_path)
        result = await asyncio.to_thread(self.run, tmp_path)
        answer = json.loads(result.stdout)
        assert (result.exit_code, answer["level"]) == (0, "warn"), result.output
        assert {each["subject"] for each in answer["findings"] if each["code"] == "MIGRATED"} == set(DATABASES)
        secrets = [each.get_secret_value() for each in county.settings.database_passwords.values()]
        assert not any(secret in result.output for secret in secrets)

    async def test_what_is_broken_is_the_exit_code(self, county: Installation, tmp_path: Path) -> None:
        write_environment(county.settings, tmp_path)
        await county.sql("quota", _PARKED)
        assert (await asyncio.to_thread(self.run, tmp_path)).exit_code == 1

    async def test_settings_that_cannot_be_read_do_not_hide_the_machine(self, tmp_path: Path) -> None:
        result = await asyncio.to_thread(self.run, tmp_path, CANBAO_BUS="pigeon")
        codes = [each["code"] for each in json.loads(result.stdout)["findings"]]
        assert (result.exit_code, codes) == (1, ["SETTINGS_UNREADABLE", "PYTHON", "TIME_ZONE", "DISK"])


def write_environment(settings: Settings, folder: Path) -> None:
    """The settings as ``canbao up`` leaves them."""
    passwords = {role: secret.get_secret_value() for role, secret in settings.database_passwords.items()}
    keys = {name: secret.get_secret_value() for name, secret in settings.encryption_keys.items()}
    assert settings.person_token_key is not None
    values = {
        "DATABASE_URL": settings.database_url,
        "DATABASE_PASSWORDS": json.dumps(passwords),
        "ENCRYPTION_KEYS": json.dumps(keys),
        "PERSON_TOKEN_KEY": settings.person_token_key.get_secret_value(),
        "TOKEN_PRIVATE_KEY_FILE": str(settings.token_private_key_file),
        "TOKEN_PUBLIC_KEY_FILE": str(settings.token_public_key_file),
    }
    (folder / "secrets").mkdir(exist_ok=True)
    keep_environment(folder, {f"CANBAO_{name}": value for name, value in values.items()})
