"""How campaigns stand: their state, and what is left of their budgets in points and in money."""

from datetime import date, timedelta
from typing import Any, Final

import pytest

from loyalty.domain.campaigns.budgets import BudgetWorth
from loyalty.domain.kernel.errors import NotFound
from loyalty.usecases.campaigns.budgets import CampaignStatus, status, statuses
from tests.support.campaigns import campaign
from tests.support.club import Club
from tests.support.documents import published
from tests.support.memory import NOW

HUNDRED: Final = {"effect": {"kind": "fixed", "points": 70}, "limits": {"budget": {"points": 100}}}


def stands(club: Club, campaign_id: str = "welcome") -> CampaignStatus:
    return status(campaign_id, desk=club.desk)


def left(club: Club) -> tuple[int, int]:
    budget = stands(club).budget
    assert budget is not None
    return budget.used, budget.left


def test_what_is_used_and_what_is_left_are_the_budget() -> None:
    club = Club(campaign(**HUNDRED))
    assert left(club) == (0, 100)

    club.sells("1")
    assert (left(club), stands(club).state) == ((70, 30), "running")
    club.sells("2")
    assert (left(club), stands(club).state) == ((100, 0), "spent")
    club.refunds("2", whole=True)
    assert (left(club), stands(club).state) == ((70, 30), "running")


def test_a_budget_is_that_of_the_current_period() -> None:
    limits = {"budget": {"points": 100, "per": "day"}}
    club = Club(campaign(effect={"kind": "fixed", "points": 100}, limits=limits))
    club.sells("1")
    assert stands(club).state == "spent"

    club.now = NOW + timedelta(days=1)

    assert (left(club), stands(club).state) == ((0, 100), "running")


def test_before_and_after_a_campaign_it_is_the_first_and_the_last_period() -> None:
    limits = {"budget": {"points": 100, "per": "day"}}
    only_today = {"starts_on": "2026-11-21", "ends_on": "2026-11-21"}
    club = Club(campaign(effect={"kind": "fixed", "points": 60}, limits=limits, when=only_today))
    club.sells("1")

    for days, state in ((-1, "scheduled"), (0, "running"), (1, "ended")):
        club.now = NOW + timedelta(days=days)
        assert (stands(club).state, left(club)) == (state, (60, 40))


def test_a_budget_in_money_is_told_in_points_and_in_money() -> None:
    value = {"amount_minor": 3, "per_points": 2}
    club = Club(
        campaign(effect={"kind": "fixed", "points": 25}, limits={"budget": {"amount_minor": 100}}),
        point_value=value,
    )
    club.sells("1")

    budget = stands(club).budget

    assert budget is not None
    assert (budget.points, budget.used, budget.left) == (66, 25, 41)
    assert budget.money == BudgetWorth(amount_minor=100, used_minor=37, left_minor=61)


def test_a_budget_that_was_lowered_below_what_is_used_has_nothing_left() -> None:
    club = Club(campaign(**HUNDRED))
    club.sells("1")
    lower: dict[str, Any] = campaign(**HUNDRED | {"limits": {"budget": {"points": 16}}})
    club.program = published(campaigns=[lower])

    used, remaining = left(club)

    # One order took from several shards, and one point is left in each of the others.
    assert used == 70
    assert 0 <= remaining < 16
    club.program = published(campaigns=[lower | {"limits": {"budget": {"points": 1}}}])
    assert stands(club).state in ("spent", "running")


def test_campaigns_stand_in_the_order_of_the_document() -> None:
    club = Club(campaign(id="b", **HUNDRED), campaign(id="a"))

    found = statuses(desk=club.desk)

    assert [(each.campaign.id, each.budget is not None) for each in found] == [
        ("b", True),
        ("a", False),
    ]
    with pytest.raises(NotFound):
        stands(club, "nothing")


def test_a_program_without_budgets_reads_nothing() -> None:
    club = Club(campaign(when={"ends_on": date(2026, 12, 1).isoformat()}))
    club.engine.get_many = None  # type: ignore[assignment,method-assign]  # nothing may read it

    assert stands(club).budget is None
