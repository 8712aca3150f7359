"""What the books hold of an order, as a person looks it up."""

from typing import Final

import pytest

from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.orders.order import OrderRef
from loyalty.usecases.orders.accrual import Customer, earn
from loyalty.usecases.orders.edits import record_refund
from loyalty.usecases.orders.lookup import OrderStory, story_of
from tests.support import orders
from tests.support.memory import NOW, Shop
from tests.support.orders import line

ANA: Final = "mem_ana"
REF: Final = OrderRef("pos", "1001")


@pytest.fixture
def shop() -> Shop:
    return Shop(ANA)


def buy(shop: Shop, customer: Customer) -> None:
    paid = orders.order(line(5000), occurred_at=NOW)
    earn(paid, customer=customer, desk=shop.desk)


def refund(shop: Shop, name: str) -> None:
    request = RequestedRefund(refund_id=name, occurred_at=NOW, amount_minor=1000, fingerprint=name)
    record_refund(REF, request, desk=shop.desk)


def story(shop: Shop) -> OrderStory:
    return story_of(REF.source, REF.order_id, desk=shop.desk)


def test_an_order_that_nobody_has_sent_is_not_found(shop: Shop) -> None:
    with pytest.raises(NotFound):
        story(shop)


def test_an_order_that_earned_has_its_accrual_and_every_refund(shop: Shop) -> None:
    buy(shop, Customer(member_id=ANA, named=ANA))
    refund(shop, "r1")
    refund(shop, "r2")

    found = story(shop)

    assert found.status == "earned"
    assert [entry.points for entry in found.entries] == [50, -10, -10]
    assert found.refunds_waiting == ()


def test_a_refund_without_its_order_waits(shop: Shop) -> None:
    refund(shop, "r1")

    assert story(shop) == OrderStory(status="waiting", refunds_waiting=("r1",))


def test_a_guests_order_waits_to_be_claimed_with_its_refunds(shop: Shop) -> None:
    buy(shop, Customer(member_id=None, named="identities", guest="email#1#digest"))
    refund(shop, "r1")

    assert story(shop) == OrderStory(status="guest", refunds_waiting=("r1",))


def test_an_order_without_a_customer_is_ignored(shop: Shop) -> None:
    buy(shop, Customer(member_id=None, named=""))

    assert story(shop) == OrderStory(status="ignored")
