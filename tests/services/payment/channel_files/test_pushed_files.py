"""A bank's day-end file, pushed: what it says is credited once, and what is wrong with it is named."""

from tests.services.payment.bank.statement_steps import breaks
from tests.services.payment.channel_files.institutions import (
    DAY_AFTER,
    NEXT_SERIAL,
    YNT,
    Collecting,
    digest,
    number_of,
    signature,
)
from tests.services.payment.layouts.invented_files import BACK, ccb_file, ccb_line, harbin_file, harbin_line


async def test_a_right_file_pays_each_line_once_and_is_the_same_file_again(files: Collecting) -> None:
    first, second = await files.billed(2)
    content = harbin_file(
        harbin_line("S1", number=number_of(1)),
        harbin_line("S2", number=number_of(2), channel="WX"),
        harbin_line("S3", number=number_of(9)),
        total="1140.00",
    )
    answer = await files.push(content)
    assert (answer.status_code, answer.json()["content_hash"]) == (201, digest(content))
    await files.worked()
    assert await files.became() == [
        (2, "CREDITED", None),
        (3, "CREDITED", None),
        (4, "SUSPENDED", "NOT_REGISTERED"),
    ]
    assert await files.payment.states(first, second) == ["PAID", "PAID"]
    books = await files.payment.balances()
    assert books == {
        "channel:HRB_BANK_COUNTER": 76000,
        "channel:HRB_BANK_WECHAT": 38000,
        "premium": -76000,
        "suspense": -38000,
    }
    again = await files.push(content)
    assert (again.status_code, again.json()["id"]) == (200, answer.json()["id"])
    assert await files.payment.balances() == books


async def test_what_is_stored_of_a_file_names_nobody(files: Collecting) -> None:
    await files.billed(1)
    content = ccb_file(ccb_line("Y1", number=number_of(1)), ccb_line("Y2", number="0" * 18), total_fen=76000)
    assert (await files.push(content, YNT)).status_code == 201
    await files.worked()
    rows = await files.payment.sql("SELECT f::text || l::text AS said FROM channel_file f, channel_file_line l")
    assert rows
    assert not [row for row in rows if number_of(1) in row["said"] or "张三" in row["said"]]
    assert not [row for row in rows if "0" * 18 in row["said"]]
    assert [line["state"] for line in await files.lines()] == ["CREDITED", "SUSPENDED"]


async def test_a_wrong_total_names_the_file_and_credits_nothing(files: Collecting) -> None:
    (person,) = await files.billed(1)
    line = harbin_line("S1", number=number_of(1))
    wrong = await files.push(harbin_file(line, total="380.01"))
    assert (wrong.status_code, wrong.json()["type"].rpartition(":")[2]) == (422, "channel-file-wrong")
    assert "WRONG_TOTAL" in wrong.json()["detail"]
    assert (await files.push(harbin_file(line, total="380.01"))).status_code == 422, "the same file, the same answer"
    (file,) = (await files.payment.get("channel-files?state=REFUSED"))["items"]
    assert (file["fault"], file["line_count"], file["paid_fen"]) == ("WRONG_TOTAL", 0, 0)
    assert await files.payment.sql("SELECT FROM channel_file_line") == []
    assert await files.payment.balances() == {}
    assert (await files.push(harbin_file(line, total="380.00"))).status_code == 201, "and the right one counts"
    await files.worked()
    assert await files.payment.states(person) == ["PAID"]


async def test_a_line_that_cannot_be_read_is_left_aside_by_its_number_and_the_rest_is_credited(
    files: Collecting,
) -> None:
    people = await files.billed(2)
    content = harbin_file(
        harbin_line("S1", number=number_of(1)),
        harbin_line("S2", "38o.00", number=number_of(2)),
        harbin_line("S1", number=number_of(1)),
        total="1140.00",
    )
    answer = await files.push(content)
    assert (answer.json()["line_count"], answer.json()["unread_count"], answer.json()["open_fen"]) == (3, 2, 76000)
    await files.worked()
    assert await files.payment.states(*people) == ["PAID", "OPEN"]
    assert [(line["line_no"], line["fault"], line["fault_field"]) for line in await files.lines(state="UNREAD")] == [
        (3, "WRONG_AMOUNT", "金额"),
        (4, "SEQUENCE_TWICE", ""),
    ]


async def test_another_file_of_a_day_never_overwrites_the_one_that_counts(files: Collecting) -> None:
    people = await files.billed(2)
    first = harbin_file(harbin_line("S1", number=number_of(1)), total="380.00")
    other = harbin_file(harbin_line("S2", number=number_of(2)), total="380.00")
    assert (await files.push(first)).status_code == 201
    for _ in range(2):
        refused = await files.push(other)
        assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "channel-file-differs")
    await files.worked()
    assert await files.payment.states(*people) == ["PAID", "OPEN"]
    states = [(file["state"], file["fault"]) for file in (await files.payment.get("channel-files"))["items"]]
    assert states == [("DONE", None), ("REFUSED", "OTHER_CONTENT")]


async def test_a_day_with_a_reversal_comes_to_what_stands(files: Collecting) -> None:
    """3|760.00 with a reversal: net 38000."""
    people = await files.billed(2)
    content = harbin_file(
        harbin_line("S2", number=number_of(2), kind=BACK),
        harbin_line("S1", number=number_of(1)),
        harbin_line("S2", number=number_of(2)),
        total="760.00",
    )
    answer = (await files.push(content)).json()
    assert answer["paid_fen"] - answer["reversed_fen"] == 38000
    await files.worked()
    assert await files.payment.states(*people) == ["PAID", "OPEN"]
    assert await files.payment.balances() == {"channel:HRB_BANK_COUNTER": 38000, "premium": -38000}
    assert await breaks(files.payment) == []


async def test_a_name_in_gbk_is_compared_and_one_that_differs_waits_for_a_person(files: Collecting) -> None:
    people = await files.billed(2)
    await files.named(1, people[0], "张三")
    await files.named(2, people[1], "李四")
    content = ccb_file(
        ccb_line("Y1", number=number_of(1), name="张　三"),
        ccb_line("Y2", number=number_of(2), name="王五"),
        total_fen=76000,
    )
    assert (await files.push(content, YNT)).status_code == 201
    await files.worked()
    assert await files.became() == [(2, "CREDITED", None), (3, "SUSPENDED", "NAME_DIFFERS")]


class TestWhoseWord:
    async def test_a_file_that_its_institution_did_not_sign_leaves_nothing(self, files: Collecting) -> None:
        content = harbin_file(harbin_line("S1", number=number_of(1)), total="380.00")
        other = content.replace(b"S1", b"S9")
        for changes in (
            {"Canbao-Signature": signature(other)},
            {"Canbao-Signature": signature(content, NEXT_SERIAL)},
            {"Canbao-Signature": "not base64"},
            {"Canbao-Signature": ""},
            {"Canbao-Serial": "unknown"},
            {"Canbao-Serial": "../K2023"},
        ):
            assert (await files.push(content, changes=changes)).status_code == 403, changes
        assert (await files.payment.get("channel-files"))["items"] == []
        rotated = {"Canbao-Serial": NEXT_SERIAL, "Canbao-Signature": signature(content, NEXT_SERIAL)}
        assert (await files.push(content, changes=rotated)).status_code == 201, "both keys count during a switch"

    async def test_an_unknown_institution_a_day_to_come_and_another_day_are_refused(self, files: Collecting) -> None:
        content = harbin_file(harbin_line("S1", number=number_of(1)), total="380.00")
        assert (await files.push(content, "NOBODY")).status_code == 404
        assert (await files.push(content, day=DAY_AFTER)).status_code == 422
        other = ccb_file(ccb_line(day="20231007"), total_fen=38000, day="20231007")
        refused = await files.push(other, YNT)
        assert (refused.status_code, "OTHER_DAY" in refused.json()["detail"]) == (422, True)

    async def test_a_caller_without_the_scope_sends_no_file(self, files: Collecting) -> None:
        payment = files.payment
        headers = payment.installation.caller("payment:read", now=payment.running.clock.now())
        answer = await payment.http.put("/payment/v1/channel-files/HRB/2023-10-08", content=b"", headers=headers)
        assert answer.status_code == 403
