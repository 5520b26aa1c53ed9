"""What subsidy keeps open: the keys that protect people, and the pack that prices them."""

from dataclasses import dataclass

from services.subsidy.pricing.pricer import Pricer
from shared.pack_in_force import PackFit, digest_in_force, fit_of, pack_in_force
from shared.policy.pack import Pack
from shared.protection import Vault, open_vault, person_token_key
from shared.settings import Settings


@dataclass(frozen=True)
class SubsidyResources:
    """Subsidy's keys, the policy pack in force and the prices it has come to."""

    vault: Vault
    token_key: bytes
    pack: Pack
    pricer: Pricer
    policy_digest: str
    fit: PackFit


def open_resources(settings: Settings) -> SubsidyResources:
    """Read keys and pack once; raises where a key is missing or the pack cannot be trusted."""
    pack = pack_in_force(settings)
    digest = digest_in_force(settings)
    return SubsidyResources(
        vault=open_vault(settings),
        token_key=person_token_key(settings),
        pack=pack,
        pricer=Pricer(pack),
        policy_digest=digest,
        fit=fit_of(settings, pack),
    )
