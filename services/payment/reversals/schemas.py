"""What is to be reversed, as it is kept with its approval."""

from uuid import UUID

from services.payment.schemas import DocumentIn


class BankLineReversal(DocumentIn):
    """The bank's line to be reversed, and what it says; the line stays readable."""

    line_id: UUID
    statement_no: str
    line_no: int
    kind: str
    reference: str
    amount_fen: int
