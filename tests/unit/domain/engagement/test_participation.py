"""A stay: a member takes part from one moment to another, and what occurs in between counts."""

from datetime import timedelta
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.domain.engagement.participation import (
    STAYS_MAX,
    Stay,
    Stays,
    joined_since,
    joining,
    leaving,
    takes_part_at,
)
from loyalty.domain.kernel.errors import WrongState
from tests.support.orders import NOON

HOUR: Final = timedelta(hours=1)


@given(st.lists(st.booleans(), max_size=20))
@settings(max_examples=50)
def test_only_what_occurs_after_joining_and_before_leaving_counts(steps: list[bool]) -> None:
    stays: Stays = ()
    taking_part = False
    for number, joins in enumerate(steps):
        now = NOON + number * HOUR
        stays = joining(stays, now=now) if joins else leaving(stays, now=now)
        assert takes_part_at(stays, now) is joins
        assert takes_part_at(stays, now - timedelta(microseconds=1)) is taking_part
        taking_part = joins
    assert (joined_since(stays) is not None) is taking_part


def test_to_join_or_leave_again_changes_nothing() -> None:
    once = joining((), now=NOON)
    left = leaving(once, now=NOON + HOUR)

    assert joining(once, now=NOON + HOUR) == once == (Stay(NOON),)
    assert leaving(left, now=NOON + 2 * HOUR) == left == (Stay(NOON, NOON + HOUR),)
    assert leaving((), now=NOON) == ()


def test_nobody_joins_without_end() -> None:
    stays: Stays = (Stay(NOON, NOON),) * STAYS_MAX

    with pytest.raises(WrongState, match="50 times"):
        joining(stays, now=NOON)
