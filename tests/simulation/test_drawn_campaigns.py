"""Campaigns of simulated programs could be published, and campaigns of every kind are drawn."""

import random
from collections.abc import Iterator
from typing import Any, get_args

from loyalty.domain.campaigns.member_facts import leaves
from loyalty.domain.program.campaign_effects import Effect
from loyalty.domain.program.campaigns import Campaign
from loyalty.domain.program.document import Program
from loyalty.domain.program.kinds import BudgetPeriod, MemberPeriod
from loyalty.domain.program.member_conditions import MemberCount, MemberStatement
from loyalty.domain.program.order_conditions import OrderCircumstance, OrderMeasure
from tests.simulation import programs
from tests.simulation.drawing.campaigns import with_campaigns
from tests.simulation.scene import NOON
from tests.support.campaigns import campaign_faults

SEEDS = range(400)


def drawn(seed: int) -> list[Program]:
    """The versions of a program, which has levels for every other seed."""
    document = programs.document("UTC", tiers=programs.ROLLING if seed % 2 else None)
    first = programs.published(document, published_at=NOON)
    return [each.document for each in with_campaigns(random.Random(seed), [first], now=NOON)]


def facts(union: Any, name: str = "fact") -> set[str]:
    """What each of some models calls itself."""
    return {get_args(each.model_fields[name].annotation)[0] for each in get_args(union)}


def of_orders(condition: Any) -> Iterator[str]:
    nested = [part for _, part in condition.nested()]
    yield from (fact for part in nested for fact in of_orders(part))
    if not nested:
        yield condition.fact


def kinds(campaign: Campaign) -> Iterator[tuple[str, object]]:
    member, budget = campaign.limits.per_member, campaign.limits.budget
    yield "effect", campaign.effect.kind
    yield "activation", campaign.activation
    yield "group", campaign.group
    yield "holdout", campaign.holdout and campaign.holdout.percent
    if member:
        yield "member", member.per
    if budget:
        yield "budget", budget.per
    if campaign.orders:
        yield from (("orders", fact) for fact in of_orders(campaign.orders))
    yield from (("members", leaf.fact) for leaf in leaves(campaign.members))


def test_every_drawn_program_could_be_published() -> None:
    faulty = [seed for seed in SEEDS for each in drawn(seed) if campaign_faults(each)]

    assert not faulty


def test_campaigns_of_every_kind_are_drawn() -> None:
    campaigns = [each for seed in SEEDS for program in drawn(seed) for each in program.campaigns]
    found = {kind for campaign in campaigns for kind in kinds(campaign)}

    assert found == {
        *(("effect", kind) for kind in facts(get_args(Effect)[0], "kind")),
        *(("activation", activation) for activation in ("auto", "join")),
        *(("group", group) for group in (None, "best", "first")),
        *(("holdout", percent) for percent in (None, 20, 50)),
        *(("member", per) for per in get_args(MemberPeriod)),
        *(("budget", per) for per in get_args(BudgetPeriod)),
        *(("orders", fact) for fact in facts(OrderMeasure) | facts(OrderCircumstance)),
        *(("members", fact) for fact in facts(MemberCount) | facts(MemberStatement)),
    }
