"""Which vouchers an order uses, keeps and gives back."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.ledger.order_vouchers import (
    VOUCHERS_MAX,
    OrderVouchers,
    codes_among,
    reinstated,
    state_for,
    used_by_order,
    why_kept,
)
from loyalty.domain.orders.order import OrderRef
from tests.support.ledger import NOON, voucher

HOUR = timedelta(hours=1)


class TestAnOrder:
    def test_may_arrive_after_the_voucher_that_paid_it_has_expired(self) -> None:
        late = voucher(expires_at=NOON)

        assert state_for(late, ordered_at=NOON - HOUR, now=NOON + HOUR) == "issued"
        assert state_for(late, ordered_at=NOON, now=NOON + HOUR) == "expired"

    def test_cannot_revive_a_hold_that_ran_out(self) -> None:
        held = voucher("held", held_until=NOON)

        assert state_for(held, ordered_at=NOON - HOUR, now=NOON + HOUR) == "cancelled"

    def test_uses_a_voucher_at_its_own_time_within_the_vouchers_life(self) -> None:
        issued = voucher(issued_at=NOON)

        def used_at(ordered_at: datetime) -> datetime | None:
            used = used_by_order(
                issued,
                OrderRef("shop", "1"),
                ordered_at=ordered_at,
                member_id=None,
                now=NOON + 2 * HOUR,
            )
            return used.used_at

        assert used_at(NOON + HOUR) == NOON + HOUR
        assert used_at(NOON - HOUR) == NOON
        assert used_at(NOON + 3 * HOUR) == NOON + 2 * HOUR

    def test_gives_back_a_voucher_that_the_request_which_used_it_cannot_use_again(self) -> None:
        used = voucher("used", used_at=NOON, used_request="r1", used_order=OrderRef("shop", "1"))

        again = reinstated(used)

        assert (again.state, again.used_order, again.times_reinstated) == ("issued", None, 1)
        assert again.used_request == "r1"

    def test_keeps_a_voucher_that_has_expired_or_that_the_program_does_not_reinstate(self) -> None:
        used = voucher("used", expires_at=NOON)

        assert why_kept(used, reinstates=True, now=NOON - HOUR) is None
        assert why_kept(used, reinstates=True, now=NOON) == "voucher_expired"
        assert why_kept(used, reinstates=False, now=NOON - HOUR) == "not_reinstated"


def test_the_vouchers_of_an_order_have_every_code_once_and_count_changes() -> None:
    order = OrderVouchers(source="shop", order_id="1")

    order = order.using("A", is_listed=True).using("B").using("A")

    assert (order.codes, order.listed, order.counter) == (("B", "A"), ("A",), 3)
    assert order.without("A").codes == ("B",)
    assert order.without("A").listed == ()


@given(st.lists(st.text(max_size=20) | st.from_regex(r"[a-z2-7]{16}", fullmatch=True), max_size=40))
def test_only_texts_in_the_form_of_our_codes_are_looked_up(texts: list[str]) -> None:
    codes = codes_among(texts)

    assert len(codes) <= VOUCHERS_MAX
    assert len(set(codes)) == len(codes)
    assert all((len(code) == 16 and code.isupper()) or code.isdigit() for code in codes)
    assert codes_among(codes) == codes


def test_a_code_counts_once_in_capital_or_small_letters() -> None:
    assert codes_among(["palqeb2iutdabxg3", " PALQEB2IUTDABXG3", "WELCOME10"]) == (
        "PALQEB2IUTDABXG3",
    )
