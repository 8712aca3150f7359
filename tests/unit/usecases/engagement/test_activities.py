"""An activity counts once, by its latest content, whatever is repeated, late or simultaneous."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.domain.kernel.errors import ActivityConflict, NotFound, ValidationFailed
from loyalty.usecases.engagement.activities import activities_of_member
from loyalty.usecases.ledger.corrections import merge_members
from tests.support.activities import Reviewing, activity
from tests.support.club import ANA, BOB
from tests.support.engagement import Killed
from tests.support.memory import NOW

# What a platform can tell of one review, with the minute in which it wrote that.
NEWS: Final = {
    0: ("told", ()),
    1: ("told", ("photo",)),
    2: ("removed", ()),
    3: ("told", ("photo",)),
    4: ("told", ()),
    5: ("removed", ()),
}


def tells(club: Reviewing, minutes: Sequence[int]) -> None:
    for minute in minutes:
        what, attributes = NEWS[minute]
        if what == "told":
            club.does("1", *attributes, minute=minute)
        else:
            club.removes("1", minute=minute)


def test_a_review_earns_once_and_a_photo_that_is_added_earns_the_difference() -> None:
    club = Reviewing(activity())

    first = club.does()
    again = club.does()
    edited = club.does("1", "photo", minute=1)
    late = club.does()

    assert first
    assert again
    assert edited
    assert late
    assert (first.replayed, again.replayed, edited.replayed, late.replayed) == (0, 1, 0, 1)
    assert again.entry == first.entry
    assert [each.points for each in club.entries(ANA)] == [20, 10]
    assert club.recorded().points == club.account(ANA).balance == 30
    assert late.recorded == edited.recorded
    club.must_add_up(ANA)


def test_a_removed_review_takes_back_exactly_its_points_and_can_be_told_again() -> None:
    club = Reviewing(activity(wait_days=7))
    club.does("1", "photo")
    pending = club.account(ANA).holding.pending_points
    club.removes()
    left = club.account(ANA).holding.pending_points

    old = club.does("1", "photo")
    back = club.does("1", "photo", minute=2)

    assert old
    assert back
    assert (pending, left, club.account(ANA).holding.pending_points) == (30, 0, 30)
    assert (old.replayed, old.recorded.state) == (True, "retracted")
    assert (back.replayed, back.recorded.state) == (False, "awarded")
    club.must_add_up(ANA)
    club.must_be_consistent()


@pytest.mark.parametrize(("clawback", "debt"), [("unlimited", 20), ("within_balance", 0)])
def test_spent_points_of_a_removed_review_become_debt_or_are_forgiven(
    clawback: str, debt: int
) -> None:
    club = Reviewing(activity(), clawback=clawback)
    club.does()
    club.adjust_balance(ANA, -20)

    club.removes()

    assert club.account(ANA).holding.debt == debt
    club.does(minute=2)
    assert (club.account(ANA).balance, club.account(ANA).holding.debt) == (0, 0)
    club.must_be_consistent()


def test_a_member_keeps_the_points_of_a_removed_review_if_the_program_says_so() -> None:
    club = Reviewing(activity(if_undone="keep", ever_max=1))
    club.does()

    club.removes()

    assert (club.account(ANA).balance, club.recorded().state) == (20, "retracted")
    again = club.does(minute=2)
    assert again
    assert (again.recorded.state, club.account(ANA).balance) == ("awarded", 20)


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": "OTHER"},
        {"kind": "post"},
        {"member": BOB},
        {"occurred_at": NOW - timedelta(days=1)},
        {"attributes": frozenset({"video"})},
    ],
)
def test_an_activity_is_not_edited_into_another_one(changed: dict[str, Any]) -> None:
    club = Reviewing(activity(), activity(id="post"), members=(ANA, BOB))
    club.does(subject="SKU-1")
    items = dict(club.engine.items)

    with pytest.raises(ActivityConflict):
        club.does(**{"subject": "SKU-1", **changed})
    if "attributes" not in changed:
        with pytest.raises(ActivityConflict):
            club.does(minute=5, **{"subject": "SKU-1", **changed})

    assert club.engine.items == items


def test_limits_hold_for_a_day_a_subject_and_ever() -> None:
    club = Reviewing(activity(per_subject=True, per_day_max=2, ever_max=3))

    reviews = [
        ("1", {"subject": "A"}),
        ("2", {"subject": "A"}),
        ("3", {"subject": "B"}),
        ("4", {"subject": "C"}),
        ("5", {"subject": "C", "days_ago": 1}),
        ("6", {"subject": "D", "days_ago": 2}),
    ]
    for activity_id, parts in reviews:
        club.does(activity_id, **parts)  # type: ignore[arg-type]  # named above

    reasons = [club.recorded(activity_id).reason for activity_id, _ in reviews]
    assert reasons == [None, "per_subject", None, "per_day_max", None, "ever_max"]
    assert club.account(ANA).balance == 60
    club.removes("1")
    club.does("2", subject="A", minute=2)
    assert (club.recorded("2").state, club.account(ANA).balance) == ("awarded", 60)


def test_two_simultaneous_reviews_cannot_both_be_the_last_that_counts() -> None:
    club = Reviewing(activity(ever_max=1))
    club.table.rivals.append(lambda: club.does("2"))

    club.does("1")

    assert {club.recorded("1").state, club.recorded("2").state} == {"awarded", "limited"}
    assert club.account(ANA).balance == 20


def test_a_lost_answer_and_a_killed_worker_change_nothing() -> None:
    club = Reviewing(activity(ever_max=1))
    club.table.answers_lost = 1
    club.does()
    club.table.dies_at, club.table.takes_effect = 0, True
    with suppress(Killed):
        club.removes()

    club.removes()
    club.does("2")

    assert (club.recorded("1").state, club.recorded("2").state) == ("retracted", "awarded")
    assert club.account(ANA).balance == 20


def test_a_review_waits_for_an_order_and_counts_by_the_day_on_which_it_was_written() -> None:
    club = Reviewing(activity(needs_order_days=180, per_day_max=1))
    club.does("1", days_ago=3)
    waiting = club.recorded()

    club.sells("9", days_ago=4)
    club.hears_of("9")
    club.hears_of("9")

    assert (waiting.state, waiting.reason) == ("waiting", "no_order")
    assert (club.recorded().state, club.worth()) == ("awarded", 20)
    assert club.activities.waiting(ANA) == []
    club.does("2", days_ago=3)
    assert club.recorded("2").reason == "per_day_max"


def test_an_order_that_is_recorded_meanwhile_is_not_missed() -> None:
    club = Reviewing(activity(needs_order_days=180))
    club.table.rivals.append(lambda: club.sells("9"))

    club.does()

    assert club.recorded().state == "awarded"


def test_an_old_order_is_not_enough() -> None:
    club = Reviewing(activity(needs_order_days=30))
    club.sells("9", days_ago=40)
    club.does("1", days_ago=5)

    assert club.recorded().state == "waiting"
    assert club.worth() == 0


def test_what_a_merged_member_did_counts_for_the_survivor() -> None:
    club = Reviewing(activity(ever_max=2), members=(ANA, BOB))
    club.does("1")
    club.does("2", member=BOB)
    merge_members(BOB, into=ANA, request_id="merge", desk=club.desk)

    club.does("3", member=BOB)
    limited = club.recorded("3").state
    club.removes("2")
    club.does("3", member=BOB, minute=2)

    assert (limited, club.recorded("3").state) == ("limited", "awarded")
    assert club.account(ANA).balance == 40
    listed = activities_of_member(
        BOB, limit=10, start=None, activities=club.activities, desk=club.desk
    )
    assert {each.ref.activity_id for each in listed.items} == {"1", "2", "3"}
    club.must_add_up(ANA)


def test_nobody_known_is_no_member_and_changes_nothing() -> None:
    club = Reviewing(activity())

    assert club.does(member=None) is None
    with pytest.raises(NotFound):
        club.does(member="mem_nobody")

    assert not [item for item in club.engine.items.values() if item.get("kind") == "activity"]


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"kind": "dance"}, "unknown_activity"),
        ({}, "no_subject"),
        ({"subject": "A", "minute": 120}, "time_out_of_range"),
        ({"subject": "A", "days_ago": -2}, "time_out_of_range"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(parts: dict[str, Any], code: str) -> None:
    club = Reviewing(activity(per_subject=True))

    with pytest.raises(ValidationFailed) as refusal:
        club.does(**parts)

    assert refusal.value.faults[0].code == code


def test_an_edit_is_judged_by_the_version_under_which_the_activity_first_counted() -> None:
    club = Reviewing(activity())
    club.does()
    club.publishes_activities(activity(points=500, more={}))

    club.does("1", "photo", minute=1)
    club.does("2")

    assert (club.recorded("1").points, club.recorded("2").points) == (30, 500)


def test_an_activity_without_points_has_no_entry() -> None:
    club = Reviewing(activity(points=0, per_day_max=1))

    done = club.does()
    club.does("2")

    assert done
    assert (done.entry, done.recorded.state) == (None, "awarded")
    assert club.recorded("2").state == "limited"
    assert club.entries(ANA) == []


@settings(max_examples=40, deadline=None)
@given(order=st.lists(st.sampled_from(sorted(NEWS)), min_size=1, max_size=9))
def test_the_latest_content_counts_in_whatever_sequence_the_news_arrives(
    order: list[int],
) -> None:
    club = Reviewing(activity(ever_max=1))

    tells(club, order)

    what, attributes = NEWS[max(order)]
    due = 0 if what == "removed" else 20 + 10 * len(attributes)
    assert club.recorded().points == club.worth() == due
    uses = club.activities.uses([ANA], "review", ["ever"])
    assert uses.get((ANA, "ever"), 0) == (what == "told")
    club.must_add_up(ANA)
    club.must_be_consistent()
