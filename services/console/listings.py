"""Where the rows behind a verdict are listed: which they are, whose, and since when."""

from collections.abc import Mapping

_VERIFY = "canbao verify"
_DOCTOR = "canbao doctor"
# By the verdict's key; {year} is the benefit year, {service} a service that the verdict names.
LISTINGS: Mapping[str, tuple[str, ...]] = {
    "service": (_DOCTOR,),
    "messages.dead": ("canbao replay list {service}",),
    "messages.late": (_DOCTOR,),
    "callbacks": (_VERIFY,),
    "suspense": ("GET /payment/v1/suspense?state=HELD", "GET /payment/v1/suspense?state=CONTESTED"),
    "quarantine": ("GET /payment/v1/quarantine",),
    "parked": (_VERIFY,),
    "held": ("GET /payment/v1/remittances?state=HELD",),
    "refunds": ("GET /payment/v1/refunds",),
    "priced.held": ("GET /registration/v1/enrolments?benefit_year={year}&state=HELD",),
    "attributed": (_VERIFY,),
    "attributed.suspense": ("GET /payment/v1/suspense?state=HELD",),
    "attributed.people": ("GET /quota/v1/progress?benefit_year={year}",),
    "targets": ("POST /quota/v1/targets",),
    "flight": (_VERIFY,),
    "enrolling": (_VERIFY,),
}


def listings(key: str, **values: object) -> tuple[str, ...]:
    """The commands and endpoints that list what a verdict speaks of."""
    return tuple(each.format(**values) for each in LISTINGS[key])
