"""Whom a process trusts when it calls others: the certificate authorities, read once."""

import ssl
from functools import cache

import httpx


@cache
def authorities(*, trust_env: bool) -> ssl.SSLContext:
    """Also the environment's where ``trust_env`` is on; reading them stops the event loop for tens of milliseconds."""
    return httpx.create_ssl_context(trust_env=trust_env)
