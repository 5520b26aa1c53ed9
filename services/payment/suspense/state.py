"""The lifecycle of suspended money."""

from enum import StrEnum


class SuspenseState(StrEnum):
    """HELD → REFUNDING → REFUNDED. CONTESTED: a channel claims one transaction twice; no money stands behind it."""

    HELD = "HELD"
    REFUNDING = "REFUNDING"
    REFUNDED = "REFUNDED"
    CONTESTED = "CONTESTED"
