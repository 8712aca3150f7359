"""The points that orders earn."""

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.domain.earning.awarding import Part, apportion, award
from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.orders.order import Order, Tender
from loyalty.domain.program.document import Program
from tests.support.documents import program, rule
from tests.support.orders import line, order, order_of

AMOUNTS = st.lists(st.integers(0, 200_000), min_size=1, max_size=6)
RATES = st.fixed_dictionaries(
    {
        "points": st.integers(1, 50),
        "per_minor": st.integers(1, 1_000),
        "rounding": st.sampled_from(["floor", "half_up", "ceil"]),
        "whole_steps": st.booleans(),
    }
)


def with_rules(*rules: dict[str, Any], **parts: Any) -> Program:
    return program(earning_rules=list(rules), **parts)


def test_an_order_earns_once_for_each_full_step_of_the_rate() -> None:
    bought = order_of(4999)

    earned = award(bought, with_rules(rule(points=1, per_minor=100)))

    assert earned.points == 49
    assert earned.parts == (Part(date(2026, 11, 21), date(2027, 11, 30), 49),)


@pytest.mark.parametrize(("rounding", "points"), [("floor", 1), ("half_up", 2), ("ceil", 2)])
def test_points_round_once_for_the_whole_order(rounding: str, points: int) -> None:
    bought = order_of(50, 50, 50)

    earned = award(bought, with_rules(rule(rounding=rounding)))

    assert earned.points == points


BY_TENDER = [
    rule(id="paid", tenders=["card", "cash"]),
    rule(id="preloaded", points=2, tenders=["stored_value"]),
]


@pytest.mark.parametrize(
    ("tenders", "points"),
    [
        ((), {}),
        ((Tender("points", 1099),), {}),
        ((Tender("cash", 1099),), {"paid": 10}),
        ((Tender("stored_value", 1099),), {"preloaded": 21}),
        # Half of it each, although tax and a tip were paid, too.
        ((Tender("card", 700), Tender("stored_value", 700)), {"paid": 5, "preloaded": 10}),
        (
            (Tender("card", 300), Tender("cash", 300), Tender("points", 499)),
            {"paid": 6},
        ),
    ],
)
def test_a_rule_may_earn_on_the_share_that_was_paid_by_some_tenders(
    tenders: tuple[Tender, ...], points: dict[str, int]
) -> None:
    bought = replace(order_of(1099), tenders=tenders)

    earned = award(bought, with_rules(*BY_TENDER))

    assert {share.rule_id: share.points for share in earned.shares} == points


def test_a_share_by_tender_rounds_once_for_the_whole_order() -> None:
    bought = replace(order_of(150, 150), tenders=(Tender("card", 1), Tender("points", 1)))

    def earned(**parts: Any) -> int:
        return award(bought, with_rules(rule(tenders=["card"], **parts))).points

    # 1.5 points: neither the share of the money nor that of a line is rounded before.
    assert [earned(rounding=each) for each in ("floor", "half_up", "ceil")] == [1, 2, 2]
    assert earned(per_minor=150, whole_steps=True) == 1


def test_lines_share_the_rounded_total_by_largest_remainder() -> None:
    bought = order_of(199, 199, 102)

    earned = award(bought, with_rules(rule()))

    assert [(share.line_id, share.points) for share in earned.shares] == [
        ("1", 2),
        ("2", 2),
        ("3", 1),
    ]


def test_excluded_and_charge_lines_earn_nothing_unless_a_rule_names_them() -> None:
    bought = order(
        line(1000, "coffee", category="drink"),
        line(5000, "card", category="gift_card"),
        line(300, "post", category="shipping"),
        line(700, "tip", category="tip"),
    )

    plain = award(bought, with_rules(rule(exclude_categories=["drink"])))
    generous = award(bought, with_rules(rule(also_earn_on=["shipping", "tip"])))

    assert plain.points == 0
    assert generous.points == 20


def test_an_include_list_covers_only_the_goods_that_it_names() -> None:
    bought = order(
        line(1000, "1", category="drink", sku="LATTE"),
        line(2000, "2", category="bean", sku="KENYA"),
        line(4000, "3", category="merch", sku="TOTE"),
    )

    earned = award(bought, with_rules(rule(include_categories=["bean"], include_skus=["TOTE"])))

    assert {share.line_id: share.points for share in earned.shares} == {"2": 20, "3": 40}


@pytest.mark.parametrize(
    ("parts", "points"),
    [
        ({"include_categories": ["Beans"]}, 10),
        ({"include_categories": ["drink"]}, 10),
        ({"include_categories": ["Tea"]}, 0),
        ({"exclude_categories": ["Sale"]}, 0),
        ({"include_categories": ["Beans"], "exclude_categories": ["Sale"]}, 0),
        ({"exclude_categories": ["Tea"]}, 10),
    ],
)
def test_a_line_is_in_its_own_category_and_in_all_of_its_product_s(
    parts: dict[str, list[str]], points: int
) -> None:
    bought = order(line(1000, category="drink", product_categories=("Beans", "Sale")))

    assert award(bought, with_rules(rule(per_minor=100, **parts))).points == points


def test_a_charge_is_not_goods_whatever_its_product_is_called() -> None:
    bought = order(line(1000, category="gift_card", product_categories=("Beans",)))

    program = with_rules(rule(per_minor=100, include_categories=["Beans"]))
    assert award(bought, program).points == 0


def test_a_rule_is_in_force_on_both_of_its_days_by_the_programs_own_calendar() -> None:
    only_that_day = rule(when={"starts_on": "2026-11-21", "ends_on": "2026-11-21"})
    late_evening_in_paris = datetime(2026, 11, 21, 22, 59, tzinfo=UTC)
    past_midnight_in_paris = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)

    on_the_day = award(order_of(1000, occurred_at=late_evening_in_paris), with_rules(only_that_day))
    after = award(order_of(1000, occurred_at=past_midnight_in_paris), with_rules(only_that_day))

    assert (on_the_day.points, after.points) == (10, 0)


def test_a_rules_own_pending_days_come_before_the_programs() -> None:
    rules = (rule(id="now", pending_days=0), rule(id="later"))

    earned = award(order_of(1000), with_rules(*rules, pending_days=14))

    assert earned.parts == (
        Part(date(2026, 11, 21), date(2027, 11, 30), 10),
        Part(date(2026, 12, 5), date(2027, 12, 31), 10),
    )


@given(AMOUNTS, st.lists(RATES, min_size=1, max_size=3))
def test_the_shares_of_lines_add_up_to_what_the_order_earned(
    amounts: list[int], rates: list[dict[str, Any]]
) -> None:
    rules = [rule(id=str(number), **rate) for number, rate in enumerate(rates)]

    earned = award(order_of(*amounts), with_rules(*rules))

    assert sum(share.points for share in earned.shares) == earned.points


@given(AMOUNTS, RATES, st.data())
def test_removing_goods_never_earns_more(
    amounts: list[int], rate: dict[str, Any], data: st.DataObject
) -> None:
    fewer = [data.draw(st.integers(0, amount)) for amount in amounts]
    rules = with_rules(rule(**rate))

    def earns(of: Order) -> int:
        return award(of, rules).points

    assert earns(order_of(*fewer)) <= earns(order_of(*amounts))


def test_an_empty_order_earns_nothing_whatever_the_rounding() -> None:
    for rounding in ("floor", "half_up", "ceil"):
        assert award(order_of(0, 0), with_rules(rule(rounding=rounding))).points == 0


@given(
    st.integers(0, 10**12),
    st.dictionaries(st.text(min_size=1, max_size=3), st.integers(0, 10**9), min_size=1),
)
def test_shares_are_whole_and_never_more_than_one_from_exact(
    total: int, weights: dict[str, int]
) -> None:
    shares = apportion(total, weights)

    weight = sum(weights.values())
    assert sum(shares.values()) == (total if weight else 0)
    for name, share in shares.items():
        assert abs(share * weight - total * weights[name]) < max(weight, 1)


@pytest.mark.parametrize(
    ("amount_minor", "points"), [(249, 0), (250, 5), (499, 5), (500, 10), (1_250, 25)]
)
def test_a_rule_of_whole_steps_earns_nothing_for_an_incomplete_step(
    amount_minor: int, points: int
) -> None:
    steps = with_rules(rule(points=5, per_minor=250, whole_steps=True))

    assert award(order_of(amount_minor), steps).points == points


def test_whole_steps_count_the_total_of_all_lines() -> None:
    steps = with_rules(rule(points=5, per_minor=250, whole_steps=True))

    earned = award(order_of(200, 200, 200), steps)

    assert earned.points == 10
    assert sum(share.points for share in earned.shares) == 10


LEVELS: dict[str, Any] = {
    "basis": "spend",
    "period": "calendar_year",
    "levels": [{"id": "gold", "name": "Gold", "reached_at": 1, "multiplier_percent": 200}],
}


def test_a_level_multiplies_only_rules_that_allow_it() -> None:
    both = with_rules(rule(id="base"), rule(id="bonus", level_multiplies=False), tiers=LEVELS)

    earned = award(order_of(1_000), both, tier="gold")

    assert {share.rule_id: share.points for share in earned.shares} == {"base": 20, "bonus": 10}


@settings(max_examples=50)
@given(minor=st.integers(0, 10**7), by_level=st.integers(100, 1000), by_plan=st.integers(100, 1000))
def test_a_plan_multiplies_exactly_by_the_higher_or_the_product(
    minor: int, by_level: int, by_plan: int
) -> None:
    level = LEVELS["levels"][0] | {"multiplier_percent": by_level}
    plans = [
        {"id": each, "name": each, "benefits": {"multiplier_percent": by_plan, "stacks": each}}
        for each in ("higher", "product")
    ]
    rules = with_rules(rule(points=3), tiers=LEVELS | {"levels": [level]}, plans=plans)
    worth = Fraction(3 * minor, 100)

    higher, product = (
        award(order_of(minor), rules, tier="gold", plan=each).points
        for each in ("higher", "product")
    )

    assert higher == floor(worth * max(by_level, by_plan) / 100)
    assert product == floor(worth * by_level * by_plan / 10_000)


def test_points_expire_as_their_rule_says_then_as_the_level_says_then_as_the_program_says() -> None:
    short = {"model": "after_earning", "days": 10, "round_to": "none"}
    never = {"model": "never"}
    gold = LEVELS | {"levels": [LEVELS["levels"][0] | {"expiry": never}]}
    rules = with_rules(rule(id="base"), rule(id="flash", expiry=short), tiers=gold)

    plain = award(order_of(1_000), rules)
    at_gold = award(order_of(1_000), rules, tier="gold")

    flash, year = date(2026, 12, 1), date(2027, 11, 30)
    assert {part.expires_on: part.points for part in plain.parts} == {flash: 10, year: 10}
    assert {part.expires_on: part.points for part in at_gold.parts} == {flash: 20, NEVER: 20}
