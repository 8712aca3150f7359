"""What a sample of people says of all of them."""

from collections import Counter
from datetime import date
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.trials.estimates import BudgetDemand, budget_demands, gain_of_all
from loyalty.domain.trials.sums import Cell, TrialSums
from tests.support.campaigns import campaign
from tests.support.documents import program


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


def demand(**points_by_day: int) -> TrialSums:
    cells = Counter(
        {
            Cell("proposed", "issued", "budget", "budget:spring#2026-03", day.replace("_", "-")): n
            for day, n in points_by_day.items()
        }
    )
    return TrialSums(cells=cells)


DAYS = {"2026_03_01": 40, "2026_03_05": 30, "2026_03_09": -10, "2026_03_11": 50}


def found(points: int, *, tried: int = 1, people_all: int = 1) -> BudgetDemand:
    spring = campaign(
        id="spring",
        effect={"kind": "fixed", "points": 10},
        limits={"budget": {"points": points, "per": "month"}},
    )
    document = program(campaigns=[spring, campaign(id="springtime")])
    (only,) = budget_demands(
        demand(**DAYS), "proposed", document, tried=tried, people_all=people_all
    )
    return only


class TestBudgets:
    def test_a_budget_ends_on_the_day_on_which_all_of_it_would_be_taken(self) -> None:
        assert found(70).ends_on == date(2026, 3, 5)
        assert found(71).ends_on == date(2026, 3, 11)
        assert found(111).ends_on is None

    def test_it_says_how_much_orders_would_take_less_what_refunds_give_back(self) -> None:
        assert (found(70).taken, found(70).period) == (110, "2026-03")

    def test_a_sample_stands_for_all(self) -> None:
        of_all = found(140, tried=10, people_all=20)

        assert (of_all.taken, of_all.ends_on) == (220, date(2026, 3, 5))

    def test_a_budget_that_the_document_does_not_have_is_left_out(self) -> None:
        sums = demand(**DAYS)

        assert budget_demands(sums, "proposed", program(), tried=1, people_all=1) == ()
        assert budget_demands(sums, "in_force", program(), tried=1, people_all=1) == ()
