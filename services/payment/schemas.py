"""What all documents that offices bring to payment have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Amount = Annotated[int, Field(gt=0, le=100_000_000_000, strict=True)]


class DocumentIn(BaseModel):
    """A document as it was brought: nothing unknown in it, and nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)
