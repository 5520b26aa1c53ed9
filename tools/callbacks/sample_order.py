"""The numbers of a sample notice, made where they are not given."""

import secrets
from datetime import datetime

from services.payment.channels.samples import SampleKind, SampleNotice


def sample(
    kind: SampleKind,
    *,
    order_no: str | None,
    transaction_id: str | None,
    refund_no: str | None,
    amount_fen: int,
    paid_fen: int | None,
    at: datetime,
) -> SampleNotice:
    """A sample about an order; without numbers it is about one that nobody placed."""
    return SampleNotice(
        kind=kind,
        notify_id=f"SANDBOX{secrets.token_hex(12)}",
        order_no=order_no or f"SANDBOX{secrets.token_hex(8)}",
        transaction_id=transaction_id or f"42{secrets.randbelow(10**26):026d}",
        refund_no=refund_no or f"SANDBOX{secrets.token_hex(8)}",
        amount_fen=amount_fen,
        paid_fen=paid_fen or amount_fen,
        at=at,
    )
