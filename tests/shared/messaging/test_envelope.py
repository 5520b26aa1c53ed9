"""Envelopes travel as CloudEvents headers and come back whole, or are refused."""

from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.event import Trace
from shared.domain.ids import new_id
from shared.messaging.bus.envelope import Envelope, MalformedEnvelope, from_headers, to_headers

_TEXT = st.text(st.characters(exclude_characters="\x00", codec="utf-8"))


def an_envelope(actor: str = "clerk", benefit_year: int | None = 2024, causation: UUID | None = None) -> Envelope:
    return Envelope(
        id=new_id(),
        event="payment.contribution_paid.v1",
        publisher="payment",
        key=new_id(),
        seq=7,
        region="411521101201",
        benefit_year=benefit_year,
        occurred_at=datetime(2024, 10, 1, 8, 30, 0, 123456, tzinfo=UTC),
        trace=Trace(actor, new_id(), causation),
    )


@given(_TEXT, st.none() | st.integers(1, 9999), st.none() | st.uuids())
def test_an_envelope_comes_back_as_it_was_sent(actor: str, benefit_year: int | None, causation: UUID | None) -> None:
    envelope = an_envelope(actor, benefit_year, causation)
    assert from_headers(to_headers(envelope, "local"), "payment") == envelope


@pytest.mark.parametrize("name", sorted(to_headers(an_envelope(), "local").keys() - {"content-type", "ce_benefityear"}))
def test_an_envelope_without_one_of_its_attributes_is_refused(name: str) -> None:
    headers = to_headers(an_envelope(), "local")
    del headers[name]
    with pytest.raises(MalformedEnvelope, match=name):
        from_headers(headers, "payment")


@given(st.dictionaries(st.sampled_from(sorted(to_headers(an_envelope(), "local"))), st.text(), min_size=1))
def test_whatever_stands_in_the_headers_the_answer_is_an_envelope_or_a_refusal(changes: dict[str, str]) -> None:
    with suppress(MalformedEnvelope):
        from_headers(to_headers(an_envelope(), "local") | changes, "payment")


def test_an_event_in_another_publishers_topic_is_refused() -> None:
    with pytest.raises(MalformedEnvelope, match="lies in the topic of 'quota'"):
        from_headers(to_headers(an_envelope(), "local"), "quota")
