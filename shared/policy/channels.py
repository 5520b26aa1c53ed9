"""Through which channels a place takes contributions."""

from shared.policy.pack import Pack
from shared.policy.reasons import RuleReason
from shared.policy.vocabulary import Channel


def refused_channel(pack: Pack, channel: Channel) -> RuleReason | None:
    """Why money through a channel is refused; None where the document lists it, or lists only examples (default 25)."""
    if channel in pack.channels or (pack.channels_open and channel is not Channel.ROSTER):
        return None
    return RuleReason.of("CHANNEL_NOT_ALLOWED", True, pack.channels_basis)
