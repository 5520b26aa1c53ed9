"""Numbers that look alike, as HTTP shows them and takes their resolution."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.payment.schemas import DocumentIn
from shared.web.fields import DocumentNumber, FreeText, SingleLineText, example
from shared.web.page import Page


class LookAlikeOut(BaseModel):
    """A stored number and the earlier one that it looks like; both stand as they were entered."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: str
    document_id: str
    number: str
    beside_id: str
    beside_number: str
    region: str


class LookAlikePage(Page[LookAlikeOut, UUID]):
    """Those that nobody resolved."""


class ResolutionIn(DocumentIn):
    """What was found on the papers: a receipt or statement gets a number of its own, any other is noted as its own."""

    model_config = example(new_number="Y-0001/2", reason="两张收据，票根核对无误", evidence="票根 Y-0001 两张")

    new_number: DocumentNumber | None = None
    reason: FreeText
    evidence: SingleLineText | None = None


class LookAlikeResolution(DocumentIn):
    """What is to be approved."""

    look_alike_id: UUID
    kind: str
    number: str
    new_number: DocumentNumber | None = None
