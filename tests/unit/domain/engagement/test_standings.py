"""Places on boards: windows that can still change, shared places, and where everybody else is."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.domain.engagement.standings import (
    BoardStanding,
    OwnPlace,
    Ranked,
    own_place,
    prize_of,
    running_window,
    windows_to_rank,
)
from loyalty.domain.program.boards import Board, Prize
from loyalty.domain.program.challenges import Challenge
from tests.support.challenges import challenge
from tests.support.memory import NOW

BOARD = Board.model_validate(
    {"id": "cups", "name": "Most cups", "challenge": "three", "settles_after_days": 14}
)


def of(**parts: Any) -> Challenge:
    return Challenge.model_validate(challenge(**parts))


def standing(*scores: int, shows: int = 2) -> BoardStanding:
    """A standing of members m0, m1, … with these scores, computed the slow way."""
    ordered = sorted(scores, reverse=True)
    head = tuple(
        Ranked(f"m{number}", score, ordered.index(score) + 1)
        for number, score in enumerate(ordered)
        if ordered.index(score) < shows
    )
    reached = [len(ordered) * percent // 100 for percent in range(1, 101)]
    cuts = tuple(ordered[number - 1] if number else ordered[0] + 1 for number in reached)
    return BoardStanding(
        board_id="cups",
        window="2026-11",
        as_of=NOW,
        version=1,
        members=len(scores),
        head=head,
        cuts=cuts,
    )


@pytest.mark.parametrize(
    ("today", "found"),
    [
        (date(2026, 11, 30), [("2026-11", False, False), ("2026-10", True, True)]),
        (date(2026, 12, 14), [("2026-12", False, False), ("2026-11", True, False)]),
        (date(2026, 12, 15), [("2026-12", False, False), ("2026-11", True, True)]),
    ],
)
def test_a_window_is_ranked_until_it_is_settled(
    today: date, found: list[tuple[str, bool, bool]]
) -> None:
    windows = list(windows_to_rank(BOARD, of(window="month"), today=today))

    assert [tuple(each) for each in windows][:2] == found


def test_fixed_days_are_ranked_from_the_first_on_and_settled_after_the_last() -> None:
    november = {"starts_on": "2026-11-01", "ends_on": "2026-11-30"}
    fixed = of(window=november)
    days = [date(2026, 10, 31), date(2026, 11, 1), date(2026, 12, 14), date(2026, 12, 15)]

    found = [list(windows_to_rank(BOARD, fixed, today=day)) for day in days]

    name = "2026-11-01/2026-11-30"
    assert found == [
        [],
        [(name, False, False)],
        [(name, True, False)],
        [(name, True, True)],
    ]
    assert [running_window(fixed, today=day) for day in days] == [None, name, name, name]


def test_a_challenge_without_an_end_is_never_settled() -> None:
    assert list(windows_to_rank(BOARD, of(), today=date(2026, 11, 1))) == [("ever", False, False)]


def test_who_is_not_in_the_head_learns_the_percent() -> None:
    found = standing(*range(1, 201))

    assert own_place(found, member_id="m1", score=199) == OwnPlace(place=2)
    assert own_place(found, member_id="x", score=180) == OwnPlace(top_percent=11)
    assert own_place(found, member_id="x", score=1) == OwnPlace(top_percent=100)
    assert own_place(found, member_id="x", score=0) == OwnPlace()


@given(scores=st.lists(st.integers(1, 9), min_size=1, max_size=30), shows=st.integers(1, 5))
@settings(max_examples=50, deadline=None)
def test_a_place_is_that_among_all_scores(scores: list[int], shows: int) -> None:
    found, ordered = standing(*scores, shows=shows), sorted(scores, reverse=True)

    for number, score in enumerate(ordered):
        own = own_place(found, member_id=f"m{number}", score=score)
        if own.place is not None:
            assert own.place == ordered.index(score) + 1
        else:
            assert own.top_percent is not None
            assert 100 * (ordered.index(score) + 1) <= own.top_percent * len(scores)


def test_a_place_gets_the_prize_that_ends_soonest() -> None:
    ten, three = Prize(to_place=10, points=10), Prize(to_place=3, points=100)

    assert [prize_of(place, (ten, three)) for place in (1, 3, 4, 11)] == [three, three, ten, None]


def test_a_long_outage_settles_a_window_late() -> None:
    last = date(2026, 11, 30) + timedelta(days=14 + 30)

    assert "2026-11" in {
        each.name for each in windows_to_rank(BOARD, of(window="month"), today=last)
    }
