"""An order earns once, whatever arrived before it."""

from datetime import date, timedelta
from typing import Any, Final

import pytest

from loyalty.domain.kernel.errors import NotFound, OrderConflict, ValidationFailed
from loyalty.domain.ledger.entries import Accrual, RequestedRefund
from loyalty.domain.orders.order import AHEAD_MAX, BACKDATED_DAYS_MAX, Order
from loyalty.domain.people.identity import Identity
from loyalty.usecases.ledger.corrections import merge_members
from loyalty.usecases.orders.accrual import (
    Customer,
    Earned,
    GuestOrderKept,
    claim,
    earn,
)
from loyalty.usecases.orders.edits import record_refund
from tests.support import orders
from tests.support.memory import NOW, BusyTable, Shop
from tests.support.orders import line

ANA: Final = "mem_ana"
BEN: Final = "mem_ben"
OF_ANA: Final = Customer(member_id=ANA, named=ANA)
OF_A_GUEST: Final = Customer(member_id=None, named="identities", guest="email#1#digest")
EMAIL: Final = Identity("email", "cleo@example.com")
RULE: Final = {"id": "base", "on": "order", "points": 1, "per_minor": 100}


@pytest.fixture
def table() -> BusyTable:
    return BusyTable()


@pytest.fixture
def shop(table: BusyTable) -> Shop:
    return Shop(ANA, BEN, engine=table)


def order(amount: int = 5000, **parts: Any) -> Order:
    return orders.order(line(amount), **{"occurred_at": NOW} | parts)


def earned(shop: Shop, paid: Order | None = None, customer: Customer = OF_ANA) -> Earned:
    recorded = earn(paid or order(), customer=customer, desk=shop.desk)
    assert isinstance(recorded, Earned)
    return recorded


def refunded(shop: Shop, name: str, amount_minor: int) -> None:
    request = RequestedRefund(
        refund_id=name, occurred_at=NOW, amount_minor=amount_minor, fingerprint=name
    )
    record_refund(order().ref, request, desk=shop.desk)


class TestEarning:
    def test_a_members_order_earns(self, shop: Shop) -> None:
        recorded = earned(shop)

        assert not recorded.replayed
        assert isinstance(recorded.entry.detail, Accrual)
        assert shop.account(ANA).balance == 50

    def test_the_same_order_again_gets_the_first_answer(self, shop: Shop) -> None:
        first, again = earned(shop), earned(shop)

        assert again == Earned(entry=first.entry, replayed=True)
        assert shop.account(ANA).balance == 50

    def test_an_order_sent_twice_at_once_earns_once(self, shop: Shop, table: BusyTable) -> None:
        table.rivals.append(lambda: earned(shop))

        assert earned(shop).replayed
        assert shop.account(ANA).balance == 50

    def test_an_order_whose_answer_was_lost_earns_once(self, shop: Shop, table: BusyTable) -> None:
        table.answers_lost = 1

        earned(shop)

        assert shop.account(ANA).balance == 50

    def test_an_order_has_one_content_and_one_customer(self, shop: Shop) -> None:
        earned(shop)

        with pytest.raises(OrderConflict):
            earned(shop, order(6000))
        with pytest.raises(OrderConflict):
            earned(shop, customer=Customer(member_id=BEN, named=BEN))

    @pytest.mark.parametrize(
        "occurred_at",
        [
            NOW - timedelta(days=BACKDATED_DAYS_MAX, seconds=1),
            NOW + AHEAD_MAX + timedelta(seconds=1),
        ],
        ids=["too old", "from the future"],
    )
    def test_an_order_from_another_time_is_refused(self, shop: Shop, occurred_at: Any) -> None:
        with pytest.raises(ValidationFailed):
            earned(shop, order(occurred_at=occurred_at))

    def test_an_order_that_was_recorded_in_time_is_answered_forever(self, shop: Shop) -> None:
        first = earned(shop)
        shop.now += timedelta(days=BACKDATED_DAYS_MAX + 1)

        assert earned(shop).entry == first.entry

    def test_an_unknown_member_earns_nothing(self, shop: Shop) -> None:
        with pytest.raises(NotFound):
            earned(shop, customer=Customer(member_id="mem_nobody", named="mem_nobody"))

    def test_an_order_of_a_merged_member_earns_for_the_survivor(self, shop: Shop) -> None:
        merge_members(ANA, into=BEN, request_id="k1", desk=shop.desk)

        earned(shop)

        assert shop.account(BEN).balance == 50

    def test_an_order_pays_a_debt_first(self) -> None:
        strict = Shop(ANA, clawback="unlimited")
        earned(strict)
        strict.adjust_balance(ANA, -50)
        refunded(strict, "r1", 2000)

        recorded = earned(strict, order(order_id="2"))

        assert recorded.entry.effect.debt == -20
        assert strict.account(ANA).balance == 30
        strict.must_add_up(ANA)

    def test_refunds_that_arrived_before_their_order_count_with_it(self, shop: Shop) -> None:
        refunded(shop, "r1", 1000)
        refunded(shop, "r2", 500)

        earned(shop)

        assert shop.account(ANA).balance == 35
        shop.must_add_up(ANA)

    def test_points_that_expired_by_inactivity_are_not_revived_by_an_order(self) -> None:
        inactivity = {"months": 1}
        quiet = Shop(ANA, inactivity=inactivity, inactivity_since=date(2026, 1, 1))
        earned(quiet)
        quiet.now += timedelta(days=62)

        earned(quiet, order(2000, order_id="2", occurred_at=quiet.now))

        assert quiet.account(ANA).balance == 20
        quiet.must_add_up(ANA)


class TestGuests:
    def test_a_guests_order_is_kept_and_earns_when_it_is_claimed(self, shop: Shop) -> None:
        guest_order = earn(order(), customer=OF_A_GUEST, desk=shop.desk)
        assert isinstance(guest_order, GuestOrderKept)

        claimed = claim(guest_order.placeholder, member_id=ANA, desk=shop.desk)
        again = claim(guest_order.placeholder, member_id=ANA, desk=shop.desk)

        assert again == Earned(entry=claimed.entry, replayed=True)
        assert shop.account(ANA).balance == 50

    def test_a_guests_order_is_kept_once(self, shop: Shop, table: BusyTable) -> None:
        earn(order(), customer=OF_A_GUEST, desk=shop.desk)
        before = dict(table.items)

        earn(order(), customer=OF_A_GUEST, desk=shop.desk)

        assert table.items == before
        with pytest.raises(OrderConflict):
            earn(order(6000), customer=OF_A_GUEST, desk=shop.desk)

    def test_a_guests_order_is_claimed_however_old_it_is(self, shop: Shop) -> None:
        guest_order = earn(order(), customer=OF_A_GUEST, desk=shop.desk)
        assert isinstance(guest_order, GuestOrderKept)
        shop.now += timedelta(days=200)

        assert claim(guest_order.placeholder, member_id=ANA, desk=shop.desk).entry.points == 50

    def test_a_placeholder_of_refunds_only_cannot_be_claimed(self, shop: Shop) -> None:
        refunded(shop, "r1", 1000)
        (placeholder,) = shop.desk.books.order_entries("pos", "1001")

        with pytest.raises(ValueError, match="no order"):
            claim(placeholder, member_id=ANA, desk=shop.desk)  # type: ignore[arg-type]  # checked
