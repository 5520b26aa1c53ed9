"""How long money and papers may take."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class ClearingDays(BaseModel):
    """How many days money and papers may wait where they only pass through, by kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    receipts_unlisted: Annotated[int, Field(ge=0, le=3650)] = 10
    statements_submitted: Annotated[int, Field(ge=0, le=3650)] = 7
    batches_held: Annotated[int, Field(ge=0, le=3650)] = 7
    collector_shortages: Annotated[int, Field(ge=0, le=3650)] = 5
    batches_before_remittance: Annotated[int, Field(ge=0, le=3650)] = 15
    batches_in_transit: Annotated[int, Field(ge=0, le=3650)] = 7
    batches_uncertified: Annotated[int, Field(ge=0, le=3650)] = 15
    bank_lines_unexplained: Annotated[int, Field(ge=0, le=3650)] = 7
    channel_unsettled: Annotated[int, Field(ge=0, le=3650)] = 5
    payouts_unsettled: Annotated[int, Field(ge=0, le=3650)] = 5
    suspense_held: Annotated[int, Field(ge=0, le=3650)] = 15
    refunds_under_way: Annotated[int, Field(ge=0, le=3650)] = 15
    cash_refunds_under_way: Annotated[int, Field(ge=0, le=3650)] = 30


class DeadlineSettings(BaseModel):
    """How long money and papers may take."""

    receipt_entry_days: Annotated[
        int,
        Field(
            ge=0,
            le=3650,
            description="收款后多少天内可由一人登记现金收据；更早的须两人办理 · "
            "days after the cash was received within which one person may enter its receipt; later ones take two",
        ),
    ] = 30
    clearing_days: Annotated[
        ClearingDays,
        Field(
            description="JSON：各类在途款项的时限（天），未列的用默认值 · "
            "JSON: days that each kind of money in clearing may wait; kinds left out keep their default"
        ),
    ] = ClearingDays()
