"""The textbook's tables, mapped by SQLAlchemy's ORM: orders, payments, a ledger, an outbox, an inbox, counters."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.domain.ids import new_id

CONNECTIONS = 32


class Base(DeclarativeBase):
    """The textbook's metadata."""

    type_annotation_map = {datetime: DateTime(timezone=True), dict[str, str]: JSONB}  # noqa: RUF012


class Order(Base):
    """What somebody is to pay for an enrolment."""

    __tablename__ = "orders"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_no: Mapped[str] = mapped_column(unique=True)
    enrolment_id: Mapped[UUID] = mapped_column(index=True)
    village: Mapped[str]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(default="AWAITING")


class Payment(Base):
    """A channel's transaction, once."""

    __tablename__ = "payments"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    transaction_id: Mapped[str] = mapped_column(unique=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    paid_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LedgerEntry(Base):
    """The money's way in the books."""

    __tablename__ = "ledger_entries"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"), unique=True)
    debit: Mapped[str]
    credit: Mapped[str]
    amount_fen: Mapped[int] = mapped_column(BigInteger)


class Outgoing(Base):
    """An event to be sent."""

    __tablename__ = "outbox"
    __table_args__ = (Index("outbox_unsent", "id", postgresql_where=text("sent_at IS NULL")),)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    topic: Mapped[str]
    key: Mapped[str]
    payload: Mapped[dict[str, str]]
    sent_at: Mapped[datetime | None]


class Received(Base):
    """An event that a consumer has taken in."""

    __tablename__ = "inbox"
    consumer: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    enrolment_id: Mapped[UUID]


class Enrolment(Base):
    """A person in a benefit year."""

    __tablename__ = "enrolments"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    village: Mapped[str]
    state: Mapped[str]
    paid_at: Mapped[datetime | None]


class VillageCounter(Base):
    """How many of a village are enrolled."""

    __tablename__ = "village_counters"
    village: Mapped[str] = mapped_column(primary_key=True)
    enrolled: Mapped[int] = mapped_column(BigInteger, default=0)


def engine_at(url: str) -> AsyncEngine:
    """The textbook's pool: as many connections as requests at once."""
    return create_async_engine(url, pool_size=CONNECTIONS, max_overflow=0)


def sessions_of(engine: AsyncEngine) -> async_sessionmaker:  # type: ignore[type-arg]
    """Sessions as the manual says."""
    return async_sessionmaker(engine, expire_on_commit=False)
