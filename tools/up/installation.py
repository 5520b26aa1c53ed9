"""The settings of the installation that ``canbao up`` runs, from its folder, its simulator and its environment."""

import json
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from services.registration.clients import service as clients
from shared.database.engine import Database
from shared.messaging.bus.factory import open_bus
from shared.messaging.bus.protocol import BusRefused
from shared.messaging.topics.installation import refuse_foreign_topic
from shared.settings import Settings
from tools.up import folder as data
from tools.up.refusal import CannotStart

_COUNTIES = Path(__file__).parents[2] / "deploy" / "counties"
_CONSOLE = "console"
_CONSOLE_SCOPES = ["registration:read", "subsidy:read", "payment:read", "quota:read"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asked for."""

    pack: str | None
    residents: int | None
    once: bool
    bus: Literal["postgres", "kafka"]
    port: int
    folder: Path
    until: date | None = None

    @property
    def address(self) -> str:
        """Where the services and the page are."""
        return f"http://127.0.0.1:{self.port}"


def refuse_taken_port(asked: Asked) -> None:
    """Say early that somebody else listens there; raises CannotStart."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", asked.port))
        except OSError as reason:
            raise CannotStart(
                f"端口 {asked.port} 不可用（{reason.strerror}）。请用 --port 换一个端口，或先停止占用它的程序。",
                f"Port {asked.port} cannot be used: choose another by --port, or stop the program that holds it.",
            ) from reason


async def refuse_missing_broker(settings: Settings) -> None:
    """Ask the Kafka brokers once; raises CannotStart where none answers. ``up`` never starts a broker itself."""
    if settings.bus != "kafka":
        return
    from aiokafka.admin import AIOKafkaAdminClient
    from aiokafka.errors import KafkaError

    servers = settings.kafka_bootstrap_servers
    admin = AIOKafkaAdminClient(bootstrap_servers=servers or "unset:0", request_timeout_ms=5000)
    try:
        await admin.start()
    except (KafkaError, OSError, ValueError) as reason:
        raise CannotStart(
            f"无法连接 Kafka（CANBAO_KAFKA_BOOTSTRAP_SERVERS={servers or '未设置'}）。请启动 Kafka 并设置该变量，"
            "或不加 --bus kafka 使用内置总线。",
            "Kafka does not answer: start a broker and set CANBAO_KAFKA_BOOTSTRAP_SERVERS to its host:port, "
            "or leave out --bus kafka for the embedded bus.",
        ) from reason
    finally:
        await admin.close()


async def refuse_foreign_topics(settings: Settings, services: Sequence[str]) -> None:
    """Look whose the broker's topics are; raises CannotStart where they are another installation's."""
    if settings.bus != "kafka":
        return
    for name in services:
        database = Database(settings.service_url(name), pool_size=1, application_name="canbao up")
        try:
            async with open_bus(settings, name) as bus:
                await refuse_foreign_topic(database, bus, name, settings.region)
        except BusRefused as reason:
            raise CannotStart(
                f"Kafka（{settings.kafka_bootstrap_servers}）上已有另一套安装的主题 {settings.installation}.{name}，"
                "不是本数据目录建立的。请用 CANBAO_INSTALLATION 另取一个名字，或换用原来的数据目录（--data）。",
                f"The broker holds a topic {settings.installation}.{name} of another installation: set "
                "CANBAO_INSTALLATION to a name of your own, or name the data folder that made it by --data.",
            ) from reason
        finally:
            await database.dispose()


def settings_of(
    asked: Asked, secrets: dict[str, Any], admin_url: str, peers: dict[str, str], console_secret: str
) -> tuple[Settings, dict[str, str]]:
    """The installation's settings, and the same as variables for the other commands."""
    place = f"@/{{database}}?{urlsplit(admin_url).query}"  # the server's socket, for every role
    values = {
        "CANBAO_BUS": asked.bus,
        "CANBAO_DATABASE_URL": "postgresql://{service}_app:{password}" + place,
        "CANBAO_OWNER_DATABASE_URL": "postgresql://canbao_owner:{password}" + place,
        "CANBAO_AUDITOR_DATABASE_URL": "postgresql://canbao_auditor:{password}" + place,
        "CANBAO_DATABASE_PASSWORDS": json.dumps(secrets["database_passwords"]),
        "CANBAO_PERSON_TOKEN_KEY": secrets["person_token_key"],
        "CANBAO_ENCRYPTION_KEYS": json.dumps(secrets["encryption_keys"]),
        "CANBAO_TOKEN_PRIVATE_KEY_FILE": str(secrets["token_private_key_file"]),
        "CANBAO_TOKEN_PUBLIC_KEY_FILE": str(secrets["token_public_key_file"]),
        "CANBAO_LISTEN_HOST": "127.0.0.1",
        "CANBAO_PUBLIC_BASE_URL": asked.address,
        "CANBAO_SERVICES_BASE_URL": asked.address,
        "CANBAO_CONSOLE_CLIENT_ID": _CONSOLE,
        "CANBAO_CONSOLE_CLIENT_SECRET": console_secret,
        **peers,
    }
    # An operator who sets these wants their own: amounts, or a name for the topics.
    values = _example_amounts(peers["CANBAO_POLICY_PACK"]) | _chosen("CANBAO_POLICY_OVERRIDES") | values
    if asked.bus == "kafka":
        values |= _chosen("CANBAO_KAFKA_BOOTSTRAP_SERVERS") | _chosen("CANBAO_INSTALLATION")
    os.environ.update(values)
    return Settings(), values


def _example_amounts(pack: str) -> dict[str, str]:
    """The invented amounts for what a document leaves open; nothing where it leaves nothing open."""
    file = _COUNTIES / pack / "example-amounts.yaml"
    return {"CANBAO_POLICY_OVERRIDES": str(file)} if file.exists() else {}


def _chosen(name: str) -> dict[str, str]:
    return {name: os.environ[name]} if os.environ.get(name) else {}


def wanted_clients(described: dict[str, Any]) -> list[dict[str, Any]]:
    """The season's API clients and the console's."""
    return [*described["clients"], {"name": _CONSOLE, "scopes": _CONSOLE_SCOPES, "region": described["region"]}]


async def register_clients(settings: Settings, wanted: list[dict[str, Any]], secrets: dict[str, str]) -> None:
    """Let the clients call that are not known yet; hashing a secret is slow on purpose, so it is done once."""
    database = Database(settings.service_url("registration"), pool_size=1, application_name="canbao up")
    try:
        async with database.transaction(settings.region) as session:
            known = await clients.known_clients(session, [client["name"] for client in wanted])
            for client in wanted:
                if client["name"] not in known:
                    name, scopes, region = client["name"], client["scopes"], client["region"]
                    await clients.save(session, name, secrets[name], scopes, region)
    finally:
        await database.dispose()


def secret_of_console(folder: Path, described: dict[str, Any]) -> tuple[dict[str, str], str]:
    """Every client's secret, and the console's among them."""
    secrets = data.client_secrets(folder, [client["name"] for client in wanted_clients(described)])
    return secrets, secrets[_CONSOLE]
