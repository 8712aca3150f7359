"""Orders meet the limits of campaigns, and members join them."""

from datetime import timedelta
from typing import Any, Final

from tests.simulation.programs import CAMPAIGN_GROUPS, campaign
from tests.simulation.requests.campaigns import JoinCampaign, LeaveCampaign
from tests.simulation.requests.orders import Earn
from tests.simulation.requests.points import Adjust
from tests.simulation.scene import Stage, done, earned, order, refund, scene
from tests.simulation.world import Request, World

LIMITS: Final[dict[str, Any]] = {
    "per_member": {"points": 15, "orders": 3, "per": "month"},
    "budget": {"points": 24},
}
WELCOME: Final = campaign("welcome", members={"fact": "first_order"})
TO_JOIN: Final = campaign("to-join", activation="join")


def an_order_under_campaigns() -> tuple[World, Request]:
    world = scene(
        campaigns=(
            WELCOME,
            TO_JOIN,
            campaign("missed", members={"fact": "days_since_order", "at_least": 2}),
            campaign("french", members={"fact": "locale", "is_in": ["fr"]}),
            campaign("more", effect={"kind": "multiply", "percent": 150}, group="best"),
            campaign("each", effect={"kind": "per_unit", "points": 3}, group="best"),
            campaign(limits={"budget": {"points": 1000}}, pending_days=2),
        ),
        campaign_groups=CAMPAIGN_GROUPS,
    )
    done(world.finish(JoinCampaign("ann", "to-join")))
    return world, Earn(order("o1", 50, quantity=30), "ann")


def an_order_that_gets_what_limits_leave() -> tuple[World, Request]:
    second = campaign("second", members={"fact": "order_number", "every": 2})
    world = scene(campaigns=(campaign(limits=LIMITS), second))
    earned(world, 50, name="o0")
    # Nothing remembers that the budget was short.
    world.now += timedelta(minutes=1)
    return world, Earn(order("o1", 50), "ann")


def an_order_under_campaigns_after_its_refunds() -> tuple[World, Request]:
    world, of = scene(campaigns=(WELCOME, campaign(limits=LIMITS))), order("o1", 50)
    done(world.finish(refund(of, "r1", amount=20)))
    done(world.finish(refund(of, "r2")))
    return world, Earn(of, "ann")


def a_refund_of_which_limits_get_back_a_part() -> tuple[World, Request]:
    world = scene(campaigns=(WELCOME, campaign(limits=LIMITS)), clawback="within_balance")
    of = earned(world, 50)
    done(world.finish(Adjust("ann", -40, "j1")))
    return world, refund(of)


def a_member_who_joins_a_campaign() -> tuple[World, Request]:
    return scene(campaigns=(TO_JOIN,)), JoinCampaign("ann", "to-join")


def a_member_who_leaves_a_campaign() -> tuple[World, Request]:
    world = scene(campaigns=(TO_JOIN,))
    done(world.finish(JoinCampaign("ann", "to-join")))
    return world, LeaveCampaign("ann", "to-join")


STAGES: Final[tuple[Stage, ...]] = (
    an_order_under_campaigns,
    an_order_that_gets_what_limits_leave,
    an_order_under_campaigns_after_its_refunds,
    a_refund_of_which_limits_get_back_a_part,
    a_member_who_joins_a_campaign,
    a_member_who_leaves_a_campaign,
)
