"""The broker that tests use: one of their own, or the one that CANBAO_TEST_KAFKA names."""

from __future__ import annotations

import os

from tests.harness.kafka_process import KafkaBroker, answers

__all__ = ["KafkaBroker", "NamedBroker", "answers", "broker_for_tests"]


class NamedBroker:
    """The broker that CANBAO_TEST_KAFKA names: used as it is, so that tests which harm a broker must make their own."""

    def __init__(self, bootstrap_servers: str) -> None:
        self.bootstrap_servers = bootstrap_servers
        assert answers(bootstrap_servers), f"CANBAO_TEST_KAFKA={bootstrap_servers} does not answer"

    def stop(self) -> None:
        """Leave it as it is: it is not ours."""


def broker_for_tests() -> KafkaBroker | NamedBroker:
    """The named broker if there is one, else a fresh one of our own, started."""
    named = os.environ.get("CANBAO_TEST_KAFKA")
    if named:
        return NamedBroker(named)
    broker = KafkaBroker()
    try:
        broker.start()
    except BaseException:
        broker.stop()
        raise
    return broker
