"""A4: who announces in more than one go in a transaction is known, and why it locks in order all the same."""

import ast
from collections.abc import Iterator

from tests.harness.statements import ROOT

PORTIONS = {
    "services/payment/remittance/portions.py _portion": "pages of a batch, in the order of the enrolments",
    "services/subsidy/assessment/lost.py take_up_lost": "lost assessments, in the order of the enrolments",
}
COLLECTED = {
    "services/payment/channel_files/job.py work_files": "payments of a file's portion, then reversals",
    "services/payment/crediting/worker.py work": "who paid, what was suspended, which refunds were paid",
    "services/payment/crediting/direct/service.py _record": "who paid and what was suspended, of a portion of a file",
    "services/payment/payouts/payout_portions.py take_unasked": "each refund of a payout that nobody asked for",
    "services/payment/cash/deposit_import.py import_receipts": "portions of a statement's receipts",
    "shared/messaging/consumer/delivery.py _attempt": "every handler of a batch",
}


def callers(name: str) -> Iterator[str]:
    """Functions that call a function by this name."""
    for package in ("services", "shared"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and any(
                    isinstance(call, ast.Call) and ast.unparse(call.func) == name for call in ast.walk(function)
                ):
                    yield f"{path.relative_to(ROOT).as_posix()} {function.name}"


def test_portions_are_announced_where_they_come_in_order() -> None:
    own = "shared/messaging/outbox/publication.py publish"
    assert set(callers("publish_portion")) - {own} == PORTIONS.keys()


def test_announcements_are_collected_where_several_functions_announce() -> None:
    assert set(callers("collected")) == COLLECTED.keys()
