"""Guests: the member an order is for, and the earlier orders that a member claims."""

from datetime import timedelta
from typing import Any, Final

import pytest

from loyalty.domain.orders.order import Order
from loyalty.domain.people.identity import Identity
from loyalty.domain.people.member import Member
from loyalty.usecases.orders.accrual import Earned, GuestOrderKept, NamedCustomer, earn
from loyalty.usecases.orders.guests import ClaimedOrders, claim_orders, record_for
from loyalty.usecases.people.enrollment import Application, enroll
from loyalty.usecases.people.identity_claims import IdentityClaim
from tests.support import orders
from tests.support.memory import NOW, BusyTable, Shop
from tests.support.orders import line

EMAIL: Final = Identity("email", "ana@example.com")
PHONE: Final = Identity("phone", "+33612345678")


@pytest.fixture
def table() -> BusyTable:
    return BusyTable()


@pytest.fixture
def shop(table: BusyTable) -> Shop:
    return Shop(engine=table, claim_days=30)


def order(order_id: str, *, days_ago: int = 0) -> Order:
    occurred_at = NOW - timedelta(days=days_ago)
    return orders.order(line(1000), order_id=order_id, occurred_at=occurred_at)


def join(shop: Shop, *identities: Identity, verified: bool = True) -> Member:
    claims = [IdentityClaim(identity, verified=verified) for identity in identities]
    application = Application(member_id="mem_ana", claims=claims)
    return enroll(application, members=shop.members, desk=shop.desk).member


def buy(shop: Shop, paid: Order, *identities: Identity) -> Earned | GuestOrderKept:
    customer = NamedCustomer(named="identities", identities=identities)

    def record(**found: Any) -> Earned | GuestOrderKept:
        return earn(paid, desk=shop.desk, **found)

    return record_for(customer, record, directory=shop.members)


def claimed(shop: Shop, member: Member, *, orders_max: int = 10) -> ClaimedOrders:
    return claim_orders(member, orders_max=orders_max, directory=shop.members, desk=shop.desk)


def test_an_order_is_recorded_for_whoever_has_one_of_its_identities(shop: Shop) -> None:
    join(shop, PHONE)

    recorded = buy(shop, order("1"), EMAIL, PHONE)

    assert isinstance(recorded, Earned)
    assert recorded.entry.member_id == "mem_ana"


def test_an_order_of_an_unknown_customer_is_kept_under_each_of_its_identities(shop: Shop) -> None:
    recorded = buy(shop, order("1"), PHONE, EMAIL)

    assert isinstance(recorded, GuestOrderKept)
    placeholder = recorded.placeholder
    assert [placeholder.guest, *placeholder.also] == list(shop.members.guests([EMAIL, PHONE]))


def test_an_order_kept_while_its_customer_enrolls_is_theirs(shop: Shop, table: BusyTable) -> None:
    # The guest has looked for kept orders before this one is written.
    table.rivals.append(lambda: claimed(shop, join(shop, EMAIL)))

    recorded = buy(shop, order("1"), EMAIL)

    assert isinstance(recorded, Earned)
    assert shop.account("mem_ana").balance == 10


def test_a_member_claims_what_they_bought_before_once(shop: Shop) -> None:
    buy(shop, order("1"), EMAIL)
    buy(shop, order("2"), PHONE)
    member = join(shop, EMAIL, PHONE)

    first, again = claimed(shop, member), claimed(shop, member)

    assert (len(first.entries), first.is_done) == (2, True)
    assert again == ClaimedOrders((), is_done=True)
    assert shop.account("mem_ana").balance == 20


def test_nobody_claims_orders_by_an_identity_that_they_have_not_proven(shop: Shop) -> None:
    buy(shop, order("1"), EMAIL)

    assert claimed(shop, join(shop, EMAIL, verified=False)).entries == ()


def test_orders_are_claimed_as_far_back_as_the_program_allows(shop: Shop) -> None:
    buy(shop, order("old", days_ago=31), EMAIL)
    buy(shop, order("recent", days_ago=29), EMAIL)

    assert len(claimed(shop, join(shop, EMAIL)).entries) == 1


def test_a_program_may_let_nobody_claim_orders() -> None:
    shop = Shop(claim_days=0)
    buy(shop, order("1"), EMAIL)

    assert claimed(shop, join(shop, EMAIL)) == ClaimedOrders((), is_done=True)


def test_many_orders_are_claimed_a_few_at_a_time(shop: Shop) -> None:
    for number in range(3):
        buy(shop, order(f"{number}"), EMAIL)
    member = join(shop, EMAIL)

    first, second = (claimed(shop, member, orders_max=2) for _ in range(2))

    assert (len(first.entries), first.is_done) == (2, False)
    assert (len(second.entries), second.is_done) == (1, True)
