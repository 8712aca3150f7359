"""Budgets of campaigns: what is left of them, for orders and for whoever runs the program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from loyalty.domain.campaigns.budgets import BudgetStatus, budget_status, budgets_on
from loyalty.domain.campaigns.limits import budget_of
from loyalty.domain.campaigns.participation import current_day, is_over
from loyalty.domain.kernel.errors import NotFound

if TYPE_CHECKING:
    from loyalty.domain.campaigns.budgets import ShardsUsed
    from loyalty.domain.orders.order import Order
    from loyalty.domain.program.campaigns import Campaign
    from loyalty.domain.program.document import Program
    from loyalty.usecases.ports import Desk

type CampaignState = Literal["scheduled", "running", "spent", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignStatus:
    """A campaign of the version in force, and how it stands."""

    campaign: Campaign
    state: CampaignState
    budget: BudgetStatus | None


def shards_of(document: Program, order: Order, *, desk: Desk) -> ShardsUsed:
    """What was used of every budget that an order can take from."""
    budgets = budgets_on(document, document.today(order.occurred_at))
    return desk.books.budgets_used([each.of for each in budgets.values()]) if budgets else {}


def shards_of_short(document: Program, order: Order, *, desk: Desk) -> ShardsUsed:
    """What was used of the budgets of an order that were short a moment ago."""
    budgets = budgets_on(document, document.today(order.occurred_at)).values()
    periods = (each.of for each in budgets)
    short = desk.short_budgets.among(desk.program.program_id, periods, now=desk.now)
    return desk.books.budgets_used(short) if short else {}


def statuses(*, desk: Desk) -> tuple[CampaignStatus, ...]:
    """How every campaign of the version in force stands, in the document's order."""
    return _statuses(desk.program.document.campaigns, desk=desk)


def status(campaign_id: str, *, desk: Desk) -> CampaignStatus:
    """How a campaign of the version in force stands.

    Raises:
        NotFound: the version has no such campaign.
    """
    named = [each for each in desk.program.document.campaigns if each.id == campaign_id]
    if not named:
        raise NotFound("There is no such campaign")
    return _statuses(named, desk=desk)[0]


def _statuses(campaigns: Sequence[Campaign], *, desk: Desk) -> tuple[CampaignStatus, ...]:
    document = desk.program.document
    days = {each.id: current_day(each.when, desk.today) for each in campaigns}
    budgets = (budget_of(each, document.point_value, days[each.id]) for each in campaigns)
    periods = [budget.of for budget in budgets if budget]
    used = desk.books.budgets_used(periods) if periods else {}
    found = ((each, budget_status(each, document, days[each.id], used)) for each in campaigns)
    return tuple(
        CampaignStatus(campaign=each, state=_state(each, budget, desk=desk), budget=budget)
        for each, budget in found
    )


def _state(campaign: Campaign, budget: BudgetStatus | None, *, desk: Desk) -> CampaignState:
    if is_over(campaign, desk.now.astimezone(desk.program.document.zone)):
        return "ended"
    if campaign.when.starts_on is not None and desk.today < campaign.when.starts_on:
        return "scheduled"
    return "spent" if budget is not None and not budget.left else "running"
