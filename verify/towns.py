"""The table of townships: people from registration, money from the books, targets from quota."""

from collections import defaultdict
from dataclasses import fields, replace

from verify.report import TownLine
from verify.snapshot import Databases

# Money whose region is no township goes under no town: one line of its own, so that the sums stay whole.
_TOWN = "CASE WHEN length(region) >= 9 THEN left(region, 9) END"
_PEOPLE = f"""
    SELECT {_TOWN} AS town, count(*) FILTER (WHERE registered) AS registered,
           count(*) FILTER (WHERE enrolled) AS enrolled,
           coalesce(sum(due_fen) FILTER (WHERE enrolled), 0)::bigint AS due_fen
    FROM proof.enrolment WHERE benefit_year = :year GROUP BY 1 ORDER BY 1
"""  # noqa: S608 - a constant
_BOOKS = f"""
    SELECT {_TOWN} AS town,
           sum(CASE account WHEN 'premium' THEN -fen ELSE 0 END)::bigint AS paid_fen,
           sum(CASE account WHEN 'aided' THEN -fen ELSE 0 END)::bigint AS aided_fen,
           sum(CASE WHEN account IN ('suspense', 'refund_payable', 'refunded_unasked') THEN -fen ELSE 0 END)::bigint
               AS suspense_fen,
           sum(CASE account WHEN 'unapplied' THEN -fen ELSE 0 END)::bigint AS unapplied_fen,
           sum(CASE WHEN account = 'village_cash' OR starts_with(account, 'channel:')
                    THEN fen ELSE 0 END)::bigint AS collecting_fen,
           sum(CASE account WHEN 'pending' THEN fen ELSE 0 END)::bigint AS pending_fen,
           sum(CASE account WHEN 'in_transit' THEN fen ELSE 0 END)::bigint AS in_transit_fen,
           sum(CASE account WHEN 'treasury' THEN fen ELSE 0 END)::bigint AS treasury_fen
    FROM (
        SELECT region, debit AS account, sum(amount_fen) AS fen FROM proof.transfer
        WHERE coalesce(benefit_year, :year) = :year GROUP BY 1, 2
        UNION ALL
        SELECT region, credit, -sum(amount_fen) FROM proof.transfer
        WHERE coalesce(benefit_year, :year) = :year GROUP BY 1, 2
    ) AS side
    GROUP BY 1 ORDER BY 1
"""  # noqa: S608 - a constant
_TARGETS = """
    SELECT DISTINCT ON (region) region AS town, name, target FROM proof.town_target
    WHERE benefit_year = :year ORDER BY region, version DESC
"""
_SUMMED = tuple(field.name for field in fields(TownLine) if field.name not in ("region", "name", "target"))


async def townships(databases: Databases, benefit_year: int, region_name: str) -> tuple[tuple[TownLine, ...], TownLine]:
    """Each township's line, money without a township on a line of its own, and the sum of them all."""
    figures: dict[str | None, dict[str, int]] = defaultdict(dict)
    for snapshot, sql in ((databases.registration, _PEOPLE), (databases.payment, _BOOKS)):
        for row in await snapshot.rows(sql, year=benefit_year):
            figures[row["town"]].update({name: int(row[name]) for name in _SUMMED if name in row})
    targets = {row["town"]: row for row in await databases.quota.rows(_TARGETS, year=benefit_year)}
    lines = []
    for town in sorted(figures.keys() | targets.keys(), key=lambda code: (code is None, code or "")):
        known = targets.get(town)
        name = known["name"] if known else (town or "未归属乡镇")
        lines.append(TownLine(town, name, int(known["target"]) if known else None, **figures.get(town, {})))
    return tuple(lines), _sum(lines, region_name)


def _sum(lines: list[TownLine], name: str) -> TownLine:
    sums = {figure: sum(getattr(line, figure) for line in lines) for figure in _SUMMED}
    known = [line.target for line in lines if line.target is not None]
    return replace(TownLine(None, name, **sums), target=sum(known) if known else None)
