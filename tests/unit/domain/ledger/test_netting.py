"""What each kind of voucher takes off an order that names it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.ledger.netting import net_of
from loyalty.domain.ledger.vouchers import Terms, Voucher
from loyalty.domain.orders.order import Line, Order
from tests.support.ledger import voucher

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def line(line_id: str, amount_minor: int, **parts: Any) -> Line:
    what: dict[str, Any] = {"sku": line_id.upper(), "category": None, "quantity": 1} | parts
    return Line(line_id=line_id, amount_minor=amount_minor, **what)


ORDER = Order(
    source="till",
    order_id="1",
    occurred_at=NOON,
    lines=(
        line("beans", 2980, quantity=2),
        line("mug", 1500),
        line("post", 500, category="shipping"),
        line("tax", 900, category="tax"),
    ),
)


def of(kind: str, *, pays: bool = False, code: str = "A", **terms: Any) -> Voucher:
    what = Terms(kind=kind, name="A reward", currency="EUR", **terms)  # type: ignore[arg-type]  # one of the kinds
    return voucher(code=code, terms=what, pays=pays)


def left(*vouchers: Voucher) -> list[int]:
    return [each.amount_minor for each in net_of(ORDER, vouchers).lines]


@pytest.mark.parametrize(
    ("paid_with", "amounts_minor"),
    [
        # The dearest unit: the mug.
        (of("free_product"), [2980, 0, 500, 900]),
        (of("free_product", skus=("BEANS",)), [1490, 1500, 500, 900]),
        (of("free_product", skus=("TEA",)), [2980, 1500, 500, 900]),
        (of("free_shipping"), [2980, 1500, 0, 900]),
        (of("percent_off", percent=10), [2682, 1350, 500, 900]),
        (of("percent_off", percent=10, skus=("MUG",)), [2980, 1350, 500, 900]),
        (of("amount_off", amount_minor=448), [2682, 1350, 500, 900]),
        (of("amount_off", amount_minor=9999), [0, 0, 500, 900]),
        (of("amount_off", amount_minor=588, pays=True), [2682, 1350, 450, 810]),
        (of("gift_card", amount_minor=9999), [0, 0, 0, 0]),
        (of("experience"), [2980, 1500, 500, 900]),
        (of("donation", amount_minor=500), [2980, 1500, 500, 900]),
        (voucher(terms=None), [2980, 1500, 500, 900]),
    ],
)
def test_a_voucher_takes_off_what_it_gave(paid_with: Voucher, amounts_minor: list[int]) -> None:
    assert left(paid_with) == amounts_minor


def test_each_of_two_free_products_takes_a_unit_off() -> None:
    two = [of("free_product", skus=("BEANS",), code=code) for code in "AB"]

    assert left(*two) == [0, 1500, 500, 900]


vouchers = st.builds(
    of,
    st.sampled_from(["free_product", "free_shipping", "percent_off", "amount_off", "gift_card"]),
    pays=st.booleans(),
    code=st.sampled_from("ABCDEF"),
    percent=st.none() | st.integers(1, 100),
    amount_minor=st.none() | st.integers(0, 9000),
    skus=st.sampled_from([(), ("BEANS",), ("MUG", "BEANS")]),
)


@given(st.lists(vouchers, max_size=5, unique_by=lambda each: each.code))
def test_no_line_gains_or_falls_below_zero_and_the_order_of_codes_is_the_same(
    paid_with: list[Voucher],
) -> None:
    netted = left(*paid_with)

    assert all(0 <= now <= was.amount_minor for now, was in zip(netted, ORDER.lines, strict=True))
    assert left(*reversed(paid_with)) == netted
