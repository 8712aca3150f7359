"""What activities count for challenges follows them, whatever happens on the way."""

from contextlib import suppress
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.usecases.engagement.auditing import audit_engagement
from loyalty.usecases.ledger.corrections import merge_members
from tests.support.activities import Reviewing, activity
from tests.support.challenges import challenge
from tests.support.club import ANA, BOB
from tests.support.engagement import Killed

COUNTS: Final = {"what": "activities", "activity": "review"}


def club(**parts: Any) -> Reviewing:
    """A member who completes a challenge with two reviews, each worth nothing by itself."""
    critic = challenge(counts=COUNTS, target=2, gives=[{"points": 50}], times_max=9)
    return Reviewing(activity(points=0, more={}), activity(id="post"), counting=[critic], **parts)


def test_two_reviews_complete_a_challenge_and_removing_one_undoes_it() -> None:
    shop = club()
    for activity_id in "12":
        shop.does(activity_id)
        shop.counts(activity_id, activity_id)
    completed = shop.bonuses()

    shop.removes("1")
    shop.counts("1")
    undone = shop.bonuses()
    shop.does("1", minute=2)
    shop.counts("1")

    assert (completed, undone, shop.bonuses()) == (50, 0, 50)
    assert audit_engagement(ANA, shelf=shop.shelf, desk=shop.desk).differences == []
    shop.must_add_up(ANA)
    shop.must_be_consistent()


def test_neither_orders_nor_other_activities_nor_what_does_not_stand_count() -> None:
    shop = Reviewing(
        activity(points=0, ever_max=1),
        activity(id="post"),
        counting=[challenge(counts=COUNTS, target=1, gives=[{"points": 50}], times_max=9)],
    )
    shop.sells("9")
    shop.looks_at("9")
    shop.does("1", kind="post")
    shop.does("2")
    shop.does("3")
    shop.counts(*"123")

    assert shop.progress().windows["ever"].tally == {"*": 1}


def test_a_merged_members_reviews_count_for_the_survivor() -> None:
    shop = club(members=(ANA, BOB))
    shop.does("1")
    shop.does("2", member=BOB)
    shop.counts("1", "2")
    merge_members(BOB, into=ANA, request_id="merge", desk=shop.desk)
    shop.unites(BOB)

    assert shop.bonuses() == 50
    shop.removes("2")
    shop.counts("2")
    assert shop.bonuses() == 0
    assert audit_engagement(ANA, shelf=shop.shelf, desk=shop.desk).differences == []


@pytest.mark.parametrize("takes_effect", [False, True])
def test_a_killed_worker_goes_on_where_it_ended(takes_effect: bool) -> None:  # a parameter
    for dies_at in range(4):
        shop = club()
        shop.does("1")
        shop.does("2")
        shop.table.dies_at, shop.table.takes_effect = dies_at, takes_effect
        with suppress(Killed):
            shop.counts("1", "2")
        shop.table.dies_at = None

        shop.counts("1", "2")

        assert shop.bonuses() == 50
        shop.must_be_consistent()


@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(st.tuples(st.sampled_from("1234"), st.booleans(), st.booleans()), max_size=12)
)
def test_progress_is_what_stands_however_it_came_about(
    steps: list[tuple[str, bool, bool]],
) -> None:
    shop = club()
    standing: dict[str, bool] = {}
    for minute, (activity_id, stands, is_counted) in enumerate(steps):
        if stands:
            shop.does(activity_id, minute=minute)
        else:
            shop.removes(activity_id, minute=minute)
        standing[activity_id] = stands
        if is_counted:
            shop.counts(activity_id)
    shop.counts(*"4321")

    assert shop.bonuses() == 50 * (sum(standing.values()) // 2)
    shop.must_be_consistent()
