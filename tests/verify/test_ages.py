"""D3: the auditor names what has waited beyond its limit, and whose it is; it breaks nothing."""

import io

from rich.console import Console

from tests.verify.conftest import County
from verify.examination import examine
from verify.render import print_report


async def printed(county: County) -> str:
    """The report as it is printed."""
    paper = io.StringIO()
    print_report(await examine(county.installation.settings), Console(file=paper, width=190))
    return paper.getvalue()


async def test_what_is_too_old_is_named_with_whose_it_is(county: County) -> None:
    await county.break_in(
        "payment",
        "INSERT INTO bank_line (id, statement_no, line_no, booked_on, kind, reference, amount_fen, region, actor,"
        " correlation_id) VALUES (gen_random_uuid(), 'B-OLD', 1, '2020-01-01', 'DEPOSIT', 'J-OLD', 12300, '411521',"
        " 'x', gen_random_uuid())",
    )
    check = await county.check("CLEARING_AGE")
    assert (check.verdict, check.named[0].subject, check.named[0].region) == (
        "OK",
        "bank_lines_unexplained · bank line B-OLD 1",
        "411521",
    )
    assert check.named[0].expected == "at most 7 days"
    said = " ".join((await printed(county)).split())
    assert "在途超时" in said
    assert "最久的：411521 未对应的到账 bank_lines_unexplained · bank line B-OLD 1，since 2020-01-01" in said


async def test_each_kind_of_waiting_is_found(county: County) -> None:
    """Every kind of which the season has something waits beyond its limit once the business date is far ahead."""
    await county.break_in(
        "payment",
        "UPDATE payment_line SET settled_on = NULL WHERE id = (SELECT min(id::text)::uuid FROM payment_line)",
        "UPDATE remittance_batch SET state = 'SUBMITTED', certificate_no = NULL, certificate_issued_on = NULL"
        " WHERE kind = 'ENTRUSTED_CASH'",
        "UPDATE suspense SET state = 'HELD'",
        "UPDATE payout SET state = 'AWAITED', batch_id = NULL WHERE state = 'MET'",
        "UPDATE business_date SET business_date = '2199-12-31'",
    )
    found = {row.subject.split(" · ")[0] for row in (await county.check("CLEARING_AGE")).named}
    assert {"channel_unsettled", "payouts_unsettled", "statements_submitted", "suspense_held"} <= found
