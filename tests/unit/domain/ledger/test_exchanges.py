"""Exchanges: returned goods pay for added ones, and only what was paid for what is kept counts."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.ledger.exchanges import after_exchange
from loyalty.domain.orders.order import Line, Order

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def order_of(**paid_minor: int) -> Order:
    """An order of lines with 10 % tax, by what was paid for each."""
    return Order(
        source="shop",
        order_id="1",
        occurred_at=NOON,
        lines=tuple(
            Line(
                line_id=line_id,
                sku=None,
                category=None,
                quantity=1,
                amount_minor=paid * 10 // 11,
                gross_minor=paid,
            )
            for line_id, paid in paid_minor.items()
        ),
    )


def amounts(order: Order) -> dict[str, int]:
    return {line.line_id: line.amount_minor for line in order.lines}


@pytest.mark.parametrize(
    ("kept_minor", "left"),
    [
        # Nothing of it was given back: all of it may have paid for the new goods.
        (11000, {"old": 4000, "new": 6000}),
        # 44.00 came back, so 66.00 paid for the new goods, and nothing is kept without goods.
        (6600, {"old": 4000, "new": 6000}),
        # 88.00 came back: the customer paid for most of the new goods again.
        (2200, {"old": 8000, "new": 6000}),
    ],
)
def test_the_unreturned_value_of_returned_goods_pays_for_added_ones(
    kept_minor: int, left: dict[str, int]
) -> None:
    exchanged = after_exchange(
        order_of(old=11000, new=6600), order_of(old=11000), {"old": kept_minor}
    )

    assert amounts(exchanged) == left


def test_a_return_without_new_goods_still_counts_the_money_that_the_merchant_keeps() -> None:
    order = order_of(old=11000, other=2200)

    assert after_exchange(order, order, {"old": 6600}) == order


def test_a_version_that_repeats_an_exchange_changes_nothing() -> None:
    order = order_of(old=11000, new=6600)
    first = after_exchange(order, order_of(old=11000), {"old": 6600})

    assert after_exchange(order, first, {"old": 6600}) == first


def test_a_return_that_was_undone_counts_again() -> None:
    order = order_of(old=11000, new=6600)
    exchanged = after_exchange(order, order_of(old=11000), {"old": 6600})

    assert after_exchange(order, exchanged, {}) == order


LINES = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 100_000), min_size=1)


@given(now=LINES, before=LINES, kept_minor=LINES)
def test_no_line_grows_or_falls_below_zero_and_no_more_is_lost_than_was_kept(
    now: dict[str, int], before: dict[str, int], kept_minor: dict[str, int]
) -> None:
    order = order_of(**now)

    exchanged = after_exchange(order, order_of(**before), kept_minor)

    lost = {
        line.line_id: line.paid_minor - left.paid_minor
        for line, left in zip(order.lines, exchanged.lines, strict=True)
    }
    assert all(0 <= lost[line_id] <= kept_minor.get(line_id, 0) for line_id in lost)
    assert all(0 <= line.amount_minor <= line.paid_minor for line in exchanged.lines)
