"""A pack that cannot be trusted is refused with file, line and the mend."""

from pathlib import Path

import pytest
import yaml

from shared.policy.loading import PACKS, load_pack
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
    "typo in a key": ("benefit_year: 2024", "benefit_yaer: 2024", "benefit_year is missing", "add it"),
    "unknown key": ("name: 罗山县", "colour: red\nname: 罗山县", "colour is no known entry", "remove it"),
    "unknown identity": ("identity: ORPHAN", "identity: ORFAN", "reliefs.1.identity", "correct the value"),
    "unknown funder": ("{unsplit:", "{nobody:", "standards.0.fiscal.shares.nobody", "correct the value"),
    "unknown channel": ("ALIPAY,", "ALIPAI,", "channels.accepted.2", "correct the value"),
    "unquoted region": ('region: "411521"', "region: 411521", "is not quoted", '"380.00"'),
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
    "unknown setting": ("value: half_up", "value: bankers", "settings.rounding.value", "correct the value"),
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


@pytest.mark.parametrize(("old", "new", "problem", "mend"), BREAKS.values(), ids=BREAKS.keys())
def test_a_broken_pack_is_refused_at_its_line_with_its_mend(
    tmp_path: Path, old: str, new: str, problem: str, mend: str
) -> None:
    refused = refusal(tmp_path, old, new)
    assert problem in refused.problem
    assert mend in refused.mend
    assert str(refused).startswith(f"luoshan-2024.yaml:{refused.line}: ")


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
    assert refusal(tmp_path, old, new).line == expected


SECOND = """  - from: {first}
    until: 2025-12-31
    individual: "400.00"
    basis: {{origin: external, external: a later notice, says: 下一年度标准}}

windows:"""


@pytest.mark.parametrize(
    ("first", "problem"), [("2025-01-02", "leaves a gap"), ("2024-12-31", "overlaps the standard")]
)
def test_standards_follow_each_other_without_gap_or_overlap(tmp_path: Path, first: str, problem: str) -> None:
    refused = refusal(tmp_path, "\nwindows:", SECOND.format(first=first))
    assert problem in refused.problem
    assert refused.mend == "begin on 2025-01-01"


def test_a_missing_pack_and_a_path_are_no_packs(tmp_path: Path) -> None:
    for name in ("../luoshan-2024", ".hidden"):
        with pytest.raises(PackError, match="->"):
            load_pack(name, folder=tmp_path)
    with pytest.raises(UnknownPack, match=r"there is no pack luoshan-2042.*luoshan-2024"):
        load_pack("luoshan-2042", folder=tmp_path)


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
    ],
)
def test_overrides_that_do_not_fit_are_refused_at_their_line(
    tmp_path: Path, text: str, problem: str, line: int
) -> None:
    refused = overrides_refusal(tmp_path, text)
    assert problem in refused.problem
    assert refused.line == line


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
