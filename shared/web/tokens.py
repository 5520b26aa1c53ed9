"""Access tokens for departments' systems: short-lived, signed with ES256, checked with the public key alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from shared.errors import DomainError, ErrorCode
from shared.settings import Settings
from shared.settings_errors import UnusableSetting, not_set, read_setting_file, setting_place

LIFETIME = timedelta(minutes=15)
_ALGORITHM = "ES256"
_ISSUER = _AUDIENCE = "canbao"
_CLOCK_SKEW_S = 30


class Unauthenticated(DomainError):
    """The request carries no valid token."""

    code = ErrorCode.UNAUTHENTICATED


@dataclass(frozen=True, slots=True)
class Grant:
    """Who may do what where: a client, its scopes and its region prefix."""

    client: str
    scopes: frozenset[str]
    region: str


class TokenKeyMissing(RuntimeError):
    """A key for tokens is not configured."""


def signing_key(settings: Settings) -> ECKey:
    """The private key, which only registration holds."""
    if settings.token_private_key_file is None:
        raise TokenKeyMissing(
            not_set("token_private_key_file", "P-256 私钥的 PEM 文件", "PEM of the P-256 private key")
        )
    return _pem_key("token_private_key_file", settings.token_private_key_file)


def checking_key(settings: Settings) -> ECKey:
    """The public key that every service checks tokens with."""
    if settings.token_public_key_file is None:
        raise TokenKeyMissing(not_set("token_public_key_file", "P-256 公钥的 PEM 文件", "PEM of the P-256 public key"))
    return _pem_key("token_public_key_file", settings.token_public_key_file)


def _pem_key(setting: str, file: Path) -> ECKey:
    place = setting_place(setting)
    pem = read_setting_file(place, file)
    try:
        return ECKey.import_key(pem.decode("ascii"))
    except (JoseError, ValueError, TypeError) as fault:
        said = "不是 P-256 密钥的 PEM 文件 · is no PEM file of a P-256 key"
        raise UnusableSetting(f"{place}: {said}: {file}") from fault


def issue(key: ECKey, grant: Grant, now: datetime) -> str:
    """A token for one client, good for ``LIFETIME``."""
    claims = {
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "sub": grant.client,
        "scope": " ".join(sorted(grant.scopes)),
        "region": grant.region,
        "iat": int(now.timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
    }
    return jwt.encode({"alg": _ALGORITHM}, claims, key)


def check(key: ECKey, token: str, now: datetime) -> Grant:
    """The grant that a token carries; raises ``Unauthenticated`` for anything but a current token of ours."""
    try:
        claims = jwt.decode(token, key, algorithms=[_ALGORITHM]).claims
        jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=_CLOCK_SKEW_S,
            iss={"essential": True, "value": _ISSUER},
            aud={"essential": True, "value": _AUDIENCE},
            exp={"essential": True},
            iat={"essential": True},
        ).validate(claims)
        return Grant(str(claims["sub"]), _scopes(str(claims["scope"]).split()), str(claims["region"]))
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise Unauthenticated from error


def _scopes(names: Iterable[str]) -> frozenset[str]:
    return frozenset(names)
