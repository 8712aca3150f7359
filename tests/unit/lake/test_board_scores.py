"""Scores of boards by the lake are what adding up in plain Python gives."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from loyalty.domain.engagement.standings import HEAD_MAX, Ranked
from loyalty.domain.facts import CountedOrderFact, Fact, MemberFact, OrderFact
from loyalty.lake.board_scores import LakeScores
from loyalty.lake.objects import Lake
from loyalty.usecases.engagement.boards import Scores
from tests.support.documents import program
from tests.support.lake import Home

NOW: Final = datetime(2026, 12, 1, 12, tzinfo=UTC)
# Half past midnight in Paris, the program's zone: the first of November.
FIRST: Final = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)


def member(name: str, *, status: Any = "active", into: str | None = None) -> MemberFact:
    return MemberFact(
        fact_id=name,
        program_id="bean",
        recorded_at=FIRST,
        status=status,
        enrolled_at=FIRST,
        ended_at=None if status == "active" else NOW,
        into=into,
        floor_level=None,
        floor_until=None,
    )


def bought(
    number: int, by: str | None, amount: int, *, sold_at: datetime = FIRST, rule: str = "cups"
) -> list[Fact]:
    """An order, and what it counts for a challenge."""
    order = OrderFact(
        fact_id=f"till/{number}",
        program_id="bean",
        recorded_at=sold_at,
        member_id=by,
        guest_id=None,
        source="till",
        order_id=f"{number}",
        channel=None,
        amount_minor=100,
        lines=1,
        occurred_at=sold_at,
    )
    counted = CountedOrderFact(
        fact_id=f"till/{number}/challenge.{rule}",
        program_id="bean",
        recorded_at=sold_at,
        source="till",
        order_id=f"{number}",
        counts_for="challenge",
        rule_id=rule,
        occurred_at=sold_at,
        amount=amount,
    )
    return [order, counted]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def scores(home: Home, *facts: Fact, window: str = "2026-11", shows: int = 3) -> Scores:
    Lake(home.bucket.client, bucket="lake").write(list(facts), name="facts")
    found = LakeScores(
        document=program(),
        now=NOW,
        fetch=lambda _kinds, _columns: home.fetch(),
        connect=home.engine.over,
    )
    return found.scores("cups", window=window, shows=shows)


def test_scores_are_those_of_the_window_and_of_the_challenge(home: Home) -> None:
    found = scores(
        home,
        member("ana"),
        member("bob"),
        *bought(1, "ana", 2),
        *bought(2, "ana", 3, sold_at=FIRST - HOUR),
        *bought(3, "ana", 4, sold_at=FIRST + timedelta(days=30)),
        *bought(4, "ana", 5, rule="other"),
        *bought(5, "ana", 0),
        *bought(6, "bob", 2),
        *bought(7, None, 9),
    )

    assert found.head == (Ranked("ana", 2, 1), Ranked("bob", 2, 1))
    assert found.members == 2


def test_a_merged_member_counts_once_and_one_who_left_not_at_all(home: Home) -> None:
    found = scores(
        home,
        member("ana"),
        member("bob", status="merged", into="ana"),
        member("cleo", status="closed"),
        *bought(1, "ana", 2),
        *bought(2, "bob", 3),
        *bought(3, "cleo", 9),
        window="ever",
    )

    assert found.head == (Ranked("ana", 5, 1),)


def test_places_and_cuts_are_those_of_a_sorted_list(home: Home) -> None:
    draw = random.Random(7)
    counted = {f"m{number:03}": draw.randint(1, 40) for number in range(150)}
    facts = [
        fact
        for number, (name, amount) in enumerate(counted.items())
        for fact in (member(name), *bought(number, name, amount))
    ]

    found = scores(home, *facts, shows=10)

    ordered = sorted(counted.values(), reverse=True)
    places = {name: ordered.index(amount) + 1 for name, amount in counted.items()}
    assert {each.member_id: each.place for each in found.head} == {
        name: place for name, place in places.items() if place <= 10
    }
    assert list(found.cuts) == [ordered[150 * percent // 100 - 1] for percent in range(1, 101)]


def test_a_place_that_too_many_share_is_left_out_as_a_whole(home: Home) -> None:
    names = [f"m{number}" for number in range(HEAD_MAX + 1)]
    facts = [
        fact
        for number, name in enumerate(names)
        for fact in (member(name), *bought(number, name, 2 if number else 5))
    ]

    found = scores(home, *facts)

    assert found.head == (Ranked("m0", 5, 1),)
    assert (found.members, set(found.cuts)) == (HEAD_MAX + 1, {2})


def test_nobody_has_a_score_yet(home: Home) -> None:
    assert scores(home, member("ana")) == Scores(0, (), ())
