"""``canbao docs``: writes what follows from the code, or says how ``docs/`` differs from it."""

from pathlib import Path
from typing import Annotated

import typer

from tools.documents.generator import PublishedEventBroken, drift, write

REPAIR = "canbao docs"
_PUBLISHED = "已发布的事件不能更改，请发布 .v2 · a published event stays as it is: publish a .v2"
_DOCS = Path(__file__).parents[2] / "docs"


def docs(
    check: Annotated[
        bool, typer.Option("--check", help="只检查，不写入 · write nothing; exit 1 where something differs")
    ] = False,
    folder: Annotated[Path, typer.Option(help="文档目录 · where the documents are")] = _DOCS,
) -> None:
    """生成接口文档、事件格式、错误清单与代码名称，已发布的事件不可更改 · write OpenAPI documents, event schemas and
    the pages of errors and names; refuses to change a published event.
    """
    if check:
        found = drift(folder)
        for each in found:
            typer.echo(each)
        if found:
            typer.echo(f"重新生成 · write them again: {REPAIR}")
        raise typer.Exit(1 if found else 0)
    try:
        written = write(folder)
    except PublishedEventBroken as broken:
        typer.echo(f"{broken}\n{_PUBLISHED}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"已写入 {len(written)} 个文件 · files written: {folder.name}/")
