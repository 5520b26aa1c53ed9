"""Renders the page, and says with it that a browser may load nothing else."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from shared.names import names_of
from shared.web.api_page.content import Content, Lang

_FOLDER = Path(__file__).parent
_WORDS: Mapping[Lang, Mapping[str, str]] = {
    "zh": {
        "title": "接口说明",
        "contents": "目录",
        "scope": "所需权限：",
        "public": "公开，不需要令牌",
        "parameters": "参数",
        "body": "请求体：",
        "answers": "答复",
        "objects": "数据对象",
        "fields": "字段",
        "required": "必填",
    },
    "en": {
        "title": "API",
        "contents": "Contents",
        "scope": "Scope:",
        "public": "public, no token needed",
        "parameters": "Parameters",
        "body": "Body:",
        "answers": "Answers",
        "objects": "Objects",
        "fields": "Fields",
        "required": "required",
    },
}


def language(asked: str | None) -> Lang:
    """The language of ``?lang=``; Chinese unless English is asked for."""
    return "en" if (asked or "").lower().startswith("en") else "zh"


def service_page(service: str, document: Mapping[str, Any], lang: Lang) -> str:
    """A service's operations and objects."""
    return _render(lang, title=f"{_WORDS[lang]['title']} · {_name(service, lang)}", content=Content(document, lang))


def index_page(services: Sequence[str], lang: Lang) -> str:
    """Links to the page of each service."""
    listed = [{"code": service, "name": _name(service, lang)} for service in services]
    return _render(lang, title=_WORDS[lang]["title"], content=None, services=listed)


@cache
def headers() -> Mapping[str, str]:
    """Nothing from any host, this one included, save the style that the page brings along."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return {
        "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }


def _render(lang: Lang, **values: object) -> str:
    return _template().render(lang=lang, say=_WORDS[lang], style=Markup(_style()), **values)  # noqa: S704 - our file


def _name(service: str, lang: Lang) -> str:
    name = names_of("service")[service]
    return name.en if lang == "en" else name.zh


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")


@cache
def _style() -> str:
    return (_FOLDER / "page.css").read_text(encoding="utf-8")
