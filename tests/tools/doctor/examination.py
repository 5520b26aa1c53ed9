"""A visit to the doctor: what is found, and what must be said whatever else is wrong."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from pydantic import SecretStr

from services.composition import SERVICES
from shared.domain.clock import Clock, SystemClock
from tests.harness.cluster import Cluster
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.harness.ports import free_port
from tests.harness.wechat_peer import merchant
from tools.doctor.examine import examine
from tools.doctor.findings import ExaminedInstallation, Finding

# What a healthy installation reads of each database, its relays and topics apart: those need running services.
OF_A_DATABASE = {
    "DATABASE", "POSTGRES_VERSION", "DURABLE", "ROLE", "MIGRATED", "INSTALLED", "CLOCK", "OUTBOX", "TAKEN_IN",
}  # fmt: skip
# An event of registration that waits for one before it.
PARKED = """
    INSERT INTO parked_event (publisher, aggregate_id, seq, event_id, event, region, topic, partition, "offset",
                              key, headers, value, parked_at)
    VALUES ('registration', uuidv7(), 2, uuidv7(), 'registration.enrolment_paid.v1', '411521', 'registration', 0, 0,
            '', '{}', '', now() - interval '90 seconds')
"""
OF_ALL = {"PYTHON", "TIME_ZONE", "DISK", "KEYS", "CONNECTIONS", "BUS"}
DATABASES = ("registration", "subsidy", "payment", "quota")


def equipped(installation: Installation, folder: Path) -> Installation:
    """The installation with a merchant and a tax office, so that no wish is left open."""
    return installation.with_settings(
        wechat_merchants=(merchant(folder),),
        tax_base_url="http://127.0.0.1:9",
        console_client_secret=SecretStr("a secret of the console's"),
    )


async def seen(
    installation: Installation, folder: Path, *, port: int | None = None, clock: Clock | None = None
) -> list[Finding]:
    """Everything that the doctor finds."""
    return await examine(
        ExaminedInstallation(installation.settings, SERVICES, clock or SystemClock(), folder, port or free_port())
    )


def broken(findings: Sequence[Finding]) -> set[tuple[str, str]]:
    """What is broken, and where."""
    return {(finding.code, finding.subject) for finding in findings if finding.level == "broken"}


def said(findings: Sequence[Finding], *, about: str | None = None) -> set[str]:
    """The codes of everything that was reported, or reported about one subject."""
    return {finding.code for finding in findings if about in (None, finding.subject)}


def assert_only(findings: Sequence[Finding], code: str, subject: str) -> None:
    """One thing is broken, and everything else was examined all the same."""
    assert broken(findings) == {(code, subject)}
    named = said(findings)
    assert named >= OF_ALL - {"KEYS"}
    for database in DATABASES:
        # What is wrong replaces the one line that would have said it is well.
        missing = OF_A_DATABASE - said(findings, about=database)
        assert len(missing) <= (database == subject), (database, missing)


@asynccontextmanager
async def as_superuser(cluster: Cluster, do: str, undo: str) -> AsyncIterator[None]:
    """Change the whole server for the length of a block."""
    admin = await asyncpg.connect(cluster.admin_url)
    try:
        await admin.execute(do)
        await admin.execute("SELECT pg_reload_conf()")
        yield
    finally:
        await admin.execute(undo)
        await admin.execute("SELECT pg_reload_conf()")
        await admin.close()


async def switched(cluster: Cluster, name: str, value: str) -> None:
    """Wait until the server has read its configuration again."""

    async def so_it_is() -> bool:
        admin = await asyncpg.connect(cluster.admin_url)
        try:
            return bool(await admin.fetchval("SELECT current_setting($1) = $2", name, value))
        finally:
            await admin.close()

    await eventually(so_it_is, message=f"{name} = {value}")
