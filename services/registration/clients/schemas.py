"""What the token endpoint answers."""

from typing import Literal

from pydantic import BaseModel


class TokenOut(BaseModel):
    """A bearer token and how many seconds it lasts."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a scheme, not a secret
    expires_in: int
