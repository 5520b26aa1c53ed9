"""The keys that sealed a database's names and numbers, against the keys at hand."""

from collections.abc import Sequence

from shared.database.sealed import keys_in_use
from tools.doctor.findings import DatabaseCheck, Finding, FindingType, OpenDatabase

ENCRYPTION_KEYS = FindingType(
    "ENCRYPTION_KEYS", "ok", "数据所用的加密密钥齐全：{keys}", "the keys that sealed the data are at hand: {keys}"
)
ENCRYPTION_KEY_LOST = FindingType(
    "ENCRYPTION_KEY_LOST",
    "broken",
    "数据用密钥 {keys} 加密，而 CANBAO_ENCRYPTION_KEYS 中没有它，这些姓名与证件号码无法解密。",
    "Data was sealed with {keys}, which CANBAO_ENCRYPTION_KEYS lacks: these names and numbers cannot be opened.",
    "从备份恢复该密钥并写回 CANBAO_ENCRYPTION_KEYS（保留其他密钥），再重启 {service}。",
    "Restore the key from the backup into CANBAO_ENCRYPTION_KEYS, beside the others, and restart {service}.",
)


async def examine(database: OpenDatabase) -> Sequence[Finding]:
    """Compare key ids in use with those configured; nothing to say where nothing is sealed."""
    installation = database.installation
    columns = installation.with_database[database.name].sealed
    if not columns:
        return []
    used = await keys_in_use(database.connection, columns, installation.settings.region)
    lost = used - set(installation.settings.encryption_keys)
    if lost:
        return [ENCRYPTION_KEY_LOST.at(database.name, keys=", ".join(sorted(lost)), service=database.name)]
    return [ENCRYPTION_KEYS.at(database.name, keys=", ".join(sorted(used)))] if used else []


CHECKS = (DatabaseCheck("encryption keys", examine, within_s=30.0),)
