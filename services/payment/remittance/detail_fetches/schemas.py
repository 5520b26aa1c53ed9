"""The fetch of a detail as HTTP shows it."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.payment.remittance.detail_fetches.state import FetchState


class DetailFetchOut(BaseModel):
    """How far the tax bureau's detail of a batch is fetched, compared and noted; asked again, it is the same fetch.

    DONE: the batch says what came of it. FAILED: nothing was changed, ``refused_because`` is the error's code, and to
    ask again begins another fetch.
    """

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    batch_id: UUID
    state: FetchState
    line_count: int
    lines_read: int
    lines_numbered: int
    refused_because: str | None
