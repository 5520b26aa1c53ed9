"""Every endpoint is closed unless it names a scope or stands on the public list."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry
from starlette.routing import Route

from services.composition import SERVICES, known_scopes
from services.payment.channels.table import ADAPTERS
from services.registration import SERVICE as REGISTRATION
from shared.domain.clock import SystemClock
from shared.service import Service
from shared.web import tokens
from shared.web.app import root_app, service_app
from shared.web.dependencies import scope_of
from tests.harness.installation import Installation

ROOT = Path(__file__).parents[3]
# The whole list. An endpoint that is added here is open to the world: say why in the commit.
PUBLIC = {
    "/registration/v1/token",
    *(f"/payment{adapter.form.path}" for adapter in ADAPTERS),
    "/",
    "/docs",
    "/stream",
    "/static/{name}",
}
# Open as well, although no router holds them: what describes each service, and a process's health.
DESCRIPTIONS = {"/openapi.json", "/docs"}
HEALTH = {"/healthz", "/readyz"}


def _routes() -> Iterator[tuple[Service, APIRoute]]:
    for service in SERVICES:
        for router in service.routers:
            for route in router.routes:
                assert isinstance(route, APIRoute), f"{route} is no route that can be guarded"
                yield service, route


def _hand_made(algorithm: str, claims: dict[str, object], secret: bytes | None) -> str:
    """A token as an attacker writes it, whom no library protects from himself."""

    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    signed = ".".join(part(json.dumps(each).encode()) for each in ({"alg": algorithm, "typ": "JWT"}, claims))
    signature = hmac.new(secret, signed.encode(), hashlib.sha256).digest() if secret else b""
    return f"{signed}.{part(signature)}"


def test_the_public_list_is_exactly_the_endpoints_without_a_scope() -> None:
    open_endpoints = {
        service.prefix.rstrip("/") + route.path for service, route in _routes() if scope_of(route) is None
    }
    assert open_endpoints == PUBLIC
    declared = {service.prefix.rstrip("/") + path for service in SERVICES for path in service.public_paths}
    assert declared == PUBLIC


async def test_beside_its_routers_a_service_shows_its_description_and_nothing_else(installation: Installation) -> None:
    async with installation.running(*SERVICES, role="web") as runs:
        for run in runs:
            beside = {route.path for route in service_app(run).routes if type(route) is Route}
            assert beside == (DESCRIPTIONS if run.service.mount is None else set()), run.service.name
        assert {route.path for route in root_app(runs).routes if type(route) is Route} - PUBLIC == HEALTH


async def test_what_describes_a_service_is_shown_without_a_token(installation: Installation) -> None:
    async with installation.http_client(*SERVICES, role="web") as http:
        for service in SERVICES:
            for path in DESCRIPTIONS if service.mount is None else ():
                assert (await http.get(service.prefix + path)).status_code == 200, (service.name, path)


def test_the_architecture_states_the_length_of_the_public_list() -> None:
    stated = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert "beyond a list of five and a callback for each channel" in stated
    assert len(PUBLIC) == 5 + len(ADAPTERS)


def test_every_scope_belongs_to_the_service_that_asks_for_it() -> None:
    for service, route in _routes():
        scope = scope_of(route)
        if scope is not None:
            assert scope.partition(":")[0] == service.name, route.path


async def test_no_guarded_endpoint_answers_without_a_token_or_with_a_token_for_nothing(
    installation: Installation,
) -> None:
    async with installation.http_client(*SERVICES, role="web") as http:
        for service, route in _routes():
            if scope_of(route) is None:
                continue
            path = service.prefix + route.path.replace("{", "").replace("}", "")
            for method in route.methods or ():
                assert (await http.request(method, path)).status_code == 401, path
                stranger = installation.caller("nothing:at-all")
                assert (await http.request(method, path, headers=stranger)).status_code == 403, path


def _claims(now: int, **changes: object) -> dict[str, object]:
    return {
        "iss": "canbao",
        "aud": "canbao",
        "sub": "clerk",
        "scope": "registration:read",
        "region": "411521",
        "iat": now,
        "exp": now + 600,
    } | changes


def _forged(installation: Installation, now: int) -> dict[str, str]:
    """Tokens that claim every right and must give none."""
    ours = tokens.signing_key(installation.settings)
    public = installation.settings.token_public_key_file
    assert public is not None
    every = " ".join(sorted(known_scopes()))
    claims = _claims(now, scope=every)
    good = jwt.encode({"alg": "ES256"}, claims, ours)
    head, body, signature = good.split(".")
    changed = {name: claims | change for name, change in _WRONG_CLAIMS.items()}
    return {
        **{name: jwt.encode({"alg": "ES256"}, wrong, ours) for name, wrong in changed.items()},
        "another key": jwt.encode({"alg": "ES256"}, claims, ECKey.generate_key("P-256")),
        "another algorithm": jwt.encode({"alg": "RS256"}, claims, RSAKey.generate_key(2048)),
        "the public key as a secret": _hand_made("HS256", claims, public.read_bytes()),
        "the public key as a secret, stripped": _hand_made("HS256", claims, public.read_bytes().strip()),
        "no algorithm": _hand_made("none", claims, None),
        "no algorithm, oddly spelt": _hand_made("nOnE", claims, None),
        "signature left out": f"{head}.{body}.",
        "signature cut": good[:-4],
        "other claims under a good signature": f"{head}.{_hand_made('none', claims, None).split('.')[1]}x.{signature}",
        "a key of its own": _with_its_own_key(claims),
        "two tokens": f"{good} {good}",
        "nothing": "",
        "no token": "a.b.c",
        "too long": "a" * 60_000,
    }


_WRONG_CLAIMS: dict[str, dict[str, object]] = {
    "another issuer": {"iss": "other"},
    "another audience": {"aud": "other"},
    "expired": {"exp": 1_600_000_000},
    "not yet issued": {"iat": 4_000_000_000, "exp": 4_000_000_600},
    "expiry that is no number": {"exp": "never"},
    "expiry out of range": {"exp": 10**30, "iat": 10**29},
}


def _with_its_own_key(claims: dict[str, object]) -> str:
    """A token that brings along the key it wants to be checked with."""
    key = ECKey.generate_key("P-256")
    header = {"alg": "ES256", "jwk": key.as_dict(private=False)}
    return jwt.encode(header, claims, key, registry=JWSRegistry(algorithms=["ES256"]))


async def test_no_forged_token_opens_any_endpoint(installation: Installation) -> None:
    now = int(SystemClock().now().timestamp())
    forged = _forged(installation, now)
    async with installation.http_client(*SERVICES, role="web") as http:
        for service, route in _routes():
            if scope_of(route) is None:
                continue
            path = service.prefix + route.path.replace("{", "").replace("}", "")
            for name, token in forged.items():
                for method in route.methods or ():
                    answer = await http.request(method, path, headers={"Authorization": f"Bearer {token}"})
                    assert (name, path, answer.status_code) == (name, path, 401)
                    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("scheme", ["Basic", "Token", "bearer:", "", "Bearer Bearer"])
async def test_a_good_token_under_another_scheme_opens_nothing(installation: Installation, scheme: str) -> None:
    token = installation.caller("registration:read")["Authorization"].removeprefix("Bearer ")
    async with installation.http_client(REGISTRATION, role="web") as http:
        said = {"Authorization": f"{scheme} {token}".strip()}
        answer = await http.get("/registration/v1/business-date", headers=said)
        assert answer.status_code == 401


class TestTokens:
    @pytest.fixture
    def now(self) -> int:
        return int(SystemClock().now().timestamp())

    async def _ask(self, installation: Installation, token: str) -> int:
        async with installation.http_client(REGISTRATION, role="web") as http:
            answer = await http.get("/registration/v1/business-date", headers={"Authorization": f"Bearer {token}"})
            return answer.status_code

    async def test_a_token_of_ours_opens(self, installation: Installation, now: int) -> None:
        key = tokens.signing_key(installation.settings)
        assert await self._ask(installation, jwt.encode({"alg": "ES256"}, _claims(now), key)) == 200

    @pytest.mark.parametrize(
        "changes", [{"iss": "other"}, {"aud": "other"}, {"exp": 1_600_000_000}, {"iat": 4_000_000_000}, {"sub": None}]
    )
    async def test_a_token_with_a_wrong_claim_does_not(
        self, installation: Installation, now: int, changes: dict[str, object]
    ) -> None:
        key = tokens.signing_key(installation.settings)
        claims = {name: value for name, value in _claims(now, **changes).items() if value is not None}
        assert await self._ask(installation, jwt.encode({"alg": "ES256"}, claims, key)) == 401

    async def test_a_token_of_another_key_or_algorithm_does_not(self, installation: Installation, now: int) -> None:
        public = installation.settings.token_public_key_file
        assert public is not None
        forged = [
            jwt.encode({"alg": "ES256"}, _claims(now), ECKey.generate_key("P-256")),
            jwt.encode({"alg": "RS256"}, _claims(now), RSAKey.generate_key(2048)),
            _hand_made("HS256", _claims(now), public.read_bytes()),
            _hand_made("none", _claims(now), None),
        ]
        for token in (*forged, "", "x", "a.b.c"):
            assert await self._ask(installation, token) == 401

    def test_a_token_lasts_fifteen_minutes_at_most(self) -> None:
        assert timedelta(minutes=15) >= tokens.LIFETIME


async def test_what_no_service_has_is_answered_as_a_problem(installation: Installation) -> None:
    """Also in a process without the console, where nothing else stands at the root."""
    async with installation.http_client(REGISTRATION, role="web") as http:
        for path in ("/", "/nothing", "/registration/v1/nothing", "/registration/v1/enrolments/x/y"):
            answer = await http.get(path)
            assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND"), path
            docs = "/registration/docs" if path.startswith("/registration") else "/docs"
            assert answer.json()["detail"] == f"没有这个地址，见 {docs} · no such path, see {docs}"
        answer = await http.delete("/registration/v1/business-date")
        assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
        assert answer.headers["allow"] == "GET"
