"""Campaigns are chosen by what was bought and valued by what is kept."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.campaigns.awards import full_award
from loyalty.domain.campaigns.limits import LimitRoom
from loyalty.domain.campaigns.planning import AwardContext, compiled, freeze
from loyalty.domain.earning import awarding
from loyalty.domain.orders.order import Order, Tender
from loyalty.domain.program.document import Program
from tests.support.campaigns import (
    CONDITIONS,
    SELECTORS,
    campaign,
    campaign_faults,
    nothing_of,
    orders,
    programs,
    shrinking,
    with_campaigns,
)
from tests.support.documents import rule
from tests.support.orders import line, order, order_of

CEILINGS = st.dictionaries(st.sampled_from(["c0", "c1", "c2"]), st.integers(0, 200))
FRIDAY_NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)


def values(
    program: Program,
    bought: Order,
    remaining: Order | None = None,
    context: AwardContext | None = None,
) -> dict[str, int]:
    """What each campaign gives for what is kept."""
    award = full_award(
        remaining or bought, bought=bought, program=program, context=context or AwardContext()
    )
    return dict(award.campaign_points)


def value(parts: dict[str, Any], bought: Order, remaining: Order | None = None, **more: Any) -> int:
    """What a program's only campaign gives."""
    return values(with_campaigns(campaign(**parts), **more), bought, remaining).get("welcome", 0)


@given(st.data())
def test_no_refund_makes_a_campaign_give_more_and_a_full_refund_leaves_nothing(
    data: st.DataObject,
) -> None:
    program, bought = data.draw(programs()), data.draw(orders())
    context = AwardContext(ceilings=data.draw(CEILINGS))
    remaining = data.draw(shrinking(bought))

    given_for = [values(program, bought, each, context) for each in remaining]

    for more, less in pairwise(given_for):
        assert all(points <= more.get(each, 0) for each, points in less.items())
    assert values(program, bought, nothing_of(bought), context) == {}
    for each, ceiling in context.ceilings.items():
        assert all(points.get(each, 0) <= ceiling for points in given_for)


@given(programs(), orders(), CEILINGS)
def test_an_order_of_which_nothing_went_back_gets_what_is_worked_out_for_what_is_kept(
    program: Program, bought: Order, ceilings: dict[str, int]
) -> None:
    context = AwardContext(ceilings=ceilings)
    whole = replace(bought)

    assert whole is not bought
    assert full_award(whole, bought=bought, program=program, context=context) == full_award(
        bought, bought=bought, program=program, context=context
    )


@given(programs(), orders())
def test_rules_give_what_they_give_without_campaigns(program: Program, bought: Order) -> None:
    by_rules = awarding.award(bought, program)
    rules = {rule.id for rule in program.earning_rules}
    without = program.model_copy(update={"campaigns": ()})

    both, alone = (
        full_award(bought, bought=bought, program=each, context=AwardContext())
        for each in (program, without)
    )

    assert tuple(share for share in both.shares if share.rule_id in rules) == by_rules.shares
    assert alone == by_rules


@given(st.data())
def test_the_shares_of_lines_add_up_to_the_points_of_each_rule_and_campaign(
    data: st.DataObject,
) -> None:
    program, bought = data.draw(programs()), data.draw(orders())
    remaining = data.draw(shrinking(bought))[-1]

    award = full_award(remaining, bought=bought, program=program, context=AwardContext())

    by_campaign = {
        campaign_id: sum(each.points for each in award.shares if each.rule_id == campaign_id)
        for campaign_id in award.campaign_points
    }
    assert by_campaign == award.campaign_points
    assert sum(share.points for share in award.shares) == award.points


@given(st.data())
def test_what_may_be_given_does_not_depend_on_what_is_kept(data: st.DataObject) -> None:
    program, bought = data.draw(programs()), data.draw(orders())
    every = compiled(program)
    remaining = data.draw(shrinking(bought))[-1]
    purchase = every.purchase(bought, remaining, tier=None)

    planned = every.plan(purchase.keeping(bought), AwardContext())

    assert every.plan(every.purchase(bought, tier=None), AwardContext()) == planned
    assert all(points <= planned[each] for each, points in every.values(purchase, planned).items())


@given(st.data())
def test_limits_never_give_more_than_their_room_and_leave_nothing_over(
    data: st.DataObject,
) -> None:
    program, bought = data.draw(programs()), data.draw(orders())
    every = compiled(program)
    purchase = every.purchase(bought, tier=None)
    room = st.builds(LimitRoom, st.sampled_from(["cap", "budget"]), st.integers(0, 200))
    rooms = data.draw(st.dictionaries(st.sampled_from(["c0", "c1"]), room))
    had = data.draw(st.dictionaries(st.sampled_from(["c0", "c1"]), st.integers(0, 50)))

    ceilings = freeze(every, purchase, AwardContext(), rooms=rooms, had=had)

    planned = every.plan(purchase, AwardContext(ceilings=ceilings))
    for campaign_id, left in rooms.items():
        assert planned.get(campaign_id, 0) <= had.get(campaign_id, 0) + left.points
    assert all(planned.get(each, 0) <= ceiling for each, ceiling in ceilings.items())


@given(condition=CONDITIONS, bought=orders(), data=st.data())
def test_a_condition_that_is_published_never_becomes_true_by_a_refund(
    condition: dict[str, Any], bought: Order, data: st.DataObject
) -> None:
    program = with_campaigns(campaign(**{"if": condition}))
    if campaign_faults(program):
        return
    (only,) = compiled(program).campaigns
    purchase = compiled(program).purchase(bought, tier=None)

    truths = [only.holds(purchase.keeping(each)) for each in data.draw(shrinking(bought))]

    assert truths == sorted(truths, reverse=True)


def test_of_a_group_the_best_counts_and_of_two_alike_the_first() -> None:
    small, large = campaign(id="small", group="one"), campaign(id="large", group="one")
    large = large | {"effect": {"kind": "fixed", "points": 30}}
    twin = large | {"id": "twin"}
    groups = [{"id": "one", "choose": "best"}]

    best = with_campaigns(small, large, twin, campaign_groups=groups)
    first = with_campaigns(small, large, campaign_groups=[{"id": "one", "choose": "first"}])

    assert values(best, order_of(1000)) == {"large": 30}
    assert values(first, order_of(1000)) == {"small": 10}


def test_the_winner_of_a_group_stays_when_a_refund_makes_the_other_one_better() -> None:
    large = campaign(
        id="spend-50",
        group="one",
        effect={"kind": "fixed", "points": 100},
        **{"if": {"fact": "amount", "at_least_minor": 5000}},
    )
    program = with_campaigns(
        large, campaign(group="one"), campaign_groups=[{"id": "one", "choose": "best"}]
    )
    bought = order_of(6000)

    assert values(program, bought) == {"spend-50": 100}
    assert values(program, bought, bought.keeping({"1": 4000})) == {}


def test_the_maximum_of_an_order_is_handed_out_in_the_order_of_the_document() -> None:
    program = with_campaigns(
        campaign(id="a"), campaign(id="b"), campaign(id="c"), campaign_points_per_order_max=15
    )

    assert values(program, order_of(1000)) == {"a": 10, "b": 5}


def test_a_group_that_loses_its_winner_to_a_limit_gives_the_other_one() -> None:
    large = campaign(id="large", group="one", effect={"kind": "fixed", "points": 100})
    program = with_campaigns(
        large, campaign(id="small", group="one"), campaign_groups=[{"id": "one", "choose": "best"}]
    )
    every = compiled(program)
    purchase = every.purchase(order_of(1000), tier=None)

    ceilings = freeze(every, purchase, AwardContext(), rooms={"large": LimitRoom("cap", 4)})

    assert ceilings == {"large": 4}
    assert every.plan(purchase, AwardContext(ceilings=ceilings)) == {"small": 10}


@pytest.mark.parametrize(
    ("effect", "points"),
    [
        ({"kind": "multiply", "percent": 150}, 12),
        ({"kind": "rate", "points": 2, "per_minor": 100}, 49),
        ({"kind": "rate", "points": 2, "per_minor": 100, "rounding": "ceil"}, 50),
        ({"kind": "fixed", "points": 7}, 7),
        ({"kind": "per_unit", "points": 5}, 15),
        ({"kind": "per_unit", "points": 5, "every": 2}, 5),
        (
            {
                "kind": "steps",
                "steps": [
                    {"at_least_minor": 1000, "points": 3},
                    {"at_least_minor": 2499, "points": 8},
                    {"at_least_minor": 2500, "points": 9},
                ],
            },
            8,
        ),
    ],
)
def test_each_effect_gives_what_its_lines_are_worth(effect: dict[str, Any], points: int) -> None:
    assert value({"effect": effect}, order_of(2499, quantity=3)) == points


def test_a_multiplier_works_on_what_rules_earn_at_the_level_before_rounding() -> None:
    levels = {
        "basis": "spend",
        "period": "calendar_year",
        "levels": [{"id": "gold", "name": "Gold", "reached_at": 1, "multiplier_percent": 150}],
    }
    program = with_campaigns(
        campaign(effect={"kind": "multiply", "percent": 200}, lines={"categories": ["bean"]}),
        earning_rules=[rule(), rule(id="plain", per_minor=1000, level_multiplies=False)],
        tiers=levels,
    )
    bought = order(line(1900, "1", category="bean"), line(5000, "2"))

    assert values(program, bought, context=AwardContext(tier="gold")) == {"welcome": 30}
    assert values(program, bought) == {"welcome": 20}


def test_a_rate_by_tender_counts_the_share_that_it_paid() -> None:
    effect = {"kind": "rate", "points": 1, "per_minor": 100, "tenders": ["stored_value"]}
    paid = replace(order_of(3000), tenders=(Tender("card", 2000), Tender("stored_value", 1000)))

    assert value({"effect": effect}, paid) == 10
    assert value({"effect": effect}, paid, paid.keeping({"1": 1500})) == 5
    assert value({"effect": effect}, order_of(3000)) == 0


def test_an_earning_rule_by_tender_earns_on_the_share_that_it_paid() -> None:
    program = with_campaigns(earning_rules=[rule(tenders=["stored_value"])])
    paid = replace(order_of(3000), tenders=(Tender("card", 2000), Tender("stored_value", 1000)))

    def points(bought: Order) -> int:
        return full_award(bought, bought=bought, program=program, context=AwardContext()).points

    assert (points(paid), points(order_of(3000))) == (10, 0)


def test_a_fixed_bonus_stays_while_the_order_qualifies_or_falls_in_proportion() -> None:
    condition = {"fact": "amount", "at_least_minor": 5000}
    bought = order_of(8000)
    above, below = bought.keeping({"1": 5000}), bought.keeping({"1": 4000})

    requalify = {"effect": {"kind": "fixed", "points": 100}, "if": condition}
    in_proportion = {
        "effect": {"kind": "fixed", "points": 100, "on_refund": "in_proportion"},
        "if": condition,
    }

    assert (value(requalify, bought, above), value(requalify, bought, below)) == (100, 0)
    assert (value(in_proportion, bought, above), value(in_proportion, bought, below)) == (62, 50)


def test_goods_that_cost_nothing_give_points_while_their_units_are_kept() -> None:
    free = order_of(0, quantity=2)
    returned = replace(free, lines=(replace(free.lines[0], quantity=0),))

    assert value({}, free) == 10
    assert value({}, free, returned) == 0
    assert value({"effect": {"kind": "per_unit", "points": 3}}, free) == 6


@pytest.mark.parametrize(
    ("selector", "points"),
    [
        ({}, 3),
        ({"categories": ["bean"]}, 1),
        ({"categories": ["bean"], "skus": ["TOTE"]}, 2),
        ({"categories": ["bean"], "not_skus": ["KENYA"]}, 0),
        ({"not_categories": ["bean"]}, 2),
        ({"brands": ["House"]}, 1),
        ({"tags": ["new"]}, 1),
        ({"lists": ["sale"]}, 2),
        ({"also_charges": ["shipping"]}, 4),
        ({"categories": ["shipping"], "also_charges": ["shipping"]}, 1),
        ({"brands": ["Other"]}, 0),
    ],
)
def test_a_selector_s_names_are_alternatives_and_exclusions_win(
    selector: dict[str, Any], points: int
) -> None:
    bought = order(
        line(100, "1", category="bean", sku="KENYA"),
        line(100, "2", category="merch", sku="TOTE", brand="House"),
        line(100, "3", sku="MUG", tags=("new", "gift")),
        line(100, "4", category="shipping"),
    )
    effect = {"kind": "rate", "points": 1, "per_minor": 100}
    lists = {"sale": ["TOTE", "MUG"], "other": ["KENYA"]}

    assert value({"effect": effect, "lines": selector}, bought, lists=lists) == points


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"fact": "amount", "at_least_minor": 3000}, True),
        ({"fact": "amount", "at_least_minor": 3001}, False),
        ({"fact": "amount", "at_least_minor": 3500, "of": {"also_charges": ["shipping"]}}, True),
        ({"fact": "amount", "at_most_minor": 3000, "read": "bought"}, True),
        ({"fact": "units", "at_least": 3}, True),
        ({"fact": "units", "at_least": 4}, False),
        ({"fact": "units", "at_least": 1, "of": {"categories": ["tea"]}}, False),
        ({"fact": "distinct_skus", "at_least": 2}, True),
        ({"fact": "distinct_skus", "at_least": 3}, False),
        ({"fact": "dearest_line", "at_least_minor": 2000}, True),
        ({"fact": "dearest_line", "at_least_minor": 2001}, False),
        ({"fact": "unit_price", "at_least_minor": 1000, "at_most_minor": 1000}, True),
        ({"fact": "unit_price", "at_least_minor": 1001}, False),
        ({"fact": "channel", "is_in": ["web", "app"]}, True),
        ({"fact": "channel", "is_in": ["web"]}, False),
        ({"fact": "source", "is_in": ["pos"]}, True),
        ({"fact": "location", "is_in": ["lyon"]}, True),
        ({"fact": "location", "is_in": ["paris"]}, False),
        ({"fact": "tender", "is_in": ["gift_card"]}, True),
        ({"fact": "tender", "is_in": ["cash"]}, False),
        ({"fact": "code", "is_in": ["Flyer"]}, True),
        ({"fact": "code", "is_in": ["OTHER"]}, False),
        ({"not": {"fact": "channel", "is_in": ["web"]}}, True),
        ({"all": [{"fact": "units", "at_least": 3}, {"fact": "channel", "is_in": ["web"]}]}, False),
        ({"any": [{"fact": "units", "at_least": 9}, {"fact": "channel", "is_in": ["app"]}]}, True),
    ],
)  # fmt: skip
def test_a_condition_reads_what_an_order_says(condition: dict[str, Any], holds: bool) -> None:
    bought = replace(
        order(
            line(2000, "1", quantity=1, sku="S1"),
            line(1000, "2", quantity=2, sku="S2"),
            line(500, "3", category="shipping", sku="POST"),
        ),
        channel="app",
        location="lyon",
        tenders=(Tender("card", 1000), Tender("gift_card", 2500)),
        codes=("FLYER",),
    )

    assert (value({"if": condition}, bought) > 0) is holds


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({}, True),
        ({"starts_on": "2026-11-20", "ends_on": "2026-11-20"}, True),
        ({"starts_on": "2026-11-21"}, False),
        ({"ends_on": "2026-11-19"}, False),
        ({"weekdays": ["fri", "sat"]}, True),
        ({"weekdays": ["sat"]}, False),
        # It is noon in Paris.
        ({"hours": [{"from": "12:00", "until": "12:01"}]}, True),
        ({"hours": [{"from": "11:00", "until": "12:00"}]}, False),
        ({"hours": [{"from": "09:00", "until": "10:00"}, {"from": "11:30", "until": "13:00"}]}, 1),
        ({"weekdays": ["fri"], "hours": [{"from": "22:00", "until": "12:01"}]}, False),
        ({"weekdays": ["thu"], "hours": [{"from": "22:00", "until": "12:01"}]}, True),
        ({"ends_on": "2026-11-19", "hours": [{"from": "22:00", "until": "12:01"}]}, True),
        ({"starts_on": "2026-11-20", "hours": [{"from": "22:00", "until": "12:01"}]}, False),
        ({"hours": [{"from": "11:59", "until": "00:00"}]}, True),
    ],
)  # fmt: skip
def test_a_window_is_in_the_programs_zone_and_hours_belong_to_the_day_they_begin_on(
    when: dict[str, Any], holds: int
) -> None:
    bought = order_of(1000, occurred_at=FRIDAY_NOON)

    assert (value({"when": when}, bought) > 0) == holds


def test_a_campaign_of_the_member_gives_only_what_was_opened_for_the_order() -> None:
    program = with_campaigns(
        campaign(id="first", **{"for": {"fact": "first_order"}}),
        campaign(id="joined", activation="join"),
        campaign(id="all"),
    )

    assert values(program, order_of(1000)) == {"all": 10}
    opened = AwardContext(opened=frozenset({"first", "joined"}))
    assert values(program, order_of(1000), context=opened) == dict.fromkeys(
        ("first", "joined", "all"), 10
    )


def test_points_of_a_campaign_count_toward_a_level_only_if_it_says_so() -> None:
    program = with_campaigns(campaign(id="a"), campaign(id="b", qualifies=True), pending_days=0)

    award = full_award(
        order_of(1000), bought=order_of(1000), program=program, context=AwardContext()
    )

    assert (award.points, award.qualifying_points) == (30, 20)


def test_points_of_a_campaign_have_dates_of_their_own() -> None:
    never = {"model": "never"}
    program = with_campaigns(
        campaign(id="a", pending_days=14, expiry=never),
        campaign(id="b"),
        campaign(id="c", pending_days=14, expiry=never),
        pending_days=0,
    )

    award = full_award(
        order_of(1000), bought=order_of(1000), program=program, context=AwardContext()
    )

    assert [(part.available_on.day, part.expires_on.year, part.points) for part in award.parts] == [
        (21, 2027, 20),
        (5, 9999, 20),
    ]


@given(SELECTORS, orders())
def test_a_selector_reads_nothing_that_a_refund_changes(
    selector: dict[str, Any], bought: Order
) -> None:
    every = compiled(with_campaigns(campaign(lines=selector)))
    (only,) = every.campaigns
    whole = every.purchase(bought, tier=None)
    gone = every.purchase(nothing_of(bought), tier=None)

    assert [each.line_id for each in whole.lines(only.covers)] == [
        each.line_id for each in gone.lines(only.covers)
    ]
