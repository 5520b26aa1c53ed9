"""The keys that sealed a database's names and numbers, against the keys at hand."""

from collections.abc import Sequence

from shared.protection_check import examine_protection
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
ENCRYPTION_KEY_WRONG = FindingType(
    "ENCRYPTION_KEY_WRONG",
    "broken",
    "CANBAO_ENCRYPTION_KEYS 中的 {keys} 不是加密已有数据的那把同名密钥，{service} 不再受理新的登记。",
    "{keys} in CANBAO_ENCRYPTION_KEYS is not the key of that name which sealed the data: {service} takes nobody in.",
    "从备份恢复该密钥并写回 CANBAO_ENCRYPTION_KEYS，再重启 {service}；新密钥须另取名称，列在最后。",
    "Restore that key from the backup and restart {service}; a new key needs a name of its own, and stands last.",
)
PERSON_TOKEN_KEY_WRONG = FindingType(
    "PERSON_TOKEN_KEY_WRONG",
    "broken",
    "CANBAO_PERSON_TOKEN_KEY 不是已有数据所用的那把，同一人会被当作另一人，{service} 不再受理新的登记。",
    "The data was matched with another CANBAO_PERSON_TOKEN_KEY, one person would count as two: {service} is shut.",
    "从备份恢复 CANBAO_PERSON_TOKEN_KEY，再重启 {service}。",
    "Restore CANBAO_PERSON_TOKEN_KEY from the backup and restart {service}.",
)


async def examine(database: OpenDatabase) -> Sequence[Finding]:
    """Hold the configured keys against those in use; nothing to say where nothing is sealed."""
    installation = database.installation
    columns = installation.with_database[database.name].sealed
    if not columns:
        return []
    name = database.name
    found = await examine_protection(database.connection, columns, installation.settings)
    faults = [
        finding_type.at(name, keys=", ".join(sorted(keys)), service=name)
        for finding_type, keys in ((ENCRYPTION_KEY_LOST, found.lost), (ENCRYPTION_KEY_WRONG, found.wrong))
        if keys
    ]
    if found.other_tokens:
        faults.append(PERSON_TOKEN_KEY_WRONG.at(name, service=name))
    if faults or not found.used:
        return faults
    return [ENCRYPTION_KEYS.at(name, keys=", ".join(sorted(found.used)))]


CHECKS = (DatabaseCheck("encryption keys", examine, within_s=30.0),)
