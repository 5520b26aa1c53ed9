"""The page about the books names every posting of the code, and no other."""

import inspect
import re
from pathlib import Path

from services.payment.ledger import postings

PAGE = Path(__file__).parents[3] / "docs" / "books.md"


def test_every_posting_stands_on_the_page_with_its_two_accounts_and_every_line_is_a_posting() -> None:
    rows = re.findall(r"^\| .* \| (.*) ← (.*) \| `(\w+)` \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    in_code = {
        name: inspect.getdoc(posting) or ""
        for name, posting in inspect.getmembers(postings, inspect.isfunction)
        if posting.__module__ == postings.__name__
    }
    assert [name for _, _, name in rows] == list(dict.fromkeys(name for _, _, name in rows)), "each once"
    assert {name for _, _, name in rows} == in_code.keys()
    for debit, credit, name in rows:
        if name not in ("suspense_left", "suspense_arrived"):  # where it lies is the case's
            assert f"{debit} ← {credit}" in in_code[name], name
