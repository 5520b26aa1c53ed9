"""The policy pack that an installation has configured."""

from shared.policy.loading import PACKS, load_pack
from shared.policy.pack import Pack
from shared.settings import Settings


def pack_in_force(settings: Settings) -> Pack:
    """Load it with its overrides, from the installation's own folder where it has one; raises PackError."""
    folder = settings.policy_folder or PACKS
    return load_pack(settings.policy_pack, overrides=settings.policy_overrides, folder=folder)
