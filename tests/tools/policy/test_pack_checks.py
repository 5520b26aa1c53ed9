"""``canbao policy lint``: whether a pack can be trusted, by its file, its documents and its author's likely meaning."""

from pathlib import Path

from shared.policy.loader import PACKS, load_pack
from tests.tools.policy.test_commands import typed
from tools.policy.explanation import bases
from tools.policy.pack_checks import documents_in, unfound


def test_a_clause_is_found_across_the_line_that_a_page_broke(tmp_path: Path) -> None:
    pack = load_pack("shantou-2022")
    everything = "\n".join(
        basis.clause.quote for _, basis in bases(pack) if basis.origin == "document" and basis.clause is not None
    )
    document = tmp_path / "document.txt"
    document.write_text(everything.replace("低保对象", "低保\n\n  对象"), encoding="utf-8")
    assert list(unfound(pack, documents_in(tmp_path))) == []
    document.write_text(everything.replace("280", "290"), encoding="utf-8")
    assert [each.partition("：")[0] for each in unfound(pack, documents_in(tmp_path))] == ["shantou-2022 reliefs.DIBAO"]
    assert typed("lint", "shantou-2022", "--documents", str(tmp_path))[0] == 1
    assert typed("lint")[0] == 0


def test_an_amount_that_its_quotation_does_not_say_is_reported(tmp_path: Path) -> None:
    text = (PACKS / "shantou-2022.yaml").read_text(encoding="utf-8")
    assert 'fixed: "280.00"' in text
    (tmp_path / "shantou-2022.yaml").write_text(text.replace('fixed: "280.00"', 'fixed: "28.00"'), encoding="utf-8")
    code, printed = typed("lint", "shantou-2022", "--folder", str(tmp_path))
    assert code == 1
    assert printed.splitlines()[0] == "shantou-2022 reliefs.DIBAO：引文没有写 28 · the quotation does not say 28"


def test_lint_names_every_broken_pack_of_a_folder_and_still_checks_the_others(tmp_path: Path) -> None:
    for pack_id in ("luoshan-2024", "tonghe-2023", "national-2025"):
        text = (PACKS / f"{pack_id}.yaml").read_text(encoding="utf-8")
        broken = text if pack_id == "national-2025" else text.replace('individual: "380.00"', "individual: 380.00")
        (tmp_path / f"{pack_id}.yaml").write_text(broken, encoding="utf-8")
    code, printed = typed("lint", "--folder", str(tmp_path), "--documents", str(tmp_path))
    assert code == 1
    assert printed.count("没有加引号 · is not quoted") == 2
    assert [line for line in printed.splitlines() if line[0] in "✓✗!"] == [
        "✗ luoshan-2024",
        "! national-2025：没有引用文件原文，无可核对 · quotes no document, so nothing was proven",
        "✓ national-2025：0 处引文 clauses looked for",
        "✗ tonghe-2023",
    ]


def test_a_folder_without_packs_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "luoshan-2024.yml").write_text("id: luoshan-2024", encoding="utf-8")
    code, printed = typed("lint", "--folder", str(tmp_path))
    assert (code, "rename .yml to .yaml" in printed) == (1, True)


def test_lint_doubts_what_an_author_hardly_means(tmp_path: Path) -> None:
    text = (PACKS / "luoshan-2024.yaml").read_text(encoding="utf-8")
    head, windows, rest = text.partition("\nwindows:")
    windows, exclusions, rest = rest.partition("\nexclusions:")
    windows = "\nwindows:" + windows.replace("    basis:", "    whom: {hukou: [local]}\n    basis:")
    text = head.replace('individual: "380.00"', "individual: null") + windows + exclusions + rest
    (tmp_path / "luoshan-2024.yaml").write_text(text, encoding="utf-8")
    code, printed = typed("lint", "--folder", str(tmp_path))
    assert (code, printed.count("! luoshan-2024：")) == (0, 2)
