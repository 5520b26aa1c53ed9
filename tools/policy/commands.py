"""``canbao policy``: assess cases, run the worked cases of packs, look at packs and check them."""

from collections.abc import Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from shared.command_line import Commands
from shared.policy.institutions.worked_cases import InstitutionCase, institution_cases
from shared.policy.loader import PACKS, load_pack
from shared.policy.pack import Pack
from shared.policy.source import PackError, UnknownPack
from shared.policy.worked_cases import WorkedCase, worked_cases
from tools.policy.case_lines import UnreadableCases, answer_institutions, assess_all, no_collection, read_cases, written
from tools.policy.comparison import differing
from tools.policy.coverage import closest, compared, covered
from tools.policy.explanation import explained, shown
from tools.policy.pack_checks import documents_in, doubtful, marked, quoted, unfound, unsaid
from tools.policy.scaffold import CannotBegin, begin
from tools.policy.simulation import change, effect_lines, next_years

policy = Commands(help="政策包 · policy packs: assess, test, list, show, lint", no_args_is_help=True)
_Folder = Annotated[
    Path,
    typer.Option(
        help="政策包目录 · folder of the packs",
        envvar="CANBAO_POLICY_FOLDER",
        exists=True,
        file_okay=False,
        show_default=False,
    ),
]
_PRINTED_AT_ONCE = 1_000
_Pack = Annotated[str | None, typer.Argument(help="政策包编号，如 luoshan-2024 · the pack's id; all packs without one")]


@policy.command()
def assess(
    file: Annotated[
        Path, typer.Argument(help="案例文件（JSON 数组） · a JSON array of objects with id, policy, facts")
    ],
    explain: Annotated[
        bool, typer.Option("--explain", help="用中文逐条说明理由 · print the reasons for people")
    ] = False,
    amounts: Annotated[
        Path | None,
        typer.Option("--overrides", help="配置文件 · a file of amounts that the document leaves open", exists=True),
    ] = None,
    folder: _Folder = PACKS,
) -> None:
    """逐案判定，每案一行 JSON · decide each case; one JSON line each.

    退出码：0 全部判定 · 1 有未能判定的，原因写在该行 · 2 文件不能读取。

    Exit codes: 0 every case was decided · 1 some could not be, their lines say why · 2 the file cannot be read.
    """
    failed = False
    with no_collection():
        lines = assess_all(_cases(file), folder, amounts)
        if explain:
            typer.echo("✓ 据此判定　✗ 试过而不适用\n")
        while some := list(islice(lines, _PRINTED_AT_ONCE)):
            failed |= any(line.decided is None for line in some)
            typer.echo("\n".join("\n".join(explained(line)) + "\n" if explain else line.as_text() for line in some))
    raise typer.Exit(1 if failed else 0)


@policy.command()
def institutions(
    file: Annotated[
        Path, typer.Argument(help="问题文件（JSON 数组） · a JSON array of objects with id, policy, given")
    ],
    folder: _Folder = PACKS,
) -> None:
    """逐题回答机构规则 · answer questions to institutions (targets, matching, receipts …); one JSON line each.

    Exit codes as of assess.
    """
    failed = False
    for line in answer_institutions(_cases(file), folder):
        failed |= "error" in line
        typer.echo(written(line))
    raise typer.Exit(1 if failed else 0)


@policy.command(name="test")
def run_test(pack: _Pack = None, folder: _Folder = PACKS) -> None:
    """运行政策包的案例 · run the worked cases kept beside packs; exit 1 where one disagrees."""
    failed = False
    for each in _packs(pack, None, folder):
        cases: list[WorkedCase | InstitutionCase] = [
            *worked_cases(each.id, folder.parent / "cases" if folder == PACKS else folder / "cases"),
            *(institution_cases(each.id) if folder == PACKS else ()),
        ]
        wrong = {case.id: differs for case in cases if (differs := case.disagreements(each))}
        for name, differs in wrong.items():
            for key, (given, expected) in differs.items():
                typer.echo(f"✗ {each.id} {name}：{key} 应为 expected {expected!r}，实为 found {given!r}")
        typer.echo(f"{'✗' if wrong else '✓'} {each.id}：{len(cases)} 例 cases，{len(wrong)} 例不符 disagree")
        failed |= bool(wrong)
    raise typer.Exit(1 if failed else 0)


@policy.command(name="list")
def list_packs(folder: _Folder = PACKS) -> None:
    """列出政策包 · list the packs."""
    for each in _packs(None, None, folder):
        typer.echo(f"{each.id}  {each.benefit_year}  {each.region}  {each.name}  {each.document}")


@policy.command()
def show(
    pack: Annotated[str, typer.Argument(help="政策包编号 · the pack's id")],
    clause: Annotated[bool, typer.Option("--clause", help="附引文 · with the clause that each rule stands on")] = False,
    folder: _Folder = PACKS,
) -> None:
    """显示一个政策包的规则 · show a pack's rules."""
    for each in _packs(pack, None, folder):
        typer.echo("\n".join(shown(each, clauses=clause)))


@policy.command()
def diff(
    before: Annotated[str, typer.Argument(help="原政策包编号 · the pack's id before")],
    after: Annotated[str, typer.Argument(help="新政策包编号 · the pack's id after")],
    folder: _Folder = PACKS,
) -> None:
    """比较两个政策包 · what differs between two packs, value by value; exit 1 where something does."""
    (first,), (second,) = _packs(before, None, folder), _packs(after, None, folder)
    places = list(differing(first, second))
    for place, was, becomes in places:
        typer.echo(f"{place}: {'—' if was is None else was} → {'—' if becomes is None else becomes}")
    raise typer.Exit(1 if places else 0)


@policy.command()
def simulate(
    people: Annotated[Path, typer.Option(help="人员文件（JSON 数组） · a JSON array of objects with id and facts")],
    before: Annotated[str, typer.Option("--from", help="原政策包编号 · the pack's id before")],
    after: Annotated[str, typer.Option("--to", help="新政策包编号 · the pack's id after")],
    amounts_before: Annotated[
        Path | None,
        typer.Option("--from-overrides", help="原政策的配置文件 · overrides of the pack before", exists=True),
    ] = None,
    amounts_after: Annotated[
        Path | None, typer.Option("--to-overrides", help="新政策的配置文件 · overrides of the pack after", exists=True)
    ] = None,
    folder: _Folder = PACKS,
) -> None:
    """测算政策调整 · what a change does to people and funders; exit 1 where somebody could not be decided.

    Between packs of two years the days of registration, payment and certification move with the year.
    """
    amounts = (amounts_before, amounts_after)
    (first,), (second,) = (_packs(*each, folder) for each in zip((before, after), amounts, strict=True))
    years = second.benefit_year - first.benefit_year
    with no_collection():
        cases = _cases(people)
        sides = [
            assess_all(map(partial(_under, pack, moved), cases), folder, given)
            for pack, moved, given in zip((before, after), (0, years), amounts, strict=True)
        ]
        found = change(zip(*sides, strict=True))
    if years:
        typer.echo(f"登记、缴费、认定日期随年度移 {years:+} 年 · days moved with the year")
    typer.echo("\n".join(effect_lines(found)))
    raise typer.Exit(1 if found.not_decided else 0)


@policy.command()
def lint(
    pack: _Pack = None,
    documents: Annotated[
        Path | None,
        typer.Option(help="文件目录（*.txt），核对引文 · folder of documents, to find every clause in", exists=True),
    ] = None,
    folder: _Folder = PACKS,
) -> None:
    """检查政策包及引文 · check packs: schema, dates, sums and, with documents, every clause; exit 1 on any fault."""
    texts = documents_in(documents) if documents is not None else None
    failed = False
    for name in _names(pack, folder):
        try:
            each = load_pack(name, folder=folder)
        except PackError as problem:
            typer.echo(f"{problem}\n✗ {name}")
            failed = True
            continue
        missing = [*unsaid(each), *(unfound(each, texts) if texts is not None else ())]
        checked = "" if texts is None else f"：{quoted(each)} 处引文 clauses looked for"
        typer.echo("\n".join([*missing, *_notes(each, folder, texts), f"{'✗' if missing else '✓'} {name}{checked}"]))
        failed |= bool(missing)
    raise typer.Exit(1 if failed else 0)


def _notes(pack: Pack, folder: Path, texts: Mapping[str, str] | None) -> list[str]:
    """What is no fault and should still be known before a pack is trusted."""
    notes = []
    if open_ := marked(folder / f"{pack.id}.yaml"):
        notes.append(f"! {pack.id}：还有 {open_} 行标 ◀ 待改 · lines are still marked ◀")
    notes += [f"! {pack.id}：{note}" for note in doubtful(pack)]
    if texts is not None and not quoted(pack):
        notes.append(f"! {pack.id}：没有引用文件原文，无可核对 · quotes no document, so nothing was proven")
    return notes


@policy.command(name="coverage")
def compare_coverage(
    documents: Annotated[
        Path, typer.Option(help="文件目录（*.txt） · folder of the documents", exists=True, file_okay=False)
    ],
) -> None:
    """逐句核对文件 · compare every sentence of the documents with what answers for it; exit 1 where one is unmarked."""
    texts = [file.read_text(encoding="utf-8") for file in sorted(documents.glob("*.txt"))]
    failed = False
    for document in covered():
        text = closest(document, texts)
        wrong = (
            list(compared(document, text))
            if text is not None
            else [f"{document.pack}：没有这份文件 · no such document"]
        )
        typer.echo(
            "\n".join([*wrong, f"{'✗' if wrong else '✓'} {document.pack}：{len(document.sentences)} 句 sentences"])
        )
        failed |= bool(wrong)
    raise typer.Exit(1 if failed else 0)


@policy.command()
def new(
    pack: Annotated[str, typer.Argument(help="政策包编号，如 qinghe-2026 · the new pack's id")],
    folder: Annotated[
        Path, typer.Option(help="写入的目录 · folder to write it to", exists=True, file_okay=False)
    ] = Path(),
) -> None:
    """新建一个带注释的政策包 · write a commented starting pack (docs/policy-packs.md goes through it)."""
    try:
        typer.echo(f"已写入 · written: {begin(pack, folder)}")
    except CannotBegin as reason:
        typer.echo(str(reason), err=True)
        raise typer.Exit(2) from None


def _under(pack: str, years: int, case: Any) -> Any:
    return next_years(case, years) | {"policy": pack} if isinstance(case, dict) else case


def _cases(file: Path) -> list[Any]:
    try:
        return read_cases(file)
    except UnreadableCases as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None


def _names(asked: str | None, folder: Path) -> list[str]:
    """The pack asked for, else every pack of the folder; a folder without any ends the command."""
    names = [asked] if asked is not None else sorted(file.stem for file in folder.glob("*.yaml"))
    if not names:
        other = "；.yml 请改名为 .yaml · rename .yml to .yaml" if any(folder.glob("*.yml")) else ""
        typer.echo(f"{folder} 中没有政策包（*.yaml） · there is no pack in it{other}", err=True)
        raise typer.Exit(1)
    return names


def _packs(asked: str | None, amounts: Path | None, folder: Path) -> list[Pack]:
    """The packs asked for; a pack that cannot be loaded ends the command with file, line and remedy."""
    try:
        return [load_pack(name, overrides=amounts, folder=folder) for name in _names(asked, folder)]
    except UnknownPack as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None
    except PackError as problem:
        typer.echo(f"政策包有误 · {problem}", err=True)
        raise typer.Exit(1) from None
