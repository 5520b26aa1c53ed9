"""Where an aggregate's events go: the same partition on every bus, in every process and for ever."""

from uuid import UUID
from zlib import crc32


def partition_for(key: UUID, count: int) -> int:
    """The partition, from 0 below ``count``, of an aggregate; the outbox computes the same in SQL."""
    return crc32(key.bytes) % count
