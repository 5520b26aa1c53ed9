"""Ways in which an installation could be broken behind its back, each with the check that must find it."""

from tests.verify.breaks import (
    announced,
    billed_by_channel,
    bills_read,
    booked,
    cases,
    dated,
    differing,
    enrolled,
    moved,
    paid_out,
    priced,
    remitted,
    reported,
    sealed,
    taken,
)
from tests.verify.breaks.form import Break

BREAKS: tuple[Break, ...] = (
    *sealed.BREAKS,
    *booked.BREAKS,
    *taken.BREAKS,
    *reported.BREAKS,
    *paid_out.BREAKS,
    *billed_by_channel.BREAKS,
    *bills_read.BREAKS,
    *differing.BREAKS,
    *moved.BREAKS,
    *enrolled.BREAKS,
    *priced.BREAKS,
    *remitted.BREAKS,
    *announced.BREAKS,
    *dated.BREAKS,
    *cases.BREAKS,
)
