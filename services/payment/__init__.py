"""The payment service."""

from pathlib import Path

from shared.service import Service

SERVICE = Service(name="payment", migrations=Path(__file__).parent / "migrations")
