"""What HTTP speaks about the business date."""

from pydantic import BaseModel, ConfigDict

from shared.web.fields import Day, example


class BusinessDate(BaseModel):
    """The day that business follows."""

    model_config = ConfigDict(extra="forbid", **example(date="2023-10-05"))

    date: Day
