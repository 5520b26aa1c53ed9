"""Facts that quota announces: the enrolment targets (任务数) in force."""

from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event


class TargetsPublished(Event):
    """A set of township targets was published for a benefit year; targets are numbers to reach, never caps."""

    name: ClassVar[str] = "quota.targets_published.v1"
    outside_readers: ClassVar[bool] = True
    key_field: ClassVar[str] = "target_set_id"
    target_set_id: UUID
    document: str
    total: int
    towns: int
