"""Importing a register: what is entered, what stands already, what is refused and why."""

from pathlib import Path

import orjson
import pytest

from tests.harness.identity_numbers import a_number
from tests.harness.installation import Installation
from tests.harness.registers import HEADER, a_file, a_row, counts, everything, imported, with_towns
from tests.services.registration.imports.registers_read import files_in, rows_of


@pytest.fixture(autouse=True)
async def towns(installation: Installation) -> None:
    await with_towns(installation)


async def test_people_are_registered_and_announced_in_the_importers_name(
    installation: Installation, tmp_path: Path
) -> None:
    report = await imported(installation, a_file(tmp_path, [a_row(1), a_row(2, "李四")]))

    assert counts(report) == (2, 0, 0)
    assert report.errors is None
    assert files_in(tmp_path) == ["people.csv"]
    enrolments = await installation.sql("registration", "SELECT * FROM enrolment ORDER BY masked_number")
    assert [(row["state"], row["region"], row["benefit_year"], row["actor"]) for row in enrolments] == [
        ("REGISTERED", "411521101201", 2024, "operator:clerk")
    ] * 2
    assert orjson.loads(enrolments[0]["facts"])["birth_date"] == "1990-01-01"
    announced = await installation.sql("registration", "SELECT key, event, actor, payload::text, lane FROM outbox")
    assert {row["key"] for row in announced} == {row["id"] for row in enrolments}
    assert {(row["event"], row["actor"]) for row in announced} == {
        ("registration.enrolment_registered.v1", "operator:clerk")
    }
    assert not [row for row in announced if a_number(1) in row["payload"] or "张三" in row["payload"]]


async def test_the_same_file_again_changes_nothing(installation: Installation, tmp_path: Path) -> None:
    path = a_file(tmp_path, [a_row(1), a_row(2), ("王五", "4115", "411521101201")])
    assert counts(await imported(installation, path)) == (2, 0, 1)
    before = await everything(installation)

    again = await imported(installation, path)

    assert counts(again) == (0, 2, 1)
    assert await everything(installation) == before
    assert again.errors == tmp_path / "people.errors-2.csv"


async def test_a_rehearsal_says_the_same_and_enters_nothing(installation: Installation, tmp_path: Path) -> None:
    await imported(installation, a_file(tmp_path, [a_row(1), a_row(2)], name="before.csv"))
    before = await everything(installation)
    path = a_file(
        tmp_path,
        [
            a_row(1),
            a_row(2, "另一人"),
            a_row(3),
            a_row(3),
            a_row(3, "另一人"),
            a_row(4, village="411521199201"),
            a_row(5, village="411522101201"),
            ("王五", a_number(6)[:-1] + "?", "411521101201"),
            a_row(7),
        ],
    )

    rehearsed = await imported(installation, path, rehearsed=True)
    assert await everything(installation) == before
    entered = await imported(installation, path)

    assert counts(rehearsed) == counts(entered) == (2, 2, 5)
    assert rehearsed.tally.reasons == {
        "IMPORT_ENROLLED_DIFFERENTLY": 1,
        "IMPORT_DOUBLED_IN_FILE": 1,
        "UNKNOWN_REGION": 1,
        "NOT_FOUND": 1,
        "INVALID_IDENTITY_NUMBER": 1,
    }
    assert entered.tally.reasons["IMPORT_ENROLLED_DIFFERENTLY"] == 2
    assert not await installation.sql("registration", "SELECT id FROM import_run WHERE finished_at IS NULL")


async def test_a_refused_row_comes_back_as_it_was_sent_with_its_reason_in_two_languages(
    installation: Installation, tmp_path: Path
) -> None:
    sent = ("备注", *HEADER)
    rows = [("甲", *a_row(1)), ("乙", "李四", "411521199001010010", "411521101201")]

    report = await imported(installation, a_file(tmp_path, rows, sent, line_break="\r\n"))

    assert report.opened.columns.unused == ("备注",)
    assert report.errors is not None
    header, refused = rows_of(report.errors, "utf-8")
    assert header == [*sent, "错误原因"]
    assert refused[:4] == list(rows[1])
    assert refused[4].startswith("[INVALID_IDENTITY_NUMBER] 证件号码有误（最后一位校验码不符）")
    assert "the last character does not fit" in refused[4]
    assert report.errors.read_bytes().count(b"\r\n") == 2


async def test_the_file_that_came_back_can_be_corrected_and_sent_again(
    installation: Installation, tmp_path: Path
) -> None:
    report = await imported(installation, a_file(tmp_path, [a_row(1), ("李四", "4115", "411521101201")]))
    assert report.errors is not None
    corrected = report.errors.read_text("utf-8").replace(",4115,", f",{a_number(2)},")
    report.errors.write_text(corrected, "utf-8")

    again = await imported(installation, report.errors)

    assert counts(again) == (1, 0, 0)
    assert again.opened.columns.unused == ()


async def test_what_differs_is_named_and_nothing_is_overwritten(installation: Installation, tmp_path: Path) -> None:
    await imported(installation, a_file(tmp_path, [a_row(1)], name="before.csv"))

    report = await imported(installation, a_file(tmp_path, [a_row(1, "李四", "411521102201")]))

    assert report.errors is not None
    (_, refused) = rows_of(report.errors, "utf-8")
    assert "姓名 name" in refused[3]
    assert "村（居）代码 region" in refused[3]
    (row,) = await installation.sql("registration", "SELECT region FROM enrolment")
    assert row["region"] == "411521101201"


class TestRegion:
    async def test_people_of_another_town_are_refused_and_those_of_the_callers_are_taken(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        path = a_file(tmp_path, [a_row(1), a_row(2, village="411521102201")])
        for rehearsed in (True, False):
            report = await imported(installation, path, region="411521101", rehearsed=rehearsed)
            assert counts(report) == (1, 0, 1)
            assert report.tally.reasons == {"NOT_FOUND": 1}

    async def test_a_person_enrolled_in_another_town_is_refused_without_saying_where(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        await imported(installation, a_file(tmp_path, [a_row(1, village="411521102201")], name="before.csv"))
        for rehearsed in (True, False):
            report = await imported(installation, a_file(tmp_path, [a_row(1)]), region="411521101", rehearsed=rehearsed)
            assert report.tally.reasons == {"ALREADY_ENROLLED": 1}
            assert report.errors is not None
            assert "411521102" not in report.errors.read_text("utf-8")


async def test_only_registrations_own_role_may_ask_who_is_enrolled(installation: Installation) -> None:
    rows = await installation.sql(
        "registration",
        """
        SELECT r.rolname FROM pg_roles r
        WHERE has_function_privilege(r.rolname, 'already_enrolled(text[], integer[])', 'EXECUTE') AND NOT r.rolsuper
        """,
    )
    assert {row["rolname"] for row in rows} - {"canbao_owner"} == {"registration_app"}


async def test_of_two_rows_about_one_person_the_first_is_entered_however_many_there_are(
    installation: Installation, tmp_path: Path
) -> None:
    people = range(1, 701)
    rows = [a_row(each, name) for each in people for name in ("张三", "李四")]

    report = await imported(installation, a_file(tmp_path, rows))

    assert counts(report) == (700, 0, 700)
    assert report.errors is not None
    assert {row[0] for row in rows_of(report.errors, "utf-8")[1:]} == {"李四"}


async def test_a_column_may_name_the_year_as_people_write_it(installation: Installation, tmp_path: Path) -> None:
    written = ["2024", "２０２４", "2025", "2024年度", "2024.0", '="2024"', "'2024", "", "24", "二〇二四", "1999"]
    rows = [(*a_row(number), year) for number, year in enumerate(written, start=1)]

    report = await imported(installation, a_file(tmp_path, rows, (*HEADER, "年度")))

    assert counts(report) == (8, 0, 3)
    years = await installation.sql(
        "registration", "SELECT benefit_year, count(*) FROM enrolment GROUP BY benefit_year ORDER BY 1"
    )
    assert [tuple(row) for row in years] == [(2024, 7), (2025, 1)]
    assert report.errors is not None
    assert [row[3] for row in rows_of(report.errors, "utf-8")[1:]] == ["24", "二〇二四", "1999"]
