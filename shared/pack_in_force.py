"""The policy pack that an installation has configured."""

import hashlib

from shared.policy.loader import PACKS, file_of, load_pack
from shared.policy.pack import Pack
from shared.settings import Settings


def pack_in_force(settings: Settings) -> Pack:
    """Load it with its overrides, from the installation's own folder where it has one; raises PackError."""
    folder = settings.policy_folder or PACKS
    return load_pack(settings.policy_pack, overrides=settings.policy_overrides, folder=folder)


def digest_in_force(settings: Settings) -> str:
    """What distinguishes one policy from another: the bytes of the pack and of its overrides."""
    files = [file_of(settings.policy_pack, settings.policy_folder or PACKS)]
    if settings.policy_overrides is not None:
        files.append(settings.policy_overrides)
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()
