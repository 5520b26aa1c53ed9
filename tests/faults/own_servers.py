"""What a county stands on, made for it alone: a PostgreSQL with migrated databases, and a broker."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.composition import migrate_all
from shared.database.embedded import EmbeddedPostgres
from shared.database.provision import generate_passwords, provision
from shared.settings import Settings
from tests.harness.cluster import SERVICES, Cluster, scratch_folder
from tests.harness.installation import database_settings, settings_for
from tests.harness.kafka_broker import KafkaBroker


@contextmanager
def own_ground(keys: Path) -> Iterator[tuple[Cluster, Settings, KafkaBroker]]:
    """A server and a broker for the length of a block, which may do to them what it likes."""
    broker, data = KafkaBroker(), scratch_folder()
    try:
        broker.start()
        with EmbeddedPostgres(data) as postgres:
            passwords = generate_passwords(SERVICES)
            asyncio.run(provision(postgres.admin_url, SERVICES, passwords))
            cluster = Cluster(postgres, passwords)
            settings = settings_for(keys, **database_settings(cluster, suffix=""))
            asyncio.run(migrate_all(settings))
            yield cluster, settings, broker
    finally:
        broker.stop()
        shutil.rmtree(data, ignore_errors=True)
