"""Splitting a refund never changes its total, and a full refund takes back all points."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.campaigns.awards import full_award
from loyalty.domain.campaigns.planning import AwardContext
from loyalty.domain.ledger.entries import Accrual, RequestedRefund
from loyalty.domain.ledger.refunds import (
    OrderState,
    counted_minor,
    refunded_with,
    remainder_of,
    to_settle,
    unrefunded,
)
from loyalty.domain.orders.order import Order, Tender
from loyalty.domain.program.document import Program
from tests.support import campaigns
from tests.support.documents import program, rule
from tests.support.orders import NOON, line, order

RULES = st.lists(
    st.fixed_dictionaries(
        {
            "points": st.integers(1, 30),
            "per_minor": st.integers(1, 500),
            "rounding": st.sampled_from(["floor", "half_up", "ceil"]),
            "exclude_categories": st.sampled_from([[], ["merch"]]),
            "whole_steps": st.booleans(),
            "tenders": st.sampled_from([[], ["card"]]),
        }
    ),
    min_size=1,
    max_size=3,
)
LINES = st.lists(
    st.tuples(st.integers(0, 20_000), st.integers(1, 5), st.sampled_from(["drink", "merch"])),
    min_size=1,
    max_size=5,
)


@st.composite
def shops(draw: st.DrawFn) -> tuple[Program, Order]:
    rules = [rule(id=str(number), **fields) for number, fields in enumerate(draw(RULES))]
    lines = [
        line(minor, str(number), quantity=quantity, category=category)
        for number, (minor, quantity, category) in enumerate(draw(LINES))
    ]
    paid = (Tender(kind, draw(st.integers(1, 20_000))) for kind in ("card", "gift_card"))
    return program(earning_rules=rules), replace(order(*lines), tenders=tuple(paid))


SHOPS = st.one_of(shops(), st.tuples(campaigns.programs(), campaigns.orders()))


def refund_of(name: str, **what: Any) -> RequestedRefund:
    return RequestedRefund(refund_id=name, occurred_at=NOON, fingerprint=name, **what)


@st.composite
def refunds_for(draw: st.DrawFn, bought: Order) -> list[RequestedRefund]:
    """A few refunds, by units of lines or by amounts, more than there is included."""
    refunds: list[RequestedRefund] = []
    for number in range(draw(st.integers(1, 4))):
        quantities = {
            each.line_id: draw(st.integers(1, each.quantity + 1))
            for each in bought.lines
            if draw(st.booleans())
        }
        amount = draw(st.integers(0, bought.amount_minor + 10))
        by_lines = refund_of(f"r{number}", quantities=quantities)
        refunds.append(by_lines if quantities else refund_of(f"r{number}", amount_minor=amount))
    return refunds


@st.composite
def baskets(draw: st.DrawFn) -> Order:
    """Orders with tax on some lines, and some lines that cost nothing."""
    amounts = st.one_of(st.just(0), st.integers(1, 20_000))
    return order(
        *(
            line(
                minor,
                str(number),
                quantity=draw(st.integers(1, 5)),
                gross_minor=draw(st.sampled_from([None, minor * 6 // 5])),
            )
            for number, minor in enumerate(draw(st.lists(amounts, min_size=1, max_size=4)))
        )
    )


def after(*refunds: RequestedRefund) -> OrderState:
    state = OrderState()
    for refund in refunds:
        state = refunded_with(state, refund)
    return state


def units_kept(bought: Order, *refunds: RequestedRefund) -> dict[str, int]:
    return {each.line_id: each.quantity for each in unrefunded(bought, after(*refunds)).lines}


def accrual_of(bought: Order, rules: Program) -> Accrual:
    earned = full_award(bought, bought=bought, program=rules, context=AwardContext())
    return Accrual(order=bought, shares=earned.shares, parts=earned.parts)


def clawed_by(refunds: list[RequestedRefund], accrual: Accrual, rules: Program) -> list[int]:
    """The points of each refund in turn, all of them taken."""
    state = OrderState()
    points: list[int] = []
    for refund in refunds:
        refunded = refunded_with(state, refund)
        left = remainder_of(accrual, refunded, rules)
        points.append(to_settle(accrual, before=state, after=left))
        state = replace(refunded, clawed=state.clawed + points[-1])
    return points


@given(st.data())
def test_the_order_of_refunds_does_not_change_their_total(data: st.DataObject) -> None:
    rules, bought = data.draw(SHOPS)
    refunds = data.draw(refunds_for(bought))
    accrual = accrual_of(bought, rules)

    one_way = clawed_by(refunds, accrual, rules)
    another = clawed_by(data.draw(st.permutations(refunds)), accrual, rules)

    assert sum(one_way) == sum(another)


@given(st.data())
def test_no_refund_ever_gives_points_back_or_takes_more_than_was_earned(
    data: st.DataObject,
) -> None:
    rules, bought = data.draw(SHOPS)
    refunds = data.draw(refunds_for(bought))
    accrual = accrual_of(bought, rules)

    points = clawed_by(refunds, accrual, rules)

    assert all(taken >= 0 for taken in points)
    assert sum(points) <= accrual.points


@given(st.data())
def test_a_full_refund_takes_back_exactly_what_was_earned_whatever_was_refunded_before(
    data: st.DataObject,
) -> None:
    rules, bought = data.draw(SHOPS.filter(lambda shop: shop[1].amount_minor > 0))
    before = data.draw(refunds_for(bought))
    rest = data.draw(
        st.sampled_from(
            [
                refund_of("all", whole=True),
                refund_of("all", amount_minor=bought.amount_minor),
                refund_of("all", quantities={each.line_id: 5 for each in bought.lines}),
            ]
        )
    )
    accrual = accrual_of(bought, rules)

    points = clawed_by([*before, rest], accrual, rules)

    assert sum(points) == accrual.points


def test_half_of_an_order_refunded_by_amount_keeps_the_points_of_the_other_half() -> None:
    rules = program(earning_rules=[rule()])
    bought = order(line(4999))
    accrual = accrual_of(bought, rules)

    points = clawed_by([refund_of("r1", amount_minor=2500)], accrual, rules)

    assert points == [25]


def test_refunded_units_beyond_those_bought_do_not_count() -> None:
    bought = order(line(3000, "1", quantity=3), line(1000, "2"))
    first, second = (refund_of(name, quantities={"1": 2}) for name in ("r1", "r2"))
    rules = program()
    accrual = accrual_of(bought, rules)

    half, rest = (remainder_of(accrual, after(*some), rules) for some in ([first], [first, second]))

    assert rest.order.amount_minor == 1000
    assert counted_minor(before=half, after=rest) == 1000


@given(st.data())
def test_refunds_only_take_units_and_their_order_does_not_matter(data: st.DataObject) -> None:
    bought = data.draw(baskets())
    refunds = data.draw(refunds_for(bought))

    shrinking = [units_kept(bought, *refunds[:number]) for number in range(len(refunds) + 1)]

    assert shrinking[0] == {each.line_id: each.quantity for each in bought.lines}
    for more, fewer in pairwise(shrinking):
        assert all(0 <= fewer[line_id] <= more[line_id] for line_id in more)
    assert units_kept(bought, *data.draw(st.permutations(refunds))) == shrinking[-1]


@given(st.data())
def test_nothing_is_left_of_the_units_of_an_order_that_was_refunded_in_full(
    data: st.DataObject,
) -> None:
    bought = data.draw(baskets())
    all_units = {each.line_id: each.quantity for each in bought.lines}
    paid_minor = sum(each.paid_minor for each in bought.lines)
    rest = [refund_of("all", whole=True), refund_of("all", quantities=all_units)]
    if paid_minor:
        rest.append(refund_of("all", amount_minor=paid_minor))

    left = units_kept(bought, *data.draw(refunds_for(bought)), data.draw(st.sampled_from(rest)))

    assert not any(left.values())


@given(st.data())
def test_a_line_that_was_paid_for_keeps_units_as_long_as_it_keeps_money(
    data: st.DataObject,
) -> None:
    bought = data.draw(baskets())
    state = after(*data.draw(refunds_for(bought)))

    for before, left in zip(bought.lines, unrefunded(bought, state).lines, strict=True):
        if before.amount_minor:
            assert (left.quantity > 0) == (left.amount_minor > 0)


@pytest.mark.parametrize(
    ("refund", "left"),
    [
        # A share of 100 rounds up to three of three units, but one of them is back.
        (refund_of("r1", quantities={"bags": 1}), {"bags": 2, "gift": 1}),
        (refund_of("r1", amount_minor=60), {"bags": 2, "gift": 1}),
        (refund_of("r1", amount_minor=100), {"bags": 0, "gift": 0}),
        (refund_of("r1", quantities={"bags": 3}), {"bags": 0, "gift": 0}),
        (refund_of("r1", quantities={"gift": 1}), {"bags": 3, "gift": 0}),
    ],
)
def test_a_free_line_keeps_its_units_until_nothing_paid_is_left(
    refund: RequestedRefund, left: dict[str, int]
) -> None:
    bought = order(line(100, "bags", quantity=3), line(0, "gift"))

    assert units_kept(bought, refund) == left


def test_an_order_that_cost_nothing_keeps_the_units_that_were_not_returned() -> None:
    free = order(line(0, "samples", quantity=3), line(0, "gift"))

    assert units_kept(free) == {"samples": 3, "gift": 1}
    assert units_kept(free, refund_of("r1", quantities={"samples": 1})) == {"samples": 2, "gift": 1}
    assert units_kept(free, refund_of("r1", whole=True)) == {"samples": 0, "gift": 0}
