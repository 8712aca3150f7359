"""What an order counts for campaigns, and what the write that counts it relies on."""

from dataclasses import replace
from datetime import date
from typing import Any

from loyalty.domain.campaigns.awards import full_award
from loyalty.domain.campaigns.limits import ORDERS, LimitUse, uses
from loyalty.domain.campaigns.member_facts import Interval
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.campaign_counts import (
    CampaignCounting,
    counting_of_order,
    counting_of_step,
    decide,
    moved,
)
from loyalty.domain.ledger.entries import Accrual
from loyalty.domain.ledger.refunds import OrderState, remainder_of, state_of
from loyalty.domain.program.document import Program
from tests.support.campaigns import campaign, with_campaigns
from tests.support.orders import NOON, order_of

TODAY = date(2026, 11, 21)
CAPPED = campaign(limits={"per_member": {"points": 25, "orders": 9, "per": "month"}})
NEW = Account(member_id="mem_1", enrolled_at=NOON, orders=0)


def counted(program: Program, account: Account, **parts: Any) -> CampaignCounting:
    """What an order of 10.00 counts and relies on."""
    bought = order_of(1000, **parts)
    decision = decide(bought, account, program, tier=None, today=TODAY)
    award = full_award(bought, bought=bought, program=program, context=decision.context)
    used = uses(program, TODAY, today=TODAY, before={}, after=award.campaign_points)
    return counting_of_order(bought, account, program, decision, counted=used)


def accrual_of(program: Program) -> Accrual:
    bought = order_of(1000)
    decision = decide(bought, NEW, program, tier=None, today=TODAY)
    award = full_award(bought, bought=bought, program=program, context=decision.context)
    return Accrual(order=bought, shares=award.shares, parts=award.parts)


def test_an_order_counts_as_one_and_relies_on_nothing_but_that_orders_are_known() -> None:
    counting = counted(with_campaigns(), NEW)

    assert counting == CampaignCounting(orders=1, orders_within=Interval(lowest=0), bought_on=TODAY)


def test_orders_that_are_not_known_must_not_become_known_by_one_more() -> None:
    counting = counted(with_campaigns(), replace(NEW, orders=None))

    assert counting == CampaignCounting(is_unknown=True)


def test_a_campaign_for_the_first_order_relies_on_the_number_and_not_on_the_day() -> None:
    first = with_campaigns(campaign(**{"for": {"fact": "first_order"}}))

    assert counted(first, NEW).orders_within == (0, 0)
    assert counted(first, replace(NEW, orders=7)).orders_within == (1, None)
    assert counted(first, NEW).bought_on_seen is None


def test_a_campaign_that_reads_days_relies_on_the_day_in_force_seen() -> None:
    late = with_campaigns(campaign(**{"for": {"fact": "days_since_order", "at_least": 9}}))
    seen = replace(NEW, orders=1, bought_on=date(2026, 11, 1))

    assert counted(late, seen).bought_on_seen == (date(2026, 11, 1),)
    assert counted(late, replace(seen, bought_on=TODAY)).bought_on is None


def test_a_limit_with_room_is_relied_on_to_have_it_and_a_short_one_to_be_as_seen() -> None:
    points, orders = "campaign#welcome#2026-11", "campaign#welcome#2026-11#orders"
    program = with_campaigns(CAPPED)

    with_room = counted(program, NEW)
    short = counted(program, replace(NEW, redeemed={points: 20, orders: 2}))

    assert (with_room.used, with_room.at_most) == (
        {points: 10, orders: 1},
        {points: 15, orders: 8},
    )
    assert (short.used, short.at_most) == ({points: 5, orders: 1}, {})
    assert short.exactly == {points: 20, orders: 2}


def test_a_refund_gives_back_what_it_takes_and_the_order_only_if_nothing_was_forgiven() -> None:
    program = with_campaigns(CAPPED)
    accrual = accrual_of(program)
    before = remainder_of(accrual, state_of(accrual, None), program)
    whole = remainder_of(accrual, replace(before.state, whole=True), program)

    taken, half = (
        moved(accrual, program, before=before, after=whole, forgiven=forgiven, today=TODAY)
        for forgiven in (0, 10)
    )

    limit, orders = "welcome#2026-11", "welcome#2026-11#orders"
    assert taken.uses == (LimitUse(limit, -10), LimitUse(orders, -1), LimitUse(ORDERS, -1))
    assert (half.uses, half.counted) == ((LimitUse(limit, -5),), {"welcome": 5})
    counting = counting_of_step(replace(NEW, orders=3), accrual, program, taken)
    assert (counting.orders, counting.orders_within) == (-1, (1, None))


def test_a_campaign_without_a_limit_is_counted_for_reports_and_moves_no_limit() -> None:
    program = with_campaigns(campaign())
    accrual = accrual_of(program)

    before, after = (
        remainder_of(accrual, OrderState(amount_minor=amount), program) for amount in (0, 1)
    )

    step = moved(accrual, program, before=before, after=after, forgiven=0, today=TODAY)

    assert (step.counted, step.uses) == ({"welcome": 10}, ())
