"""Registration's tables with their invariants."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.registration.enrolments.state import State
from shared.database.types import TYPES, Fen, RecordedAt, Region, service_metadata


def _one_of(column: str, values: frozenset[State]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in sorted(values))})"


class Base(DeclarativeBase):
    """Registration's metadata."""

    metadata = service_metadata()
    type_annotation_map = TYPES


class ApiClient(Base):
    """A department's system that may call: its secret's hash, its scopes and its region."""

    __tablename__ = "api_client"

    name: Mapped[str] = mapped_column(primary_key=True)
    secret_hash: Mapped[str]
    scopes: Mapped[str]
    region: Mapped[Region]
    recorded_at: Mapped[RecordedAt]


class RegionEntry(Base):
    """A county, town or village of the pooling area."""

    __tablename__ = "region_directory"

    code: Mapped[Region] = mapped_column(primary_key=True)
    name: Mapped[str]


class Enrolment(Base):
    """One person in one benefit year: what is known, what is due, what was paid, what is covered."""

    __tablename__ = "enrolment"
    __table_args__ = (
        Index(
            "enrolment_one_live_per_person_and_year",
            "person_token",
            "benefit_year",
            unique=True,
            postgresql_where=text("state <> 'TERMINATED'"),
        ),
        CheckConstraint(_one_of("state", frozenset(State)), name="state"),
        CheckConstraint("num_nulls(paid_basis, paid_on, paid_fen, due_fen, aided_fen) IN (0, 5)", name="paid_whole"),
        CheckConstraint("(benefit_start IS NULL) = (benefit_end IS NULL)", name="benefit_whole"),
        CheckConstraint("benefit_start <= benefit_end", name="benefit_order"),
        Index("enrolment_region_year_idx", "region", "benefit_year"),
        Index("enrolment_next_step_idx", "state", "benefit_start", "benefit_end"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    region: Mapped[Region]
    benefit_year: Mapped[int]
    person_token: Mapped[str]
    document_type: Mapped[str]
    document_number: Mapped[bytes]
    masked_number: Mapped[str]
    person_name: Mapped[bytes]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str]
    registered_on: Mapped[date]
    assessment_version: Mapped[int | None]
    outcome: Mapped[str | None]
    assessment: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    bill_version: Mapped[int | None]
    paid_basis: Mapped[str | None]
    paid_on: Mapped[date | None]
    paid_fen: Mapped[Fen | None]
    due_fen: Mapped[Fen | None]
    aided_fen: Mapped[Fen | None]
    channel: Mapped[str | None]
    benefit_start: Mapped[date | None]
    benefit_end: Mapped[date | None]
    benefit_wait: Mapped[str | None]
    benefit_held: Mapped[str | None]
    money_state: Mapped[str | None]
    in_treasury_on: Mapped[date | None]
    certificate_no: Mapped[str | None]
    actor: Mapped[str]
    correlation_id: Mapped[UUID]
    recorded_at: Mapped[RecordedAt]
