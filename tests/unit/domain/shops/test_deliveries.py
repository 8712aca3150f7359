"""How deliveries are named, and when two of them contradict each other."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.kernel.limits import EXTERNAL_ID
from loyalty.domain.shops.deliveries import (
    BODY_CHARACTERS,
    CONTRADICTED,
    EVENT_CHARACTERS,
    EventBody,
    StoredDelivery,
    delivery_id,
    is_contradicted,
    kept_as,
    read_log_id,
)
from loyalty.domain.shops.storefront import Envelope
from tests.support.received import delivery

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
times = st.timedeltas(min_value=timedelta(days=-9000), max_value=timedelta(days=9000)).map(
    lambda away: NOW + away
)


def envelope(
    *, event: str | None = "e", topic: str = "t", stable_body: bytes | None = None
) -> Envelope:
    return Envelope(
        topic=topic, name=event or "n", order_id="1", event=event, stable_body=stable_body
    )


def stored(
    *, received_at: datetime = NOW, body: bytes = b"{}", described: Envelope | None = None
) -> StoredDelivery:
    return kept_as(delivery(body, received_at=received_at), described or envelope())


def event_of(named: str) -> str:
    return named[:EVENT_CHARACTERS]


@given(received_at=times, body=st.binary(max_size=20))
def test_a_log_id_has_time_and_delivery_and_fits_in_a_path(
    received_at: datetime, body: bytes
) -> None:
    one = stored(received_at=received_at, body=body)

    assert read_log_id(one.log_id) == (received_at, one.delivery_id)
    assert re.fullmatch(EXTERNAL_ID, one.log_id)
    assert len(one.delivery_id) == EVENT_CHARACTERS + BODY_CHARACTERS


@given(first=times, second=times)
def test_log_ids_sort_by_time_of_receipt(first: datetime, second: datetime) -> None:
    assert (stored(received_at=first).log_id < stored(received_at=second).log_id) == (
        first < second
    )


def test_a_log_time_is_in_utc() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=9)))

    assert stored(received_at=elsewhere).log_id == stored(received_at=NOW).log_id


@pytest.mark.parametrize(
    "text", ["", "x", "20261121T100000000000Z", f"20261321T100000000000Z.{'0' * 40}"]
)
def test_text_that_is_no_log_id_is_not_read(text: str) -> None:
    assert read_log_id(text) is None


def test_another_body_is_another_delivery_of_the_same_event() -> None:
    one, other = delivery_id(envelope(), b"one"), delivery_id(envelope(), b"other")

    assert one != other
    assert event_of(one) == event_of(other)


@pytest.mark.parametrize("changed", [envelope(event="f"), envelope(topic="u")])
def test_another_event_id_or_topic_is_another_event(changed: Envelope) -> None:
    one, other = delivery_id(envelope(), b""), delivery_id(changed, b"")

    assert event_of(one) != event_of(other)


def test_without_an_event_id_another_body_is_another_event() -> None:
    without_id = envelope(event=None)

    assert event_of(delivery_id(without_id, b"one")) != event_of(delivery_id(without_id, b"other"))
    assert delivery_id(without_id, b"one") == delivery_id(without_id, b"one")


def test_the_stable_body_decides_what_is_the_same() -> None:
    with_stable_body = envelope(stable_body=b"the same")

    assert delivery_id(with_stable_body, b"one") == delivery_id(with_stable_body, b"other")


class TestAContradiction:
    FIRST = stored(body=b"first")
    SECOND = stored(body=b"second")

    @staticmethod
    def body_seen(one: StoredDelivery, reason: str | None = None) -> EventBody:
        return EventBody(body=one.delivery_id[EVENT_CHARACTERS:], reason=reason)

    def test_is_a_second_delivery_with_another_body(self) -> None:
        assert is_contradicted(self.SECOND, (self.body_seen(self.FIRST),))

    def test_is_not_a_repeated_delivery_of_the_same_body(self) -> None:
        assert not is_contradicted(
            self.FIRST, (self.body_seen(self.FIRST), self.body_seen(self.FIRST))
        )

    def test_is_not_accepted_because_it_is_repeated(self) -> None:
        before = (self.body_seen(self.FIRST), self.body_seen(self.SECOND, CONTRADICTED))

        assert is_contradicted(self.SECOND, before)
        assert not is_contradicted(self.FIRST, before)

    def test_counts_even_if_the_first_delivery_has_failed_so_far(self) -> None:
        assert is_contradicted(self.SECOND, (self.body_seen(self.FIRST, "try_again"),))
