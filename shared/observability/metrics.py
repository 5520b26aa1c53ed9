"""Metrics on a port of their own: operations may scrape it, the world never reaches it."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server

from shared.settings import Settings


@contextmanager
def metrics_served(settings: Settings) -> Iterator[None]:
    """While the block runs, ``/metrics`` answers on the metrics port, where one is set."""
    if not settings.metrics_port:
        yield
        return
    server, thread = start_http_server(settings.metrics_port, addr=settings.metrics_host)
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
