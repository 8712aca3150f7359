"""The members with new entries, from what was written to the lake since the last run."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from loyalty.domain.ledger.holding import Holding
from loyalty.lake.objects import OVERLAP, Changes
from tests.support.lake import Home
from tests.support.ledger import LOT, NOON, change, request

MORNING = datetime(2026, 11, 21, 2, 15, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path) -> Home:
    return Home(tmp_path)


def write(lake: Home, member_id: str, *, moment: datetime, day: datetime = NOON) -> None:
    """An entry of a member, recorded on one day and archived at a moment."""
    lake.bucket.now = moment
    entry = request(
        "adjustment",
        Holding(lots={LOT: 1}),
        request_id=f"{member_id}-{moment}",
        member_id=member_id,
        recorded_at=day,
    )
    lake.write([change(entry, made_at=day)], name=f"{moment:%H%M%S%f}-{member_id}")


def changes(lake: Home) -> Changes:
    return Changes(lake.bucket.client, bucket="lake")


def test_the_first_look_finds_everybody(lake: Home) -> None:
    write(lake, "ana", moment=MORNING)
    write(lake, "bob", moment=MORNING + timedelta(hours=1), day=NOON - timedelta(days=300))

    found = changes(lake).since("bean", None)

    assert found.members == {"ana", "bob"}
    assert found.until == MORNING + timedelta(hours=1)


def test_a_later_look_finds_what_was_written_since(lake: Home) -> None:
    write(lake, "ana", moment=MORNING)
    write(lake, "bob", moment=MORNING + timedelta(hours=1))

    found = changes(lake).since("bean", MORNING + timedelta(minutes=30))

    assert found.members == {"bob"}


def test_a_late_record_is_found_by_its_arrival(lake: Home) -> None:
    write(lake, "ana", moment=MORNING, day=NOON - timedelta(days=14))

    found = changes(lake).since("bean", MORNING - timedelta(minutes=1))

    assert found.members == {"ana"}


def test_what_was_still_being_written_at_the_last_look_is_found(lake: Home) -> None:
    write(lake, "ana", moment=MORNING)
    last = changes(lake).since("bean", None)
    write(lake, "bob", moment=MORNING - timedelta(seconds=2))

    found = changes(lake).since("bean", last.until)

    assert "bob" in found.members
    assert changes(lake).since("bean", MORNING + OVERLAP + timedelta(seconds=1)).members == set()


def test_other_programs_and_other_facts_are_left_alone(lake: Home) -> None:
    write(lake, "ana", moment=MORNING)

    found = changes(lake).since("beans", None)

    assert (found.members, found.until) == (frozenset(), None)
    assert lake.bucket.fetched == []


def test_objects_folded_in_the_meantime_are_left_to_the_next_look(lake: Home) -> None:
    write(lake, "ana", moment=MORNING)
    write(lake, "bob", moment=MORNING)
    (first, *_) = (key for key in lake.bucket.objects if key.startswith("facts/entries/"))
    lake.bucket.vanishing.add(first)

    found = changes(lake).since("bean", None)

    assert found.members == {"bob"}


def test_an_unreadable_format_is_an_error(lake: Home) -> None:
    lake.bucket.put_object(Key="facts/entries/program=bean/day=2026-11-21/x.unknown", Body=b"")

    with pytest.raises(ValueError, match="nothing here reads"):
        changes(lake).since("bean", None)
