"""What campaigns give and why not, in sentences that a cashier can read to a customer."""

from datetime import UTC, date, datetime
from typing import Any, Final

import pytest

from loyalty.domain.campaigns.finding_words import FindingWords
from loyalty.domain.campaigns.findings import CampaignFindings, findings
from loyalty.domain.campaigns.limits import LimitRoom
from loyalty.domain.campaigns.member_facts import MemberFacts, is_for
from loyalty.domain.campaigns.planning import AwardContext, compiled
from loyalty.domain.campaigns.rule_findings import rule_findings
from loyalty.domain.orders.order import Order
from loyalty.domain.program.document import Program
from tests.support.campaigns import campaign, with_campaigns
from tests.support.documents import rule
from tests.support.orders import line, order, order_of

ANA: Final = MemberFacts(
    occurred_at=datetime(2026, 11, 21, 12, tzinfo=UTC),
    orders=2,
    bought_on=date(2026, 11, 20),
    tier="gold",
)


def found(
    program: Program,
    bought: Order,
    *,
    facts: MemberFacts | None = None,
    rooms: dict[str, LimitRoom] | None = None,
    ceilings: dict[str, int] | None = None,
) -> list[CampaignFindings]:
    every = compiled(program)
    opened = frozenset(each.id for each in program.campaigns if facts and is_for(each, facts))
    context = AwardContext(opened=opened, ceilings=ceilings or {})
    purchase = every.purchase(bought, tier=None)
    return list(findings(every, purchase, context, facts=facts, rooms=rooms or {}))


def offer(parts: dict[str, Any], bought: Order, **more: Any) -> str:
    program = with_campaigns(campaign(**parts))
    (outcome,) = found(program, bought, **more)
    return FindingWords(program).offer(outcome)


def outcome(parts: dict[str, Any], bought: Order, **more: Any) -> str:
    program = with_campaigns(campaign(**parts))
    (one,) = found(program, bought, **more)
    return FindingWords(program).outcome(one)


STEPS: Final[dict[str, Any]] = {
    "kind": "steps",
    "steps": [{"at_least_minor": 3000, "points": 50}, {"at_least_minor": 9000, "points": 200}],
}


@pytest.mark.parametrize(
    ("effect", "text"),
    [
        ({"kind": "fixed", "points": 1}, "1 bean: 1 bean for an order."),
        ({"kind": "multiply", "percent": 250}, "60 beans: 2.5 times what the earning rules give."),
        ({"kind": "rate", "points": 2, "per_minor": 1000}, "8 beans: 2 beans for each 10.00 EUR."),
        ({"kind": "per_unit", "points": 5}, "10 beans: 5 beans for each unit."),
        ({"kind": "per_unit", "points": 5, "every": 2}, "5 beans: 5 beans for each 2 units."),
        (STEPS, "50 beans: 50 beans from 30.00 EUR on, 200 beans from 90.00 EUR on."),
    ],
)
def test_what_a_campaign_gives_is_said_with_how(effect: dict[str, Any], text: str) -> None:
    assert outcome({"effect": effect}, order(line(4000, quantity=2))) == text


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({"if": {"fact": "amount", "at_least_minor": 6000}}, "20.00 EUR more for 10 beans."),
        ({"if": {"fact": "units", "at_least": 3}}, "1 unit more for 10 beans."),
        (
            {"if": {"fact": "distinct_skus", "at_least": 3}},
            "3 different articles more for 10 beans.",
        ),
        (
            {"if": {"any": [{"fact": "amount", "at_least_minor": 6000},
                            {"fact": "units", "at_least": 9}]}},
            "20.00 EUR or 7 units more for 10 beans.",
        ),
        (
            {"if": {"all": [{"fact": "amount", "at_least_minor": 6000},
                            {"fact": "units", "at_least": 9}]}},
            "20.00 EUR and 7 units more for 10 beans.",
        ),
        (
            {"if": {"fact": "amount", "at_least_minor": 6000},
             "effect": {"kind": "multiply", "percent": 200}},
            "20.00 EUR more for 2 times what the earning rules give.",
        ),
        ({"effect": {"kind": "per_unit", "points": 7, "every": 4}}, "2 units more for 7 beans."),
        (
            {"effect": STEPS | {"steps": [{"at_least_minor": 4100, "points": 5}]}},
            "1.00 EUR more for 5 beans.",
        ),
    ],
)  # fmt: skip
def test_what_only_lacks_goods_is_offered(parts: dict[str, Any], text: str) -> None:
    assert offer(parts, order(line(4000, quantity=2))) == text


@pytest.mark.parametrize(
    "parts",
    [
        # More goods do not help against the channel, nor bring about the price of one.
        {"if": {"all": [{"fact": "amount", "at_least_minor": 6000},
                        {"fact": "channel", "is_in": ["app"]}]}},
        {"if": {"fact": "dearest_line", "at_least_minor": 6000}},
        {"if": {"not": {"fact": "units", "at_most": 9}}},
    ],
)  # fmt: skip
def test_what_lacks_something_else_is_not_offered(parts: dict[str, Any]) -> None:
    assert "more for" not in offer(parts, order_of(4000))


def test_what_a_spent_budget_cannot_give_is_not_offered() -> None:
    parts = {"if": {"fact": "amount", "at_least_minor": 6000}}

    assert offer(parts, order_of(4000), rooms={"welcome": LimitRoom("budget", 0)}) == (
        "The amount is not at least 60.00 EUR: it is 40.00 EUR. Its budget is spent."
    )


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({"when": {"ends_on": "2026-01-01"}}, "It does not run at that time."),
        ({"activation": "join"}, "The member had not joined it."),
        ({"lines": {"categories": ["tea"]}}, "The order has none of the goods that it covers."),
        (
            {"if": {"fact": "channel", "is_in": ["app", "web"]}},
            "The channel is not “app” or “web”: there is none.",
        ),
        (
            {"if": {"not": {"fact": "source", "is_in": ["pos"]}}},
            "The source is “pos”, and must not be.",
        ),
        (
            {"if": {"not": {"fact": "units", "at_most": 9}}},
            "The number of units is at most 9, and must not be: it is 1.",
        ),
        (
            {"for": {"fact": "first_order"}},
            "It is not the first order: it is order number 3.",
        ),
        (
            {"for": {"fact": "order_number", "is": 5}},
            "The number of the order is not exactly 5: it is 3.",
        ),
        (
            {"for": {"fact": "days_since_order", "at_least": 60}},
            "The days since the last order is not at least 60: it is 1.",
        ),
        ({"for": {"fact": "tier", "is_in": ["black"]}}, "The level is not “black”: it is “gold”."),
        (
            {"for": {"fact": "attribute", "name": "roast", "is_in": ["dark"]}},
            "The attribute “roast” is not “dark”.",
        ),
        ({"for": {"fact": "consent", "name": "email"}}, "The consent “email” is not given."),
        (
            {"for": {"fact": "birthday", "on": "week"}},
            "It is not the week of the birthday.",
        ),
        (
            {"if": {"fact": "units", "at_least": 3, "of": {"categories": ["bean"]}}},
            "The number of units of lines with categories “bean” is not at least 3: it is 0.",
        ),
    ],
)
def test_why_a_campaign_gives_nothing(parts: dict[str, Any], text: str) -> None:
    assert outcome(parts, order_of(4000), facts=ANA) == text


def test_what_is_not_known_is_said_to_be_not_known() -> None:
    new = MemberFacts(occurred_at=ANA.occurred_at, orders=0)
    unknown = MemberFacts(occurred_at=ANA.occurred_at)
    lapsed = {"for": {"fact": "days_since_order", "at_least": 60}}

    assert outcome({"for": {"fact": "first_order"}}, order_of(100), facts=unknown) == (
        "It is not the first order: it is not known."
    )
    assert outcome(lapsed, order_of(100), facts=new) == (
        "The days since the last order is not at least 60: there was no order before."
    )


def test_a_past_order_names_the_condition_that_was_decided_of_its_member() -> None:
    condition = {"all": [{"fact": "first_order"}, {"fact": "tier", "is_in": ["gold"]}]}

    assert outcome({"for": condition}, order_of(100)) == (
        "The member was not one of those that it is for "
        "(it is the first order and the level is “gold”)."
    )
    assert outcome({"activation": "join"}, order_of(100)) == (
        "The member was not one of those that it is for."
    )


def test_what_limits_left_is_said_of_what_they_cut() -> None:
    program = with_campaigns(
        campaign(id="a", limits={"per_order": 7}),
        campaign(id="b", name="Best", group="one", effect={"kind": "fixed", "points": 20}),
        campaign(id="c", group="one"),
        campaign(id="d", limits={"per_member": {"points": 99}}),
        campaign(id="e", effect={"kind": "fixed", "points": 5}),
        campaign(id="f"),
        campaign_groups=[{"id": "one", "choose": "best"}],
        campaign_points_per_order_max=33,
    )
    words = FindingWords(program)

    texts = [words.outcome(each) for each in found(program, order_of(1000), ceilings={"d": 4})]

    assert texts == [
        "7 beans: 10 beans for an order. It gives at most 7 beans for an order.",
        "20 beans: 20 beans for an order.",
        "“Best” counts instead: an order gets one campaign of their group.",
        "4 beans: 10 beans for an order. What it gives one member left 4 beans.",
        "2 beans: 5 beans for an order. Campaigns before it left 2 beans of what an order may get.",
        "Campaigns before it left nothing of what an order may get.",
    ]


@pytest.mark.parametrize(
    ("parts", "tier", "text"),
    [
        ({}, None, "40 beans: 1 bean for each 1.00 EUR, on 40.00 EUR."),
        ({}, "gold", "80 beans: 1 bean for each 1.00 EUR times 2 for the level, on 40.00 EUR."),
        (
            {"whole_steps": True, "per_minor": 1500, "points": 3},
            None,
            "6 beans: 3 beans for each full 15.00 EUR, on 40.00 EUR.",
        ),
        ({"when": {"ends_on": "2026-01-01"}}, None, "It does not run at that time."),
        ({"when": {"tiers": ["gold"]}}, None, "The level is not “gold”: there is none."),
        ({"tenders": ["cash"]}, None, "The tender is not “cash”: there is none."),
        (
            {"include_categories": ["tea"]},
            None,
            "The order has none of the goods that it covers.",
        ),
        (
            {"per_minor": 9000},
            None,
            "The amount is not at least 90.00 EUR: it is 40.00 EUR.",
        ),
        (
            {"per_minor": 9000, "rounding": "half_up"},
            None,
            "The amount is not at least 45.00 EUR: it is 40.00 EUR.",
        ),
        (
            {"per_minor": 9000},
            "gold",
            "The amount is not at least 45.00 EUR: it is 40.00 EUR.",
        ),
    ],
)
def test_what_an_earning_rule_gives_or_why_it_gives_nothing(
    parts: dict[str, Any], tier: str | None, text: str
) -> None:
    levels = [{"id": "gold", "name": "Gold", "reached_at": 1000, "multiplier_percent": 200}]
    program = with_campaigns(
        earning_rules=[rule(**parts)],
        tiers={"basis": "spend", "period": "calendar_year", "levels": levels},
    )
    every = compiled(program)
    purchase = every.purchase(order_of(4000), tier=tier)

    (one,) = rule_findings(every, purchase, tier=tier, plan=None)

    earned = {rate.rule.id: rate for rate in purchase.rates}
    points = int(text.split(maxsplit=1)[0]) if text[0].isdigit() else 0
    assert (one.rate.rule.id in earned) or not points
    assert FindingWords(program).of_rule(one, points) == text
