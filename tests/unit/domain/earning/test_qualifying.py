"""What an order counts toward a level."""

import pytest

from loyalty.domain.earning.qualifying import LETTERS, basis_of, qualifies
from tests.support.orders import line, order

# Beans for 40.00, delivered for 5.00.
PAID = order(line(4000, "beans"), line(500, "delivery", category="shipping"))
REFUNDED = order(line(0, "beans"), line(500, "delivery", category="shipping"))


@pytest.mark.parametrize(
    ("basis", "counted"), [("qualifying_points", 40), ("spend", 4000), ("orders", 1)]
)
def test_an_order_counts_its_points_its_goods_or_itself(basis: str, counted: int) -> None:
    assert qualifies(PAID, points=40, basis=basis) == counted


@pytest.mark.parametrize("basis", LETTERS)
def test_an_order_whose_goods_were_all_refunded_counts_nothing(basis: str) -> None:
    assert qualifies(REFUNDED, points=0, basis=basis) == 0


@pytest.mark.parametrize(("basis", "letter"), LETTERS.items())
def test_a_counter_s_name_says_what_it_counts(basis: str, letter: str) -> None:
    assert basis_of(f"{letter}2026") == basis
