"""The token endpoint (RFC 6749, client credentials)."""

import base64
import binascii
from typing import Annotated

from fastapi import APIRouter, Form, Header, Response

from services.registration.clients import service
from services.registration.clients.schemas import TokenOut
from services.registration.resources import RegistrationResources
from shared.errors import DomainError, ErrorCode
from shared.web import tokens
from shared.web.dependencies import CurrentContext
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["token"])


class UnsupportedGrantType(DomainError):
    """Only client credentials are exchanged for tokens here."""

    code = ErrorCode.UNSUPPORTED_GRANT_TYPE


class InvalidTokenRequest(DomainError):
    """What is asked for is missing (RFC 6749 section 5.2, ``invalid_request``)."""

    code = ErrorCode.INVALID_TOKEN_REQUEST


@ROUTER.post("/v1/token")
@responses_for(InvalidTokenRequest, UnsupportedGrantType, service.InvalidClient)
async def token(
    context: CurrentContext[RegistrationResources],
    response: Response,
    grant_type: Annotated[str, Form()] = "",
    client_id: Annotated[str, Form()] = "",
    client_secret: Annotated[str, Form()] = "",
    authorization: Annotated[str, Header()] = "",
) -> TokenOut:
    """Exchange a client's credentials, in the form or as HTTP Basic, for a short-lived token."""
    if not grant_type:
        raise InvalidTokenRequest
    if grant_type != "client_credentials":
        raise UnsupportedGrantType
    if authorization:
        client_id, client_secret = _basic(authorization)
    async with context.database.transaction(context.settings.region) as session:
        grant = await service.authenticate(session, client_id, client_secret)
    response.headers["Cache-Control"] = "no-store"  # RFC 6749 section 5.1
    issued = tokens.issue(context.resources.signing_key, grant, context.clock.now())
    return TokenOut(access_token=issued, expires_in=int(tokens.LIFETIME.total_seconds()))


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    try:
        name, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise service.InvalidClient from error
    if scheme.lower() != "basic" or not colon:
        raise service.InvalidClient
    return name, secret
