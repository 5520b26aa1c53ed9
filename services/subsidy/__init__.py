"""Subsidy: department rosters, and what each enrolment owes under the policy pack."""

from pathlib import Path

from shared.service import Service

SERVICE = Service(name="subsidy", migrations=Path(__file__).parent / "migrations")
