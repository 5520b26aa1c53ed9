"""Whether the keys at hand are those that protect a database's people: of each key's rows, one is opened on trial."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.database.sealed import SealedColumn, SealedPerson, keys_in_use, oldest_sealed
from shared.protection import ProtectionKeyMissing, open_vault, person_token, person_token_key
from shared.settings import Settings

_LOST = "CANBAO_ENCRYPTION_KEYS 缺少加密数据所用的密钥 {keys} · lacks {keys}, with which data was sealed"
_WRONG = (
    "CANBAO_ENCRYPTION_KEYS 中的 {keys} 不是加密已有数据的那把同名密钥，请从备份恢复"
    " · {keys} in CANBAO_ENCRYPTION_KEYS is not the key of that name which sealed the data: restore it from the backup"
)
_OTHER_TOKENS = (
    "CANBAO_PERSON_TOKEN_KEY 不是已有数据所用的那把，同一人会被当作另一人，请从备份恢复"
    " · CANBAO_PERSON_TOKEN_KEY is not the key that the data was matched with, a person would count as another one:"
    " restore it from the backup"
)


@dataclass(frozen=True, slots=True)
class ProtectionFound:
    """The keys that a database's rows ask for, and what the configured ones lack."""

    used: frozenset[str] = field(default_factory=frozenset)
    lost: frozenset[str] = field(default_factory=frozenset)
    wrong: frozenset[str] = field(default_factory=frozenset)
    other_tokens: bool = False

    def fault(self) -> str:
        """What is wrong and the remedy; nothing where every key fits."""
        said = [
            *([_LOST.format(keys=", ".join(sorted(self.lost)))] if self.lost else []),
            *([_WRONG.format(keys=", ".join(sorted(self.wrong)))] if self.wrong else []),
            *([_OTHER_TOKENS] if self.other_tokens else []),
        ]
        return "; ".join(said)


async def examine_protection(
    connection: AsyncConnection, columns: Sequence[SealedColumn], settings: Settings
) -> ProtectionFound:
    """Hold the configured keys against every key id in use; reads every row once and opens one of each key."""
    used = await keys_in_use(connection, columns, settings.region)
    known = used & set(settings.encryption_keys)
    samples = [
        each for key in sorted(known) for each in await oldest_sealed(connection, columns, settings.region, key_id=key)
    ]
    return _judged(settings, samples, used)


async def examine_active_key(
    connection: AsyncConnection, columns: Sequence[SealedColumn], settings: Settings
) -> ProtectionFound:
    """Hold the key that seals new rows, and tokens, against the oldest rows; ``used`` is empty where it sealed none."""
    active = open_vault(settings).active
    samples = await oldest_sealed(connection, columns, settings.region, key_id=active)
    used = {each.key_id for each in samples}
    known = [
        each
        for each in await oldest_sealed(connection, columns, settings.region)
        if each.key_id in settings.encryption_keys
    ]
    return _judged(settings, [*samples, *known], used)


def _judged(settings: Settings, samples: Iterable[SealedPerson], used: Iterable[str]) -> ProtectionFound:
    wrong, tokens = set(), set()
    for each in samples:
        opened = _opened(settings, each)
        if opened is None:
            wrong.add(each.key_id)
        elif opened:
            tokens.add(_has_token(settings, each, opened))
    used = frozenset(used)
    return ProtectionFound(used, used - set(settings.encryption_keys), frozenset(wrong), other_tokens=False in tokens)


def _opened(settings: Settings, person: SealedPerson) -> str | None:
    """The number; nothing where the key is not the one that sealed it, and an empty text where it is no key at all."""
    try:
        return open_vault(settings).decrypt(person.where.table, person.where.column, person.row, person.sealed)
    except InvalidTag:
        return None
    except ProtectionKeyMissing:
        return ""  # a key that cannot be one is the settings' own matter


def _has_token(settings: Settings, person: SealedPerson, number: str) -> bool:
    try:
        key = person_token_key(settings)
    except ProtectionKeyMissing:
        return True
    return person_token(key, person.document_type, number) == person.person_token
