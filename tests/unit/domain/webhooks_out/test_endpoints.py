"""How a delivery to an endpoint is tried again, and which secrets sign it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.webhooks_out.deliveries import (
    RETRIED_FOR,
    SPREAD,
    WAIT_MAX,
    WAIT_MIN,
    AttemptResult,
    EndpointDelivery,
    attempted,
    queued,
    queued_again,
)
from loyalty.domain.webhooks_out.endpoints import OVERLAP, RETIRING_MAX, SigningSecrets

NOW: Final = datetime(2026, 11, 21, 10, tzinfo=UTC)
FAILED: Final = AttemptResult(status=500)


def delivery() -> EndpointDelivery:
    return queued("crm", event_id="evt_1", event="PointsEarned", body="{}", now=NOW)


def waits(*, chance: float) -> list[timedelta]:
    """How long each wait is of a delivery that never succeeds."""
    found: list[timedelta] = []
    now, tried = NOW, delivery()
    while True:
        tried = attempted(tried, FAILED, now=now, chance=chance)
        if tried.next_attempt_at is None:
            return found
        found.append(tried.next_attempt_at - now)
        now = tried.next_attempt_at


def test_a_response_of_success_ends_the_delivery() -> None:
    done = attempted(delivery(), AttemptResult(status=202), now=NOW, chance=0)

    assert (done.state, done.attempts, done.status) == ("delivered", 1, 202)
    assert done.next_attempt_at is None


def test_waits_treble_up_to_four_hours_and_end_after_a_day() -> None:
    seconds = [wait.total_seconds() for wait in waits(chance=0.5)]

    assert seconds[:6] == [10, 20, 60, 180, 540, 1620]
    assert max(seconds) == WAIT_MAX.total_seconds()
    assert sum(seconds) == RETRIED_FOR.total_seconds()
    # The most attempts for one event that an endpoint without answers may cost.
    assert len(seconds) + 1 == 14


@given(st.floats(0, 1))
def test_chance_moves_a_wait_by_a_quarter_and_costs_no_endless_attempts(chance: float) -> None:
    found = waits(chance=chance)

    assert WAIT_MIN * (1 - SPREAD) <= found[0] <= WAIT_MIN * (1 + SPREAD)
    assert max(found) <= WAIT_MAX * (1 + SPREAD)
    assert sum(found, timedelta()) == RETRIED_FOR
    assert len(found) <= 25


def test_retry_after_is_respected_within_limits() -> None:
    for retry_after, given_ in (
        (timedelta(minutes=5), timedelta(minutes=5)),
        (RETRIED_FOR, WAIT_MAX),
    ):
        answer = AttemptResult(status=429, retry_after=retry_after)

        tried = attempted(delivery(), answer, now=NOW, chance=0.5)

        assert tried.next_attempt_at == NOW + given_


def test_an_endpoint_that_answers_gone_is_not_tried_again() -> None:
    done = attempted(delivery(), AttemptResult(status=410), now=NOW, chance=0)

    assert (done.state, done.next_attempt_at) == ("parked", None)


@pytest.mark.parametrize("status", [301, 302, 400, 401, 404, 429, 500, 503])
def test_every_other_response_is_tried_again(status: int) -> None:
    tried = attempted(delivery(), AttemptResult(status=status), now=NOW, chance=0)

    assert (tried.state, tried.turn) == ("retrying", 1)


def test_a_parked_delivery_that_is_redelivered_has_another_day() -> None:
    late = NOW + RETRIED_FOR
    given_up = attempted(delivery(), FAILED, now=late, chance=0)
    assert given_up.state == "parked"

    again = queued_again(given_up, now=late)
    tried = attempted(again, FAILED, now=late, chance=0.5)

    assert tried.next_attempt_at == late + WAIT_MIN
    assert tried.attempts == 2


def test_only_the_newest_turn_of_a_delivery_is_acted_on() -> None:
    tried = attempted(delivery(), FAILED, now=NOW, chance=0)
    done = replace(tried, state="delivered")

    assert [tried.awaits(turn) for turn in (0, 1, 2)] == [False, True, True]
    assert [done.awaits(turn) for turn in (0, 1, 2)] == [False, False, True]


def test_a_secret_that_was_replaced_signs_for_a_day_beside_the_new_one() -> None:
    secrets = SigningSecrets("one").rotated("two", now=NOW)

    assert secrets.valid_at(NOW) == ("two", "one")
    assert secrets.valid_at(NOW + OVERLAP - timedelta(seconds=1)) == ("two", "one")
    assert secrets.valid_at(NOW + OVERLAP) == ("two",)


def test_a_rotation_whose_answer_was_lost_takes_no_secret_from_the_receiver() -> None:
    secrets = SigningSecrets("one").rotated("lost", now=NOW).rotated("two", now=NOW)

    assert secrets.valid_at(NOW) == ("two", "lost", "one")


def test_a_loop_of_rotations_does_not_grow_the_secret() -> None:
    secrets = SigningSecrets("0")
    for number in range(1, 50):
        secrets = secrets.rotated(str(number), now=NOW)

    assert len(secrets.retiring) == RETIRING_MAX
