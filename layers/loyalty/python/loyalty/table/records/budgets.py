"""Budgets of campaigns, as the table stores their shards, and what was noted of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from loyalty.domain.campaigns.budgets import BudgetShard, BudgetSpent
from loyalty.domain.campaigns.limits import CampaignBudget
from loyalty.table import keys
from loyalty.table.records.parts import VERSION, instant_from

if TYPE_CHECKING:
    from loyalty.table.operations import Item


def budget_shard_from_item(item: Item) -> BudgetShard:
    wire = cast("dict[str, Any]", item)
    campaign_id, period, shard = wire["pk"].split("#")[3:]
    return BudgetShard(
        budget=CampaignBudget(campaign_id, period, wire["budget"]),
        shard=int(shard),
        used=wire["used"],
    )


def budget_spent_to_item(spent: BudgetSpent) -> Item:
    return {
        "kind": "budget_spent",
        "v": VERSION,
        "campaign_id": spent.budget.campaign_id,
        "period": spent.budget.period,
        "budget": spent.budget.points,
        "percent": spent.percent,
        "left": spent.left,
        "spent_at": keys.instant(spent.spent_at),
    }


def budget_spent_from_item(item: Item) -> BudgetSpent:
    wire = cast("dict[str, Any]", item)
    return BudgetSpent(
        budget=CampaignBudget(wire["campaign_id"], wire["period"], wire["budget"]),
        percent=wire["percent"],
        left=wire["left"],
        spent_at=instant_from(wire["spent_at"]),
    )
