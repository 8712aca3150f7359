"""What is news of an activity, which limits it takes up, and whether the member ordered."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest

from loyalty.domain.engagement.activities import (
    ActivityContent,
    ActivityLimit,
    ActivityRef,
    RecordedActivity,
    exceeded,
    has_ordered,
    is_news,
    limits_of,
)
from loyalty.domain.kernel.errors import ActivityConflict
from loyalty.domain.program.activities import RewardedActivity

NOON: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER: Final = NOON + timedelta(minutes=1)
DAY: Final = date(2026, 11, 21)
CONTENT: Final = ActivityContent(
    activity="review", member_id="mem_ana", occurred_at=NOON, subject="SKU-1"
)
WITH_PHOTO: Final = replace(CONTENT, attributes=frozenset({"photo"}))
SEEN: Final = RecordedActivity(
    ref=ActivityRef("reviews", "1"),
    content=CONTENT,
    changed_at=NOON,
    state="awarded",
    first_recorded_at=NOON,
    recorded_at=NOON,
)
REMOVED: Final = replace(SEEN, state="retracted", changed_at=LATER)


def terms(**parts: Any) -> RewardedActivity:
    return RewardedActivity(id="review", name="A review", **parts)


def test_what_is_told_first_is_news_and_what_was_told_is_not() -> None:
    assert is_news(None, CONTENT, NOON)
    assert not is_news(SEEN, CONTENT, NOON)
    assert is_news(replace(SEEN, state="waiting"), CONTENT, NOON)
    assert is_news(SEEN, WITH_PHOTO, LATER)
    assert not is_news(SEEN, WITH_PHOTO, NOON - timedelta(minutes=1))


def test_what_was_written_before_a_removal_counts_no_more() -> None:
    nothing_else = replace(REMOVED, content=None)

    assert not is_news(REMOVED, WITH_PHOTO, LATER)
    assert not is_news(nothing_else, WITH_PHOTO, LATER)
    assert is_news(REMOVED, WITH_PHOTO, LATER + timedelta(seconds=1))
    assert is_news(nothing_else, WITH_PHOTO, LATER + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("content", "changed_at"),
    [
        (WITH_PHOTO, NOON),
        (replace(CONTENT, subject=None), LATER),
        (replace(CONTENT, activity="post"), LATER),
        (replace(CONTENT, occurred_at=LATER), LATER),
    ],
)
def test_another_activity_or_another_content_at_the_same_time_is_a_conflict(
    content: ActivityContent, changed_at: datetime
) -> None:
    with pytest.raises(ActivityConflict):
        is_news(SEEN, content, changed_at)


def test_an_activity_takes_up_a_use_of_each_of_its_limits() -> None:
    limits = tuple(limits_of(terms(per_subject=True, per_day_max=3, ever_max=9), CONTENT, day=DAY))

    assert limits == (
        ActivityLimit("subject#SKU-1", 1, "per_subject"),
        ActivityLimit("day#2026-11-21", 3, "per_day_max"),
        ActivityLimit("ever", 9, "ever_max"),
    )
    assert exceeded(limits, {}) is None
    assert exceeded(limits, {"day#2026-11-21": 2, "ever": 8}) is None
    assert exceeded(limits, {"day#2026-11-21": 3, "ever": 9}) == "per_day_max"
    assert tuple(limits_of(terms(), CONTENT, day=DAY)) == ()


def test_an_order_on_the_last_day_that_counts_is_recent_enough() -> None:
    needs = terms(needs_order_days=30)

    assert has_ordered(terms(), day=DAY, bought_on=None)
    assert not has_ordered(needs, day=DAY, bought_on=None)
    assert has_ordered(needs, day=DAY, bought_on=DAY - timedelta(days=30))
    assert not has_ordered(needs, day=DAY, bought_on=DAY - timedelta(days=31))
    assert has_ordered(needs, day=DAY, bought_on=DAY + timedelta(days=1))


def test_no_two_activities_have_the_same_award() -> None:
    assert ActivityRef("a", "b.c").award_id != ActivityRef("a.b", "c").award_id
