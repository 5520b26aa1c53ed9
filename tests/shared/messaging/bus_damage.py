"""What tests do to a bus from outside, as an operator's mistake or a crash would."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

_MEMBER = "tests.shared.messaging.listener_process"


@dataclass(frozen=True)
class PostgresDamage:
    """To the bus database, as its owner."""

    owner_url: str
    member_url: str

    async def delete_topic(self, topic: str) -> None:
        connection = await asyncpg.connect(self.owner_url)
        try:
            async with connection.transaction():
                await connection.execute("ALTER TABLE bus_log DISABLE TRIGGER bus_log_append_only")
                await connection.execute("DELETE FROM bus_log WHERE topic = $1", topic)
                await connection.execute("DELETE FROM bus_head WHERE topic = $1", topic)
                await connection.execute("ALTER TABLE bus_log ENABLE TRIGGER bus_log_append_only")
        finally:
            await connection.close()

    def member_command(self, installation: str) -> list[str]:
        return [_MEMBER, "postgres", self.member_url, installation]


@dataclass(frozen=True)
class KafkaDamage:
    """To the broker, as its administrator."""

    servers: str

    async def delete_topic(self, topic: str) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers)
        try:
            await admin.start()
            await admin.delete_topics([topic])
        finally:
            await admin.close()

    def member_command(self, installation: str) -> list[str]:
        return [_MEMBER, "kafka", self.servers, installation]
