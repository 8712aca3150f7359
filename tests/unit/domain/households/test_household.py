"""Households: who is in them, who owns them, and which invitations are open."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest

from loyalty.domain.households.household import (
    INVITATIONS_MAX,
    HeldHousehold,
    Household,
    household_change,
)

NOW: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
TODAY: Final = NOW.date()
HELD: Final = HeldHousehold("hh_1", TODAY)


def household(**joined: date) -> Household:
    return Household(household_id="hh_1", owner_id="ana", members={"ana": TODAY, **joined})


def test_an_invitation_counts_once_and_for_a_week() -> None:
    inviting = household().inviting("digest", now=NOW)

    assert inviting.has_invited("digest", now=NOW + timedelta(days=6))
    assert not inviting.has_invited("digest", now=NOW + timedelta(days=7))
    joined = inviting.joined_by("ben", "digest", day=TODAY, now=NOW)
    assert not joined.has_invited("digest", now=NOW)
    assert list(joined.members) == ["ana", "ben"]
    assert joined.revision == 3


def test_the_oldest_invitation_gives_way_to_one_too_many() -> None:
    inviting = household()
    for number in range(INVITATIONS_MAX + 1):
        inviting = inviting.inviting(f"d{number}", now=NOW + timedelta(minutes=number))

    assert len(inviting.invitations) == INVITATIONS_MAX
    assert not inviting.has_invited("d0", now=NOW)


def test_who_has_been_in_it_longest_owns_it_after_the_owner() -> None:
    three = household(cem=TODAY + timedelta(days=2), ben=TODAY + timedelta(days=1))

    assert three.without("ana").owner_id == "ben"
    assert three.without("ben").owner_id == "ana"
    assert household().without("ana").members == {}


def test_a_member_waits_after_joining_and_after_leaving() -> None:
    assert not HELD.is_over(30, day=TODAY + timedelta(days=29))
    assert HELD.is_over(30, day=TODAY + timedelta(days=30))
    left = HELD._replace(left_on=TODAY)
    assert not left.may_join_again(90, day=TODAY + timedelta(days=89))
    assert left.may_join_again(90, day=TODAY + timedelta(days=90))
    assert not HELD.may_join_again(0, day=TODAY)


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (None, HELD, "joined"),
        (HELD, HELD, None),
        (HELD, HELD._replace(shares_max=5), "shares"),
        (HELD, HELD._replace(left_on=TODAY), "left"),
        (HELD._replace(left_on=TODAY), HeldHousehold("hh_2", TODAY), "joined"),
        (HELD, None, None),
    ],
)
def test_a_change_of_an_account_says_what_happened(
    before: HeldHousehold | None, after: HeldHousehold | None, what: str | None
) -> None:
    assert household_change(before, after) == what
