"""The auditor knows everybody who listens to anybody."""

from services.composition import SERVICES
from verify.consumer_progress import SUBSCRIPTIONS


def test_every_subscription_is_among_the_listeners_that_are_checked() -> None:
    subscribed = {(s.event.publisher(), service.name) for service in SERVICES for s in service.subscriptions}
    assert subscribed == set(SUBSCRIPTIONS)
