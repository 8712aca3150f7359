"""Orders are counted after the fact as they would have been when they were recorded."""

from dataclasses import replace
from datetime import date

from loyalty.domain.ledger.entries import Accrual
from loyalty.domain.ledger.order_counts import OrderCounts, counts_of
from loyalty.domain.ledger.refunds import OrderState
from tests.support.documents import program
from tests.support.orders import NOON, order_of

PROGRAM = program()
TODAY = date(2026, 11, 21)
CANCELLED = OrderState(taken=(), whole=True)


def accrual(amount_minor: int, *, day: int = 21) -> Accrual:
    order = replace(order_of(amount_minor), occurred_at=NOON.replace(day=day))
    return Accrual(order=order, shares=(), parts=())


def test_orders_of_goods_that_cost_something_count_and_the_latest_of_them_has_the_day() -> None:
    orders = [(accrual(1000, day=9), None), (accrual(1000, day=7), None), (accrual(0), None)]

    assert counts_of(orders, PROGRAM) == OrderCounts(2, date(2026, 11, 9))
    assert counts_of([], PROGRAM) == OrderCounts(0, None)


def test_a_cancelled_order_counts_no_more_unless_points_of_it_were_forgiven() -> None:
    bought = accrual(1000)

    assert counts_of([(bought, CANCELLED)], PROGRAM) == OrderCounts(0, TODAY)
    forgiven = replace(CANCELLED, forgiven=1)
    assert counts_of([(bought, forgiven)], PROGRAM) == OrderCounts(1, TODAY)


def test_an_order_that_became_one_by_a_later_version_counts_on_its_own_day() -> None:
    with_goods = OrderState(taken=(), order=order_of(500))

    assert counts_of([(accrual(0, day=9), with_goods)], PROGRAM) == OrderCounts(
        1, date(2026, 11, 9)
    )
