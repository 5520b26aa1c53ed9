"""Renders the page and its live part from the same template, so that the two can never differ.

The address that the service listens on decides what is shown, never anything that a request says of itself.
"""

from functools import lru_cache
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.console.summaries import Snapshot
from services.console.translations import Lang, Translator
from services.console.view import page
from shared.settings import Settings

FOLDER = Path(__file__).parent


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there; a name other than localhost may lead anywhere."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class PageRenderer:
    """Turns snapshots into HTML, each state once per language however many browsers watch."""

    def __init__(self, settings: Settings) -> None:
        """Render for one pooling area and benefit year."""
        self._area = settings.region_name
        self._year = settings.benefit_year
        self._exact = is_loopback(settings.listen_host)
        self._rendered: dict[Lang, tuple[Snapshot, str, str]] = {}

    def live(self, snapshot: Snapshot, lang: Lang) -> tuple[str, str]:
        """The part of the page that changes, and a digest that names this state of it."""
        known = self._rendered.get(lang)
        if known is None or known[0] != snapshot:
            template = _templates().get_template("page.html")
            html = "".join(template.blocks["live"](template.new_context(self._values(snapshot, lang))))
            known = (snapshot, html, sha256(html.encode()).hexdigest()[:16])
            self._rendered[lang] = known
        return known[1], known[2]

    def whole(self, snapshot: Snapshot, lang: Lang) -> str:
        """The whole page, which knows what state it shows."""
        _, seen = self.live(snapshot, lang)
        return _templates().get_template("page.html").render(**self._values(snapshot, lang), seen=seen)

    def _values(self, snapshot: Snapshot, lang: Lang) -> dict[str, object]:
        shown = page(snapshot, lang=lang, area=self._area, benefit_year=self._year, exact=self._exact)
        return {"page": shown, "translate": Translator(lang), "lang": lang}
