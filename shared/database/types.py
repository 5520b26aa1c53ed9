"""Column types that every service's tables share."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, MetaData, Text, func
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import mapped_column

Fen = Annotated[int, mapped_column(BigInteger)]
Region = Annotated[str, mapped_column(Text(collation="C"))]
RecordedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]

TYPES: dict[Any, Any] = {
    datetime: DateTime(timezone=True),
    str: Text(),
    UUID: PG_UUID(as_uuid=True),
}


def service_metadata() -> MetaData:
    """Table metadata with predictable constraint names."""
    return MetaData(
        naming_convention={
            "pk": "%(table_name)s_pkey",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        }
    )
