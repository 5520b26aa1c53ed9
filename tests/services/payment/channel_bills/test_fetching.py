"""Each day's bills are fetched until they are read; what cannot be used leaves nothing but its name."""

import gzip
from datetime import date

import pytest
from prometheus_client import REGISTRY

from services.payment.channel_bills.job import fetch_bills
from services.payment.channel_bills.metrics import read_channel_bills
from tests.harness.channel_bills import OfferedBill
from tests.harness.eventually import eventually
from tests.services.payment.channel_bills.bill_rows import DAY, flow_file, moved, paid, refunded, trade_file
from tests.services.payment.running_payment import TODAY, RunningPayment

NEXT = date(2023, 10, 9)
TRADES = trade_file(paid(1), paid(2), refunded(1))
FLOWS = flow_file(moved(38000, "4200000001"), moved(38000, "4200000002"), moved(-38000, "5000000001"))


async def known(payment: RunningPayment) -> None:
    """Wait until the job has seen the merchant."""

    async def noted() -> bool:
        return bool(await payment.sql("SELECT FROM billed_merchant"))

    await eventually(noted, message="the merchant's bills are wanted")


async def on(payment: RunningPayment, day: date) -> None:
    """Let it be another day, after the merchant was seen today."""
    await known(payment)
    await payment.installation.set_business_date(day, "payment")


async def states(payment: RunningPayment) -> dict[str, tuple[str, str | None]]:
    """State and fault of every bill, by kind and day."""
    page = await payment.get("channel-bills")
    return {f"{each['kind']} {each['bill_day']}": (each["state"], each["fault"]) for each in page["items"]}


async def settled(payment: RunningPayment, expected: dict[str, tuple[str, str | None]]) -> None:
    """Wait until the bills are so."""

    async def so() -> bool:
        return await states(payment) == expected

    await eventually(so, message=f"the bills are {expected}")


def gauge(name: str, **labels: str) -> float:
    """A gauge as it was read last."""
    return REGISTRY.get_sample_value(f"canbao_channel_{name}", labels) or 0.0


async def lines(payment: RunningPayment) -> tuple[int, int, int]:
    """How many lines and pieces of files are kept."""
    tables = ("bill_trade_line", "bill_flow_line", "channel_bill_content")
    return tuple([await payment.one(f"SELECT count(*) FROM {table}") for table in tables])


class TestReading:
    async def test_yesterdays_bills_are_stored_line_by_line_with_the_file_as_it_came(
        self, payment: RunningPayment
    ) -> None:
        payment.peer.bills.put("TRADE", DAY, TRADES)
        payment.peer.bills.put("FUND_FLOW", DAY, FLOWS)
        await on(payment, NEXT)
        await settled(payment, {f"TRADE {DAY}": ("READ", None), f"FUND_FLOW {DAY}": ("READ", None)})
        assert await lines(payment) == (3, 3, 2)
        rows = await payment.sql(
            "SELECT kind, transaction_id, amount_fen, due_fen FROM bill_trade_line ORDER BY line_no"
        )
        assert [tuple(row) for row in rows] == [
            ("PAYMENT", "4200000001", 38000, 38000),
            ("PAYMENT", "4200000002", 38000, 38000),
            ("REFUND", "4200000001", 38000, 38000),
        ]
        assert await payment.one("SELECT balance_fen FROM bill_flow_line ORDER BY line_no DESC LIMIT 1") == 38000
        (trade, _) = sorted((await payment.get("channel-bills"))["items"], key=lambda each: each["kind"] != "TRADE")
        assert (trade["line_count"], trade["totals"]["订单总金额"], trade["attempts"]) == (3, "760.00", 1)
        assert trade["content_bytes"] == len(TRADES)
        content = await payment.one(
            "SELECT string_agg(content, '' ORDER BY part) FROM channel_bill_content WHERE bill_id::text = $1",
            trade["id"],
        )
        assert gzip.decompress(content) == TRADES

    async def test_a_day_without_business_is_empty(self, payment: RunningPayment) -> None:
        """NO_STATEMENT_EXIST after ten o'clock of the next day."""
        for kind in ("TRADE", "FUND_FLOW"):
            payment.peer.bills.put(kind, DAY, "NO_STATEMENT_EXIST")
        await on(payment, NEXT)
        await settled(payment, {f"TRADE {DAY}": ("EMPTY", None), f"FUND_FLOW {DAY}": ("EMPTY", None)})
        assert await lines(payment) == (0, 0, 0)

    async def test_no_business_on_a_day_with_payments_of_ours_is_no_last_word(self, payment: RunningPayment) -> None:
        """A1: the day was closed as empty by the channel's word at ten, and the file that came later never read."""
        (person,) = await payment.bill()
        await payment.paid(await payment.order(person))
        for kind in ("TRADE", "FUND_FLOW"):
            payment.peer.bills.put(kind, DAY, "NO_STATEMENT_EXIST")
        await on(payment, NEXT)
        late = ("WANTED", "NOT_READY")
        await settled(payment, {f"TRADE {DAY}": late, f"FUND_FLOW {DAY}": late})
        payment.peer.bills.put("TRADE", DAY, TRADES)
        assert await fetch_bills(payment.running, again_after_s=0) == 2
        assert (await states(payment))[f"TRADE {DAY}"] == ("READ", None)

    async def test_a_bill_that_is_not_ready_is_asked_for_until_it_is(self, payment: RunningPayment) -> None:
        await on(payment, NEXT)
        await settled(payment, {f"TRADE {DAY}": ("WANTED", "NOT_READY"), f"FUND_FLOW {DAY}": ("WANTED", "NOT_READY")})
        assert await fetch_bills(payment.running) == 0, "after a pause"
        payment.peer.bills.put("TRADE", DAY, TRADES)
        assert await fetch_bills(payment.running, again_after_s=0) == 2, "side by side"
        assert (await states(payment))[f"TRADE {DAY}"] == ("READ", None)
        assert await lines(payment) == (3, 0, 1)

    async def test_a_new_business_date_asks_again_at_once_for_every_day(self, payment: RunningPayment) -> None:
        await on(payment, NEXT)
        await settled(payment, {f"TRADE {DAY}": ("WANTED", "NOT_READY"), f"FUND_FLOW {DAY}": ("WANTED", "NOT_READY")})
        for kind, content in (("TRADE", TRADES), ("FUND_FLOW", FLOWS)):
            payment.peer.bills.put(kind, DAY, content)
            payment.peer.bills.put(kind, "2023-10-09", "NO_STATEMENT_EXIST")
        await on(payment, date(2023, 10, 10))
        read, empty = ("READ", None), ("EMPTY", None)
        await settled(
            payment,
            {
                f"TRADE {DAY}": read,
                f"FUND_FLOW {DAY}": read,
                "TRADE 2023-10-09": empty,
                "FUND_FLOW 2023-10-09": empty,
            },
        )

    async def test_days_are_wanted_from_the_one_on_which_the_merchant_was_first_seen(
        self, payment: RunningPayment
    ) -> None:
        await on(payment, NEXT)
        assert await payment.one("SELECT first_day FROM billed_merchant") == TODAY
        assert await fetch_bills(payment.running) in (0, 1, 2), "the service reads them, too"
        assert await payment.one("SELECT min(bill_day) FROM channel_bill") == TODAY


class TestFaults:
    @pytest.mark.parametrize(
        ("bill", "fault"),
        [
            (OfferedBill(TRADES, hash_value="0" * 40), "WRONG_HASH"),
            (OfferedBill(TRADES, packed=gzip.compress(TRADES + b"\r\n")), "WRONG_HASH"),
            (OfferedBill(TRADES, packed=gzip.compress(TRADES)[:-20]), "CUT"),
            (OfferedBill(TRADES, packed=b""), "CUT"),
            (OfferedBill(TRADES, packed=TRADES), "NOT_GZIP"),
            (OfferedBill(TRADES, packed=gzip.compress(TRADES) + b"more"), "NOT_GZIP"),
            (OfferedBill(bytes(64 << 20)), "TOO_LARGE"),
            (OfferedBill(TRADES.replace(b"`760.00,", b"`760.01,")), "WRONG_SUMMARY"),
            (OfferedBill(TRADES[: TRADES.rindex("总交易单数".encode())]), "CUT"),
            (OfferedBill(trade_file(paid(1), mchid="1900000999")), "OTHER_MERCHANT"),
            (OfferedBill(TRADES, address="http://127.0.0.1:9/v3/billdownload/file?token=TRADE"), "ADDRESS_NOT_ALLOWED"),
            (OfferedBill(TRADES, address="http://169.254.169.254/latest/meta-data"), "ADDRESS_NOT_ALLOWED"),
            (OfferedBill(TRADES, address="file:///etc/passwd"), "ADDRESS_NOT_ALLOWED"),
            (OfferedBill(TRADES, named={"hash_value": True}), "REFUSED"),
            (OfferedBill(TRADES, named={"hash_value": {}}), "REFUSED"),
            (OfferedBill(TRADES, named={"download_url": 7}), "ADDRESS_NOT_ALLOWED"),
            ("NO_AUTH", "REFUSED"),
        ],
    )
    @pytest.mark.guard("BOMB", mechanism="WECHAT")
    async def test_a_bill_that_cannot_be_used_leaves_its_day_wanted_and_nothing_else(
        self, payment: RunningPayment, bill: OfferedBill | str, fault: str
    ) -> None:
        payment.peer.bills.put("TRADE", DAY, bill)
        payment.peer.bills.put("FUND_FLOW", DAY, FLOWS)
        await on(payment, NEXT)
        await settled(payment, {f"TRADE {DAY}": ("WANTED", fault), f"FUND_FLOW {DAY}": ("READ", None)})
        assert await lines(payment) == (0, 3, 1), "never half applied"
        page = await payment.get("channel-bills?at_fault=true")
        assert [each["fault"] for each in page["items"]] == [fault]
        await read_channel_bills(payment.running)
        assert gauge("bills_faulty", fault=fault) == 1
        assert gauge("bills_wanted") == 1
        assert gauge("bill_oldest_seconds") > 0

    async def test_the_right_file_later_ends_the_fault(self, payment: RunningPayment) -> None:
        payment.peer.bills.put("TRADE", DAY, OfferedBill(TRADES, hash_value="0" * 40))
        payment.peer.bills.put("FUND_FLOW", DAY, FLOWS)
        await on(payment, NEXT)
        await settled(payment, {f"TRADE {DAY}": ("WANTED", "WRONG_HASH"), f"FUND_FLOW {DAY}": ("READ", None)})
        payment.peer.bills.put("TRADE", DAY, TRADES)
        assert await fetch_bills(payment.running, again_after_s=0) == 1
        await settled(payment, {f"TRADE {DAY}": ("READ", None), f"FUND_FLOW {DAY}": ("READ", None)})

    async def test_an_unsigned_answer_is_not_believed_however_well_it_looks(self, payment: RunningPayment) -> None:
        """The download alone carries no signature; any other unsigned 2xx proves nothing."""
        payment.peer.bills.put("TRADE", DAY, TRADES)
        offer = OfferedBill(TRADES).offer(payment.peer.url, f"TRADE-{DAY}")
        await known(payment)
        payment.peer.answers_unsigned = (200, str(offer).replace("'", '"').encode())
        await on(payment, NEXT)
        both = ("WANTED", "UNAVAILABLE")
        await settled(payment, {f"TRADE {DAY}": both, f"FUND_FLOW {DAY}": both})
        assert not [call for call in payment.peer.calls if "billdownload" in call]
        assert await lines(payment) == (0, 0, 0)

    async def test_a_redirect_of_the_download_is_not_followed(self, payment: RunningPayment) -> None:
        bill = OfferedBill(TRADES, address=f"{payment.peer.url}/v3/nowhere")
        payment.peer.bills.put("TRADE", DAY, bill)
        payment.peer.bills.put("FUND_FLOW", DAY, FLOWS)
        await on(payment, NEXT)
        await settled(payment, {f"TRADE {DAY}": ("WANTED", "UNAVAILABLE"), f"FUND_FLOW {DAY}": ("READ", None)})


class TestTwice:
    async def test_the_same_bill_a_day_later_changes_nothing(self, payment: RunningPayment) -> None:
        payment.peer.bills.put("TRADE", DAY, TRADES)
        payment.peer.bills.put("FUND_FLOW", DAY, "NO_STATEMENT_EXIST")
        await on(payment, NEXT)
        await settled(payment, {f"TRADE {DAY}": ("READ", None), f"FUND_FLOW {DAY}": ("EMPTY", None)})
        for kind in ("TRADE", "FUND_FLOW"):
            payment.peer.bills.put(kind, "2023-10-09", "NO_STATEMENT_EXIST")
        await on(payment, date(2023, 10, 10))
        query = "SELECT count(*) FROM channel_bill WHERE asked_on > read_on"

        async def looked_at_again() -> bool:
            return bool(await payment.one(query) == 2)

        await eventually(looked_at_again, message="both are looked at once more")
        assert {fault for _, fault in (await states(payment)).values()} == {None}
        assert await lines(payment) == (3, 0, 1)
        downloads = [call for call in payment.peer.calls if "billdownload" in call]
        assert len(downloads) == 1, "by its hash alone"
        assert await fetch_bills(payment.running, again_after_s=0) == 0, "once"

    @pytest.mark.parametrize("first", [TRADES, "NO_STATEMENT_EXIST"])
    async def test_another_file_for_a_day_that_was_read_is_named_and_never_overwrites(
        self, payment: RunningPayment, first: bytes | str
    ) -> None:
        payment.peer.bills.put("TRADE", DAY, first)
        payment.peer.bills.put("FUND_FLOW", DAY, FLOWS)
        await on(payment, NEXT)
        state = "READ" if first == TRADES else "EMPTY"
        await settled(payment, {f"TRADE {DAY}": (state, None), f"FUND_FLOW {DAY}": ("READ", None)})
        before = await lines(payment)
        payment.peer.bills.put("TRADE", DAY, trade_file(paid(1)))
        for kind in ("TRADE", "FUND_FLOW"):
            payment.peer.bills.put(kind, "2023-10-09", "NO_STATEMENT_EXIST")
        await on(payment, date(2023, 10, 10))

        async def named() -> bool:
            return (await states(payment))[f"TRADE {DAY}"] == (state, "OTHER_CONTENT")

        await eventually(named, message="the other file is named")
        assert await lines(payment) == before

    async def test_what_was_written_once_the_service_cannot_change(self, payment: RunningPayment) -> None:
        payment.peer.bills.put("TRADE", DAY, TRADES)
        payment.peer.bills.put("FUND_FLOW", DAY, FLOWS)
        await on(payment, NEXT)
        await settled(payment, {f"TRADE {DAY}": ("READ", None), f"FUND_FLOW {DAY}": ("READ", None)})
        query = """
            SELECT table_name, privilege_type FROM information_schema.role_table_grants
            WHERE grantee = 'payment_app' AND table_schema = 'public'
              AND privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE')
              AND table_name IN ('billed_merchant', 'channel_bill_content', 'bill_trade_line', 'bill_flow_line')
        """
        assert [tuple(row) for row in await payment.sql(query)] == []
