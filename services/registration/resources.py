"""What registration keeps open: the keys that protect people and sign tokens."""

from dataclasses import dataclass

from joserfc.jwk import ECKey

from shared.database.sealed import SealedColumn
from shared.protection import Vault, open_vault, person_token_key
from shared.settings import Settings
from shared.web.tokens import signing_key

# The column whose values say which key sealed them.
SEALED = (SealedColumn("enrolment", "document_number"),)


@dataclass(frozen=True)
class RegistrationResources:
    """Registration's keys and the pooling area it serves."""

    vault: Vault
    token_key: bytes
    signing_key: ECKey
    region: str


def open_resources(settings: Settings) -> RegistrationResources:
    """Read the keys once; raises where one is missing."""
    return RegistrationResources(
        vault=open_vault(settings),
        token_key=person_token_key(settings),
        signing_key=signing_key(settings),
        region=settings.region,
    )
