"""What a sample of people says of all of them."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from random import Random
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.trials.estimates import BudgetUse, budget_uses, gain_of_all, with_ends
from loyalty.domain.trials.sums import BudgetMinute, TrialSums, minute_of
from loyalty.domain.trials.trial import Trial
from tests.support.campaigns import campaign, with_campaigns
from tests.support.documents import published
from tests.support.trials import versions_of


def gained(*points: int) -> TrialSums:
    return TrialSums(
        members=len(points),
        gain_points=sum(points),
        gain_squares=sum(each * each for each in points),
    )


class TestGain:
    @given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=20))
    def test_it_is_exact_if_everybody_was_tried(self, points: list[int]) -> None:
        estimate = gain_of_all(gained(*points), tried=len(points), people_all=len(points))

        assert estimate == (sum(points), sum(points), sum(points))

    def test_nobody_tried_says_nothing(self) -> None:
        assert gain_of_all(TrialSums(), tried=0, people_all=0) == (0, 0, 0)

    def test_the_interval_covers_the_truth_in_about_95_of_100_samples(self) -> None:
        draw = Random(7)
        people = [draw.choice((0, 0, 10, 20, -5)) for _ in range(2_000)]
        covered = 0
        for _ in range(400):
            sums = gained(*draw.sample(people, 200))
            estimate = gain_of_all(sums, tried=200, people_all=2_000)
            covered += estimate.low <= sum(people) <= estimate.high

        assert 0.92 <= covered / 400 <= 0.98

    def test_people_who_did_nothing_in_the_period_gain_nothing(self) -> None:
        """They are tried, and not counted."""
        assert gain_of_all(gained(10, 10), tried=4, people_all=8).points == 40


SPRING: Final = "budget:spring#2026-03"
# At noon in Paris.
NOONS: Final = {1: 40, 5: 30, 9: -10, 11: 50}


def taken(name: str = SPRING) -> TrialSums:
    noons = {day: datetime(2026, 3, day, 11, tzinfo=UTC) for day in NOONS}
    return TrialSums(
        taken=Counter(
            {BudgetMinute(name, minute_of(noons[day])): points for day, points in NOONS.items()}
        )
    )


def trial_of(budget_points: int) -> Trial:
    spring = campaign(
        id="spring",
        effect={"kind": "fixed", "points": 10},
        limits={"budget": {"points": budget_points, "per": "month"}},
    )
    proposed = with_campaigns(spring, campaign(id="springtime"))
    return Trial(
        proposed=replace(published(), document=proposed),
        versions=versions_of(published()),
        first=date(2026, 3, 1),
        last=date(2026, 3, 31),
    )


def found(points: int, *, tried: int = 1, people_all: int = 1) -> BudgetUse:
    (only,) = budget_uses(taken(), trial_of(points), tried=tried, people_all=people_all)
    return only


def ends_on(points: int) -> date | None:
    return found(points).ends_on(trial_of(points).proposed.document.zone)


class TestBudgets:
    def test_a_budget_ends_on_the_day_on_which_all_of_it_is_taken(self) -> None:
        assert [ends_on(points) for points in (70, 71, 111)] == [
            date(2026, 3, 5),
            date(2026, 3, 11),
            None,
        ]

    def test_it_says_how_much_orders_take_less_what_refunds_give_back(self) -> None:
        assert (found(70).taken, found(70).budget.period) == (110, "2026-03")

    def test_a_sample_stands_for_all(self) -> None:
        of_all = found(140, tried=10, people_all=20)

        assert (of_all.taken, of_all.ends) == (220, found(70).ends)

    def test_a_budget_that_the_document_does_not_have_is_left_out(self) -> None:
        assert budget_uses(taken("budget:other#all"), trial_of(1), tried=1, people_all=1) == ()

    def test_what_ends_is_tried_once_more_and_stays_where_it_ended(self) -> None:
        enough, short = trial_of(111), trial_of(70)

        assert with_ends(enough, taken(), tried=1, people_all=1) == enough
        again = with_ends(short, taken(), tried=1, people_all=1)
        assert again.ends == {SPRING: found(70).ends}
        # A budget that is shut is taken less of, and ends when it did.
        assert with_ends(again, TrialSums(), tried=1, people_all=1) == again
        assert with_ends(short, taken(), tried=0, people_all=0) == short
