"""Asks the services for their summaries over HTTP, with a token of the console's own."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from services.console.summaries import (
    PaymentSummary,
    QuotaProgress,
    RegistrationSummary,
    ServiceAnswer,
    ServiceFault,
    Snapshot,
    SubsidySummary,
)
from shared.settings import Settings
from shared.web.authorities import authorities

TIMEOUT_S = 10.0  # a large county's books are summed again at each poll
TOKEN_TIMEOUT_S = 15.0  # a secret is slow to check on purpose, slower on a busy machine
_TOKEN_MARGIN_S = 60.0
_UNAUTHENTICATED = 401

S = TypeVar("S", RegistrationSummary, SubsidySummary, PaymentSummary, QuotaProgress)


class _AccessToken(BaseModel):
    access_token: str
    expires_in: float


class ServiceClient:
    """Knows where the services are, and keeps one token until shortly before it expires."""

    def __init__(self, settings: Settings, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Prepare to ask the services at ``services_base_url``; nothing is asked yet."""
        # trust_env off: a proxy for the internet must not stand between the page and its own services.
        self._http = httpx.AsyncClient(
            base_url=settings.services_base_url,
            timeout=TIMEOUT_S,
            transport=transport,
            trust_env=False,
            verify=authorities(trust_env=False),
        )
        secret = settings.console_client_secret
        self._credentials = (settings.console_client_id, secret.get_secret_value() if secret else "")
        self._year = {"benefit_year": settings.benefit_year}
        self._token: str | None = None
        self._good_until = 0.0
        self._refused = False

    async def ask(self, before: Snapshot, now: Callable[[], datetime]) -> Snapshot:
        """Ask every service once, at the same time; where one does not answer, what it said before stays."""
        fault = await self._renew_token()
        if fault is not None:
            return _all_faulty(before, fault)
        registration, subsidy, payment, quota = await asyncio.gather(
            self._ask("/registration/v1/summary", RegistrationSummary, before.registration, now),
            self._ask("/subsidy/v1/summary", SubsidySummary, before.subsidy, now),
            self._ask("/payment/v1/summary", PaymentSummary, before.payment, now),
            self._ask("/quota/v1/progress", QuotaProgress, before.quota, now),
        )
        return Snapshot(registration, subsidy, payment, quota)

    @property
    def lacks_client(self) -> bool:
        """Whether no secret is configured, or registration refused it when it was last asked for a token."""
        return not self._credentials[1] or self._refused

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _ask(
        self, path: str, model: type[S], before: ServiceAnswer[S], now: Callable[[], datetime]
    ) -> ServiceAnswer[S]:
        try:
            reply = await self._http.get(path, params=self._year, headers={"Authorization": f"Bearer {self._token}"})
            if reply.status_code == _UNAUTHENTICATED:
                self._good_until = 0.0  # the next round asks for a new one
            if reply.is_success:
                return ServiceAnswer(model.model_validate_json(reply.content), None, now())
            fault = ServiceFault.REFUSED
        except httpx.HTTPError:
            fault = ServiceFault.UNREACHABLE
        except ValidationError:
            fault = ServiceFault.UNREADABLE
        return replace(before, fault=fault)

    async def _renew_token(self) -> ServiceFault | None:
        loop_now = asyncio.get_running_loop().time()
        if self._token is not None and loop_now < self._good_until:
            return None
        try:
            reply = await self._http.post(
                "/registration/v1/token",
                data={"grant_type": "client_credentials"},
                auth=self._credentials,
                timeout=TOKEN_TIMEOUT_S,
            )
            self._refused = reply.is_client_error
            if not reply.is_success:
                return ServiceFault.NO_TOKEN
            token = _AccessToken.model_validate_json(reply.content)
        except httpx.HTTPError:
            return ServiceFault.UNREACHABLE
        except ValidationError:
            return ServiceFault.NO_TOKEN
        self._token = token.access_token
        # A token that lives shorter than the margin is still used for half its life.
        self._good_until = loop_now + max(token.expires_in - _TOKEN_MARGIN_S, token.expires_in / 2)
        return None


def _all_faulty(before: Snapshot, fault: ServiceFault) -> Snapshot:
    """Without a token no service can be asked: registration is at fault, the others are out of reach."""
    others = ServiceFault.NO_TOKEN
    return Snapshot(
        replace(before.registration, fault=fault),
        replace(before.subsidy, fault=others),
        replace(before.payment, fault=others),
        replace(before.quota, fault=others),
    )
