"""The books for finance offices: trial balance and account statement, by day and by moment, and as files."""

import csv
from io import StringIO
from typing import Any
from urllib.parse import quote

from services.payment.ledger.books.csv_file import cell, lines, yuan
from tests.harness.assessments import DUE_FEN, VILLAGE
from tests.harness.installation import COUNTY
from tests.services.payment.casework import matched, orphan
from tests.services.payment.running_payment import OPERATOR, RunningPayment

SIDES = ("debit", "credit", "balance")


def holds(page: dict[str, Any]) -> dict[tuple[str, str], int]:
    """What each account holds, accounts at nothing left out."""
    return {(one["region"], one["account"]): one["balance_fen"] for one in page["items"] if one["balance_fen"]}


async def file(payment: RunningPayment, path: str) -> list[list[str]]:
    """The rows of a file."""
    headers = payment.installation.caller(*OPERATOR, region=COUNTY, now=payment.running.clock.now())
    answer = await payment.http.get(f"/payment/v1/ledger/{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))


async def test_the_books_balance_on_each_day_and_as_known_at_each_moment(payment: RunningPayment) -> None:
    paying, found = await payment.bill(2)
    await payment.paid(await payment.order(paying), success_time="2023-10-08T09:00:00+08:00")
    suspense = await orphan(payment, success_time="2023-10-06T09:00:00+08:00")
    before = (await payment.one("SELECT max(recorded_at) FROM transfer")).isoformat()
    await matched(payment, suspense, found)

    now = await payment.get("ledger/trial-balance")
    assert holds(now) == {(VILLAGE, "channel:WECHAT"): 2 * DUE_FEN, (VILLAGE, "premium"): -2 * DUE_FEN}
    assert now["balanced"]
    assert now["all_debit_fen"] == now["all_credit_fen"] == 5 * DUE_FEN
    orphaned = {(COUNTY, "channel:WECHAT"): DUE_FEN, (COUNTY, "suspense"): -DUE_FEN}
    assert holds(await payment.get("ledger/trial-balance?effective_on=2023-10-07")) == orphaned
    known = await payment.get(f"ledger/trial-balance?known_at={quote(before)}")
    assert holds(known) == orphaned | {(VILLAGE, "channel:WECHAT"): DUE_FEN, (VILLAGE, "premium"): -DUE_FEN}
    assert holds(await payment.get("ledger/trial-balance", region=VILLAGE)) == holds(now), "of the caller's region"
    assert holds(await payment.get("ledger/trial-balance?benefit_year=2023")) == {}

    page = await payment.get("ledger/trial-balance?limit=1")
    pages = page["items"]
    while page["next"]:
        page = await payment.get(f"ledger/trial-balance?limit=1&after={quote(page['next'])}")
        pages += page["items"]
    assert pages == now["items"], "by pages it is the same"

    suspended = "ledger/account-statement?account=suspense&since=2023-10-01"
    statement = await payment.get(suspended)
    assert sorted((one["kind"], one["side"], one["counter"]) for one in statement["items"]) == [
        ("suspended", "CREDIT", "channel:WECHAT"),
        ("suspense_arrived", "CREDIT", "channel:WECHAT"),
        ("suspense_left", "DEBIT", "channel:WECHAT"),
        ("suspense_matched", "DEBIT", "premium"),
    ]
    figures = [statement[name] for name in ("opening_fen", "debit_fen", "credit_fen", "closing_fen")]
    assert figures == [0, 2 * DUE_FEN, 2 * DUE_FEN, 0]
    earlier = await payment.get(f"{suspended}&until=2023-10-07")
    assert (earlier["closing_fen"], len(earlier["items"])) == (-DUE_FEN, 1)
    later = await payment.get(suspended.replace("10-01", "10-07") + f"&known_at={quote(before)}")
    assert (later["opening_fen"], later["closing_fen"], later["items"]) == (-DUE_FEN, -DUE_FEN, [])

    rows = await file(payment, "trial-balance/file")
    assert rows[1:] == [
        [one["region"], one["account"], str(one["benefit_year"] or ""), *(yuan(one[f"{side}_fen"]) for side in SIDES)]
        for one in now["items"]
    ]
    path = "account-statement/file?account=suspense&since=2023-10-01&until=2023-10-08"
    opening, *moved, closing = (await file(payment, path))[1:]
    assert (opening[4], len(moved), closing[4]) == ("0.00", 4, "0.00")


def test_no_cell_of_a_file_is_a_formula_and_amounts_stay_numbers() -> None:
    said = ["=1+1", "+1", "-1", "@SUM", "\t=1", "\r=1", "a,b", '"', "正常", None, -5, yuan(-38_001)]
    (line,) = lines([said])
    (read,) = csv.reader(StringIO(line, newline=""))
    assert read[:6] == ["'=1+1", "'+1", "'-1", "'@SUM", "'\t=1", "'\r=1"]
    assert read[6:] == ["a,b", '"', "正常", "", "-5", "-380.01"]
    assert cell("ok") == "ok"
