"""A pack that cannot be trusted is refused with file, line and the remedy."""

from pathlib import Path

import pytest
import yaml

from shared.policy.loader import PACKS, load_pack
from shared.policy.pack import ReliefKind
from shared.policy.source import PackError, UnknownPack
from tests.shared.policy.luoshan import AMOUNTS, ROOT, luoshan, luoshan_with_amounts

TEXT = (PACKS / "luoshan-2024.yaml").read_text(encoding="utf-8")


def refusal(folder: Path, old: str, new: str) -> PackError:
    """What loading says once one place of the pack was changed."""
    assert old in TEXT
    (folder / "luoshan-2024.yaml").write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PackError) as refused:
        load_pack("luoshan-2024", folder=folder)
    return refused.value


def overrides_refusal(folder: Path, text: str) -> PackError:
    file = folder / "amounts.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PackError) as refused:
        load_pack("luoshan-2024", overrides=file)
    return refused.value


BREAKS = {
    "unquoted amount": ('individual: "380.00"', "individual: 380.00", "is not quoted", '"380.00"'),
    "whole number": ('floor: "640.00"', "floor: 640", "is not quoted", '"380.00"'),
    "third decimal": ('individual: "380.00"', 'individual: "380.005"', "not an amount", '"380.00"'),
    "negative amount": ('individual: "380.00"', 'individual: "-380.00"', "negative", "zero or more"),
    "sum": ('unsplit: "640.00"', 'unsplit: "639.00"', "do not add up", "correct a share"),
    "typo in a key": ("benefit_year: 2024", "benefit_yaer: 2024", "benefit_yaer 不是已知条目", "perhaps benefit_year"),
    "typo in a section": ("\nrefunds:", "\nrefund:", "refund 不是已知条目", "perhaps refunds"),
    "typo of what may be left out": (
        "  corrections:",
        "  correction:",
        "evaluation.correction 不是",
        "perhaps corrections",
    ),
    "unknown key": (
        "name: 罗山县",
        "colour: red\nname: 罗山县",
        "colour 不是已知条目 · is no known entry",
        "remove it",
    ),
    "missing key": ("benefit_year: 2024\n", "", "benefit_year 缺少 · is missing", "add it"),
    "unknown identity": ("identity: ORPHAN", "identity: ORFAN", "reliefs.1.identity 没有 ORFAN", "perhaps ORPHAN"),
    "unknown funder": (
        "{unsplit:",
        "{nobody:",
        "standards.0.fiscal.shares.nobody 没有 nobody",
        "one of central, province",
    ),
    "unknown channel": ("ALIPAY,", "ALIPAI,", "channels.accepted.2 没有 ALIPAI", "perhaps ALIPAY"),
    "unquoted region": ('region: "411521"', "region: 411521", "is not quoted", '"411521"'),
    "unknown default": ("default: 14,", "default: 41,", "benefit.basis.default", "at most 28"),
    "a year that the dates are not in": (
        "benefit_year: 2024",
        "benefit_year: 2025",
        "begins in 2024",
        "correct the year",
    ),
    "windows out of order": (
        "  - from: 2023-12-31\n    until: 2023-12-31",
        "  - from: 2023-10-01\n    until: 2023-10-05",
        "overlaps the window",
        "begin on 2023-12-31",
    ),
    "an identity twice": ("{identity: ORPHAN,", "{identity: TEKUN,", "TEKUN 写了两次", "distinguish them by whom"),
    "more aid than anybody owes": (
        "{identity: ORPHAN, open: true",
        '{identity: ORPHAN, fixed: "380.01", funders: {central: "100"}',
        "more than the contribution of 380.00",
        "full: true",
    ),
    "full is not false": (
        "{identity: ORPHAN, open: true",
        "{identity: ORPHAN, open: false",
        "cannot be False",
        "write true",
    ),
    "an age band of other ages": (
        "{identity: ORPHAN, open: true",
        "{identity: AGE_60_69, open: true, whom: {age_from: 65}",
        "AGE_60_69 does not hold the ages",
        "correct age_from",
    ),
    "a relief of no kind": ("{identity: ORPHAN, open: true", "{identity: ORPHAN", "one of open", "add one of them"),
    "a Chinese name": ("identity: ORPHAN", "identity: 低保", "没有 低保", "perhaps DIBAO"),
    "a full-width colon": ("name: 罗山县", "name：罗山县", "not YAML", "a plain colon"),
    "a tab": ("  until: 2024-12-31\n  basis", "\tuntil: 2024-12-31\n  basis", "not YAML", "not by tabs"),
    "Chinese quotes": ('individual: "380.00"', "individual: “380.00”", "is not an amount", "plain quotes"),
    "a comma in a quotation": (
        "quote: 个人缴费标准为每人 380 元",
        "quote: 个人缴费标准, 每人 380 元",
        "每人 380 元 不是已知条目",
        "into quotes",
    ),
    "a group twice": ("code: LONG_TERM_RESIDENT", "code: LOCAL_HUKOU", "LOCAL_HUKOU 写了两次", "another code"),
    "a school without its levels": (
        "whom: {hukou: [local]}",
        "whom: {hukou: [local], full_time: true}",
        "asks about a school without its levels",
        "add school_levels",
    ),
    "certified when, as what": (
        "whom: {hukou: [local]}",
        "whom: {certified_after: 2023-01-01}",
        "asks when without saying as what",
        "add certified",
    ),
    "a wait of no length": (
        "  - from: 2023-12-31\n    until: 2023-12-31\n",
        "  - from: 2023-12-31\n    until: 2023-12-31\n    wait: {code: LATE}\n",
        "the wait has no length",
        "write days or months",
    ),
    "cover from birth for everybody": (
        "  - from: 2023-12-31\n    until: 2023-12-31\n",
        "  - from: 2023-12-31\n    until: 2023-12-31\n    cover: BIRTH\n",
        "only newborns are covered from birth",
        "days_old_max: 90",
    ),
    "a suspension elsewhere": (
        "  insured_elsewhere:\n    statuses: [active]\n",
        "  insured_elsewhere:\n    statuses: [active]\n    suspended_for: {employed: true}\n",
        "only employee insurance is suspended",
        "move suspended_for",
    ),
    "a quotation that proves nothing": (
        "quote: 个人缴费标准为每人 380 元",
        'quote: " 元 "',
        "too short to prove",
        "quote the",
    ),
    "ages of nobody": (
        "whom: {hukou: [local]}",
        "whom: {age_from: 18, age_under: 18}",
        "nobody is from 18",
        "correct one",
    ),
    "region of other length": ('region: "411521"', 'region: "41152"', "is not a region", '"411521"'),
    "overlapping windows": ("- from: 2023-12-31", "- from: 2023-12-30", "overlaps the window", "begin on 2023-12-31"),
    "window without standard": (
        "  - from: 2023-10-01\n    until: 2024-12-31",
        "  - from: 2023-10-02\n    until: 2024-12-31",
        "no standard holds",
        "extend a standard",
    ),
    "dates exchanged": ("until: 2023-12-30", "until: 2023-09-30", "lies before", "exchange them"),
    "no date": ("until: 2023-12-30", "until: 2023-12-32", "", "correct"),
    "clause missing": (
        "      clause: {section: 一、筹资标准, quote: 个人缴费标准为每人 380 元}\n",
        "",
        "origin document needs its clause",
        "add clause",
    ),
    "default without number": ("{origin: default, default: 14,", "{origin: default,", "number of the default", "add"),
    "unknown setting": ("value: half_up", "value: bankers", "settings.rounding.value 没有 bankers", "one of half_up"),
    "other id": ("id: luoshan-2024", "id: luoshan-2025", "id is luoshan-2025", "as the file is named"),
    "key written twice": ("benefit_year: 2024", "benefit_year: 2024\nbenefit_year: 2024", "written twice", "keep one"),
    "not YAML": ("benefit_year: 2024", "benefit_year: [2024", "", "correct the YAML"),
    "relief of two kinds": (
        "{identity: ORPHAN, open: true",
        "{identity: ORPHAN, open: true, full: true",
        "one of open",
        "keep exactly",
    ),
    "relief without funder": (
        "{identity: ORPHAN, open: true",
        "{identity: ORPHAN, full: true",
        "names its funders",
        "add or remove",
    ),
}


@pytest.mark.parametrize(("old", "new", "problem", "remedy"), BREAKS.values(), ids=BREAKS.keys())
def test_a_broken_pack_is_refused_at_its_line_with_its_remedy(
    tmp_path: Path, old: str, new: str, problem: str, remedy: str
) -> None:
    (fault,) = refusal(tmp_path, old, new).faults
    assert problem in fault.problem
    assert remedy in fault.remedy
    assert " · " in fault.problem
    assert " · " in fault.remedy


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('individual: "380.00"', "individual: 380.00"),
        ("identity: ORPHAN", "identity: ORFAN"),
        ("name: 罗山县", "colour: red\nname: 罗山县"),
        ("value: half_up", "value: bankers"),
    ],
)
def test_the_line_named_is_the_line_at_fault(tmp_path: Path, old: str, new: str) -> None:
    expected = TEXT[: TEXT.index(old)].count("\n") + 1
    (fault,) = (refused := refusal(tmp_path, old, new)).faults
    assert fault.line == expected
    assert str(refused).startswith(f"luoshan-2024.yaml:{expected}: ")


def test_everything_that_is_wrong_is_named_at_once_from_the_first_line_on(tmp_path: Path) -> None:
    (tmp_path / "luoshan-2024.yaml").write_text(
        TEXT.replace("identity: ORPHAN", "identity: ORFAN").replace('floor: "640.00"', "floor: 640.00"),
        encoding="utf-8",
    )
    with pytest.raises(PackError) as refused:
        load_pack("luoshan-2024", folder=tmp_path)
    floor, orphan = refused.value.faults
    assert ("is not quoted" in floor.problem, "ORFAN" in orphan.problem) == (True, True)
    assert floor.line < orphan.line
    assert len(str(refused.value).splitlines()) == 2


SECOND = """  - from: {first}
    until: 2025-12-31
    individual: "400.00"
    basis: {{origin: external, external: a later notice, says: 下一年度标准}}

windows:"""


@pytest.mark.parametrize(
    ("first", "problem"), [("2025-01-02", "leaves a gap"), ("2024-12-31", "overlaps the standard")]
)
def test_standards_follow_each_other_without_gap_or_overlap(tmp_path: Path, first: str, problem: str) -> None:
    (fault,) = refusal(tmp_path, "\nwindows:", SECOND.format(first=first)).faults
    assert problem in fault.problem
    assert fault.remedy == "自2025-01-01起 · begin on 2025-01-01"


LATER = """
  - from: {first}
    until: 2024-02-29
    basis: {{origin: external, external: a later notice, says: 补缴}}
    reopens: {reopens}

exclusions:"""


def test_a_window_leaves_days_out_only_where_the_pack_says_so(tmp_path: Path) -> None:
    (fault,) = refusal(tmp_path, "\nexclusions:", LATER.format(first="2024-02-01", reopens="false")).faults
    assert "leaves a gap after 2023-12-31" in fault.problem
    assert "reopens: true" in fault.remedy
    for first, reopens in (("2024-01-01", "false"), ("2024-02-01", "true")):
        text = TEXT.replace("\nexclusions:", LATER.format(first=first, reopens=reopens), 1)
        (tmp_path / "luoshan-2024.yaml").write_text(text, encoding="utf-8")
        assert len(load_pack("luoshan-2024", folder=tmp_path).windows) == 3


@pytest.mark.parametrize(
    ("first", "problem"), [("2023-01-02", "leaves a gap"), ("2022-12-31", "overlaps the newborn rule")]
)
def test_newborn_rules_follow_each_other(tmp_path: Path, first: str, problem: str) -> None:
    text = (PACKS / "tonghe-2023.yaml").read_text(encoding="utf-8")
    rule = "    - from: 2023-01-01\n      until: 2023-08-31"
    assert rule in text
    (tmp_path / "tonghe-2023.yaml").write_text(text.replace(rule, rule.replace("2023-01-01", first)), encoding="utf-8")
    with pytest.raises(PackError) as refused:
        load_pack("tonghe-2023", folder=tmp_path)
    assert [problem in fault.problem for fault in refused.value.faults] == [True]


def test_a_missing_pack_and_a_path_are_no_packs(tmp_path: Path) -> None:
    for name in ("../luoshan-2024", ".hidden"):
        with pytest.raises(PackError, match="->"):
            load_pack(name, folder=tmp_path)
    with pytest.raises(UnknownPack, match=r"there is no pack luoshan-2042.*luoshan-2024"):
        load_pack("luoshan-2042", folder=tmp_path)


def test_an_entry_that_holds_itself_is_refused(tmp_path: Path) -> None:
    text = TEXT.replace("  corrections:\n", "  corrections: &self\n    again: *self\n", 1)
    (tmp_path / "luoshan-2024.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PackError, match="holds itself"):
        load_pack("luoshan-2024", folder=tmp_path)


def test_a_pack_that_is_not_text_or_holds_nothing_is_refused(tmp_path: Path) -> None:
    for content in (b"\xff\xfe\x00", b"", b"- a\n- b\n"):
        (tmp_path / "empty.yaml").write_bytes(content)
        with pytest.raises(PackError):
            load_pack("empty", folder=tmp_path)


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        (
            "invented: true\nsubsidies:\n  DIBAO: {type: fixed, amount: 200.00, funder: county_finance}\n",
            "not quoted",
            3,
        ),
        ("subsidies:\n  DIBAO: {type: fixed, funder: county_finance}\n", "fixed has an amount", 2),
        (
            'subsidies:\n  DIBAO: {type: fixed, amount: "381.00", funder: county_finance}\n',
            "more than the contribution",
            2,
        ),
        ("subsidies:\n  DIBAAO: {type: full, funder: county_finance}\n", "subsidies.DIBAAO", 2),
        ("extension: {until: 2023-12-30, source: x}\n", "already runs until", 1),
        ("extension: {until: 2025-01-01, source: x}\n", "no standard holds", 1),
        ("subsidies:\n  AGE_70_PLUS: {type: full, funder: county_finance}\n", "from which age AGE_70_PLUS counts", 2),
    ],
)
def test_overrides_that_do_not_fit_are_refused_at_their_line(
    tmp_path: Path, text: str, problem: str, line: int
) -> None:
    (fault,) = overrides_refusal(tmp_path, text).faults
    assert problem in fault.problem
    assert fault.line == line


def test_the_example_amounts_are_labelled_invented_and_leave_one_identity_open() -> None:
    pack = luoshan_with_amounts()
    kinds = {relief.identity.value: relief.kind for relief in pack.reliefs}
    assert kinds == {
        "TEKUN": ReliefKind.FULL,
        "ORPHAN": ReliefKind.FULL,
        "DIBAO": ReliefKind.FIXED,
        "DIBAO_MARGIN": ReliefKind.OPEN,
        "POVERTY_MONITORED": ReliefKind.PERCENT,
    }
    assert pack.overrides_label is not None
    assert "虚构" in pack.overrides_label
    assert "invented" in AMOUNTS.read_text(encoding="utf-8")


def test_the_document_itself_gives_no_amount_for_any_identity() -> None:
    assert {relief.kind for relief in luoshan().reliefs} == {ReliefKind.OPEN}
    assert luoshan().overrides_label is None


def test_the_targets_of_the_document_add_up() -> None:
    targets = yaml.safe_load((ROOT / "deploy/counties/luoshan-2024/targets.yaml").read_text(encoding="utf-8"))
    assert len(targets["towns"]) == 20
    assert sum(town["target"] for town in targets["towns"]) == targets["declared_total"] == 642656
    assert {len(town["region"]) for town in targets["towns"]} == {9}
