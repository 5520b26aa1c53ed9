"""What a notice reported goes to the treasury once ChinaUMS's own file names it, and in no other way."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from simulator.chinaums import bills
from simulator.chinaums.notices import ChinaumsNotice, scanned
from tests.harness.assessments import DUE_FEN
from tests.harness.chinaums_peer import MID
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.services.payment.bank.statement_steps import book, breaks, line, lines_of
from tests.services.payment.bank.test_payouts import differing, part
from tests.services.payment.chinaums.conftest import RunningChinaums, running_chinaums

FIRST, SECOND, THIRD = "2023-10-08", "2023-10-09", "2023-10-10"


async def settled(ums: RunningChinaums, fen: int, day: str = FIRST, number: str = "B1", on: str = SECOND) -> None:
    """The bank books what the channel paid out for a day."""
    booked = line(1, amount_fen=fen, reference=f"UNIONPAY_QR:{MID}:{day}")
    assert (await book(ums.payment, booked, number=number, booked_on=on)).status_code == 201


def forged(ums: RunningChinaums, order: dict[str, Any], moment: str = f"{FIRST} 11:00:00") -> ChinaumsNotice:
    """What a thief of the shared key can write: a payment that the channel knows nothing of."""
    account = ums.channel.account
    bill = account.journal.get("ums bill", ums.bill(order))
    payment = {
        "number": f"{bill['number']}0",
        "amount_fen": bill["amount_fen"],
        "moment": moment,
        "sequence": "00000000001N",
        "target": "4200000000000000000000000001",
        "payer": "nobody",
        "notify_id": f"forged-{bill['number'][-8:]}",
    }
    return ChinaumsNotice(scanned(bill, payment, ums.channel.platform), bill["notify_url"])


async def test_a_day_meets_the_file_and_the_bank_even_where_a_notice_was_lost(ums: RunningChinaums) -> None:
    first, notice = await ums.pay_new(moment=f"{FIRST} 10:00:00")
    await ums.notify(notice)
    lost, _ = await ums.pay_new(moment=f"{FIRST} 11:00:00")  # its notice never comes: the file names it
    whole = bills.settled_fen(ums.channel.account, FIRST)
    assert whole == 2 * DUE_FEN
    await ums.over(FIRST)
    await settled(ums, whole)
    await ums.over(SECOND)
    ready = await part(ums.payment, "READY_TO_REMIT")
    assert (ready["by_bill"], ready["channel"], ready["amount_fen"]) == (True, "UNIONPAY_QR", DUE_FEN)

    # The payment whose notice was lost is asked about, credited, and goes on in a further part of the day.
    further = await part(ums.payment, "READY_TO_REMIT", number=2)
    assert further["amount_fen"] == DUE_FEN
    assert await ums.payment.states(first, lost) == ["PAID", "PAID"]
    assert await ums.payment.balances() == {"pending": whole, "premium": -whole}
    assert await breaks(ums.payment) == []


async def test_a_forged_payment_is_credited_and_never_remitted(ums: RunningChinaums) -> None:
    (person,) = await ums.payment.bill()
    _, true = await ums.pay_new(moment=f"{FIRST} 10:00:00")
    await ums.notify(true)
    await ums.notify(forged(ums, await ums.order(person)))
    assert await ums.payment.states(person) == ["PAID"]
    await ums.over(FIRST)
    # Somebody pays the forged sum into the account, too: the day's sum is right, and says nothing.
    await settled(ums, DUE_FEN)
    await settled(ums, DUE_FEN, number="B2")
    for day in (SECOND, THIRD):
        await ums.over(day)
    ready = await part(ums.payment, "READY_TO_REMIT")
    assert ready["amount_fen"] == DUE_FEN
    remitted = await ums.payment.sql(
        "SELECT b.order_no FROM payment b JOIN payment_line l ON l.payment_id = b.id WHERE l.settled_on IS NOT NULL"
    )
    assert len(remitted) == 1
    (difference,) = await differing(ums.payment, (6, "PAYMENT", None))
    assert difference["ours_fen"] == DUE_FEN
    assert await ums.payment.balances() == {
        "pending": DUE_FEN,
        "channel:UNIONPAY_QR": DUE_FEN,
        "premium": -2 * DUE_FEN,
    }


async def test_a_day_before_the_first_file_is_not_settled_by_its_sum(
    installation: Installation, tmp_path: Path
) -> None:
    async with running_chinaums(installation, tmp_path, today=date(2023, 10, 20)) as ums:
        (person,) = await ums.payment.bill()
        await ums.notify(forged(ums, await ums.order(person)))
        assert await ums.payment.states(person) == ["PAID"]
        await settled(ums, DUE_FEN)

        async def waits() -> bool:
            (found,) = await lines_of(ums.payment)
            return bool(found["set_aside_because"] == "SETTLED_WITHOUT_FILE")

        await eventually(waits)
        assert (await ums.payment.get("remittances?kind=ONLINE"))["items"] == []


@pytest.mark.expects_errors
async def test_what_the_file_has_otherwise_is_a_difference_and_a_fee_holds_the_payout(ums: RunningChinaums) -> None:
    journal = ums.channel.account.journal
    _, more = await ums.pay_new(moment=f"{FIRST} 10:00:00")
    await ums.notify(more)
    number, known = next(iter(journal.all("ums payment").items()))
    await journal.put("ums payment", number, known | {"amount_fen": DUE_FEN + 100})  # the file has another sum
    _, right = await ums.pay_new(moment=f"{FIRST} 11:00:00")
    await ums.notify(right)
    await ums.over(FIRST)
    await settled(ums, bills.settled_fen(ums.channel.account, FIRST))
    _, charged = await ums.pay_new(moment=f"{SECOND} 10:00:00")
    await ums.notify(charged)
    last, kept = list(journal.all("ums payment").items())[-1]
    await journal.put("ums payment", last, kept | {"fee_fen": 228})
    await ums.over(SECOND)
    await settled(ums, DUE_FEN - 228, SECOND, "B2", THIRD)
    await ums.over(THIRD)
    assert (await part(ums.payment, "READY_TO_REMIT"))["amount_fen"] == DUE_FEN
    (difference,) = await differing(ums.payment, (2, "PAYMENT", None))
    assert (difference["ours_fen"], difference["theirs_fen"]) == (DUE_FEN, DUE_FEN + 100)

    async def held() -> Any:
        return (await ums.payment.get("payouts?state=HELD"))["items"]

    (payout,) = await eventually(held)
    assert (payout["fault"], payout["amount_fen"]) == ("UNUSUAL_MOVEMENT", DUE_FEN - 228)
