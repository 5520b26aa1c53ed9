"""What HTTP takes for the region directory."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.web.fields import SingleLineText, example


class RegionIn(BaseModel):
    """A town (9 digits) or village (12 digits) and its name."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(pattern=r"^([0-9]{6}|[0-9]{9}|[0-9]{12})$")]
    name: Annotated[SingleLineText, Field(max_length=60)]


class RegionsIn(BaseModel):
    """Entries for the directory."""

    model_config = ConfigDict(extra="forbid", **example(regions=[{"code": "411521101201", "name": "灵山街村"}]))

    regions: Annotated[list[RegionIn], Field(min_length=1, max_length=5000)]
