"""Each table of a service is written by one folder: who changes a row is known from the folder it stands in."""

from collections import defaultdict
from pathlib import Path

import pytest

from services.composition import WITH_DATABASE
from tests.harness.modules import written_tables

ROOT = Path(__file__).parents[2]

# Tables that a second folder may write, and why.
SHARED: dict[tuple[str, str], str] = {}


def writers(service: str) -> dict[str, set[str]]:
    """The folders that write each table of a service."""
    found: dict[str, set[str]] = defaultdict(set)
    folder = ROOT / "services" / service
    for path in folder.rglob("*.py"):
        parts = path.relative_to(folder).parts
        if "migrations" in parts:
            continue
        for table in written_tables(path):
            found[table].add(parts[0] if len(parts) > 1 else "(service)")
    return found


@pytest.mark.parametrize("service", WITH_DATABASE)
def test_each_table_is_written_by_one_folder(service: str) -> None:
    """As it was found: nothing said who else writes `bill`; three folders wrote `remittance_batch`."""
    found = writers(service)
    assert found, "no statement was recognised"
    several = {
        table: folders for table, folders in found.items() if len(folders) > 1 and (service, table) not in SHARED
    }
    assert several == {}


def test_payment_lines_are_written_by_payments_alone() -> None:
    found = writers("payment")
    assert found["payment_line"] == {"payments"}
    assert found["raw_notice"] == {"notices"}
    assert found["bank_line"] == {"statements"}
    assert found["remittance_batch"] == {"batches"}


def test_tables_written_by_declared_columns_are_seen() -> None:
    assert writers("subsidy")["roster_line"] == {"rosters"}
    assert writers("registration")["region_directory"] == {"regions"}
    assert writers("quota")["town_target"] == {"targets"}
