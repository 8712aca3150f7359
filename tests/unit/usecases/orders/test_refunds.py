"""A refund takes back what its order no longer earns, once, whenever it arrives."""

from datetime import date
from typing import Any, Final

import pytest

from loyalty.domain.kernel.errors import IdempotencyConflict, LimitReached, ValidationFailed
from loyalty.domain.ledger.entries import Clawback, RequestedRefund
from loyalty.domain.orders.order import OrderRef
from loyalty.usecases.ledger.accounts import open_account, settled
from loyalty.usecases.ledger.corrections import merge_members
from loyalty.usecases.orders.accrual import Customer, earn
from loyalty.usecases.orders.edits import record_refund
from loyalty.usecases.orders.refunds import WAITING_MAX, Refunded, Waiting
from tests.support import orders
from tests.support.memory import NOW, BusyTable, Shop
from tests.support.orders import line

ANA: Final = "mem_ana"
BEN: Final = "mem_ben"
REF: Final = OrderRef("pos", "1001")
OF_ANA: Final = Customer(member_id=ANA, named=ANA)


@pytest.fixture
def table() -> BusyTable:
    return BusyTable()


@pytest.fixture
def shop(table: BusyTable) -> Shop:
    """Where Ana has bought two things, for 30 and for 20."""
    shop = Shop(ANA, BEN, engine=table, clawback="unlimited")
    buy(shop)
    return shop


def buy(shop: Shop, customer: Customer = OF_ANA) -> None:
    paid = orders.order(line(3000, "mug", quantity=3), line(2000, "tea"), occurred_at=NOW)
    earn(paid, customer=customer, desk=shop.desk)


def refund(shop: Shop, name: str = "r1", **parts: Any) -> Refunded | Waiting:
    parts = parts or {"whole": True}
    request = RequestedRefund(
        refund_id=name, occurred_at=shop.now, fingerprint=f"{name} {parts}", **parts
    )
    recorded = record_refund(REF, request, desk=shop.desk)
    assert isinstance(recorded, Refunded | Waiting)
    return recorded


def clawback(recorded: Refunded | Waiting) -> Clawback:
    assert isinstance(recorded, Refunded)
    assert isinstance(recorded.entry.detail, Clawback)
    return recorded.entry.detail


@pytest.mark.parametrize(
    ("parts", "left"),
    [
        ({"quantities": {"mug": 1}}, 40),
        ({"amounts_minor": {"tea": 500}}, 45),
        ({"amount_minor": 1000}, 40),
        ({"whole": True}, 0),
    ],
    ids=["units of a line", "money of a line", "money of the order", "everything"],
)
def test_a_refund_takes_back_what_the_rest_does_not_earn(
    shop: Shop, parts: dict[str, Any], left: int
) -> None:
    refund(shop, **parts)

    assert shop.account(ANA).balance == left
    shop.must_add_up(ANA)


def test_the_same_refund_again_gets_the_first_answer(shop: Shop) -> None:
    first, again = refund(shop, amount_minor=1000), refund(shop, amount_minor=1000)

    assert isinstance(first, Refunded)
    assert again == Refunded(entry=first.entry, replayed=True)
    assert shop.account(ANA).balance == 40


def test_a_refund_has_one_content(shop: Shop) -> None:
    refund(shop, amount_minor=1000)

    with pytest.raises(IdempotencyConflict):
        refund(shop, amount_minor=2000)


def test_two_refunds_at_once_both_count(shop: Shop, table: BusyTable) -> None:
    table.rivals.append(lambda: refund(shop, "r2", quantities={"mug": 1}))

    refund(shop, "r1", quantities={"mug": 1})

    assert shop.account(ANA).balance == 30
    shop.must_add_up(ANA)


def test_nothing_is_refunded_twice(shop: Shop) -> None:
    refund(shop, "r1", quantities={"mug": 3})
    refund(shop, "r2", quantities={"mug": 3})
    refund(shop, "r3")

    assert [each.points for each in shop.entries(ANA)] == [50, -30, 0, -20]


def test_a_line_that_the_order_does_not_have_is_a_mistake(shop: Shop) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        refund(shop, quantities={"mug": 1, "cup": 1})
    assert [fault.pointer for fault in refusal.value.faults] == ["/lines"]


def test_points_that_were_spent_become_a_debt(shop: Shop) -> None:
    shop.adjust_balance(ANA, -30)

    recorded = refund(shop)

    assert clawback(recorded).debt_after == 30
    assert shop.account(ANA).balance == -30


def test_a_refund_takes_back_nothing_that_has_expired_before() -> None:
    shop = Shop(
        ANA,
        time_zone="UTC",
        clawback="unlimited",
        expiry={"model": "after_earning", "months": 1, "round_to": "none"},
    )
    buy(shop)
    shop.now = NOW.replace(month=12, day=30)
    settled(shop.desk, open_account(shop.desk, ANA, strong=True))

    refund(shop)

    assert shop.account(ANA).balance == 0
    assert shop.entries(ANA)[1].effect.lots == {date(2026, 12, 21): -50}
    shop.must_add_up(ANA)


def test_a_refund_follows_its_member_through_a_merge(shop: Shop) -> None:
    merge_members(ANA, into=BEN, request_id="k1", desk=shop.desk)

    refund(shop, amount_minor=1000)

    assert shop.account(BEN).balance == 40


class TestEarlyRefunds:
    def test_a_refund_waits_for_its_order_once(self) -> None:
        shop = Shop(ANA)

        assert [refund(shop, amount_minor=1000) for _ in range(2)] == [Waiting()] * 2
        buy(shop)

        assert shop.account(ANA).balance == 40

    def test_a_waiting_refund_has_one_content(self) -> None:
        shop = Shop(ANA)
        refund(shop, amount_minor=1000)

        with pytest.raises(IdempotencyConflict):
            refund(shop, amount_minor=2000)

    def test_a_refund_waits_with_a_guests_order_and_knows_its_lines(self) -> None:
        shop = Shop(ANA)
        buy(shop, Customer(member_id=None, named="identities", guest="email#1#digest"))

        assert refund(shop, quantities={"tea": 1}) == Waiting()
        with pytest.raises(ValidationFailed):
            refund(shop, "r2", quantities={"cup": 1})

    def test_only_so_many_refunds_wait_for_one_order(self) -> None:
        shop = Shop(ANA)
        for number in range(WAITING_MAX):
            refund(shop, f"r{number}", amount_minor=1)

        with pytest.raises(LimitReached):
            refund(shop, "one more", amount_minor=1)
