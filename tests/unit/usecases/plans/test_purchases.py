"""A plan that is bought as a product lasts as long as what is left of its orders."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

import pytest

from loyalty.domain.orders.order import Order, OrderRef
from loyalty.usecases.ledger.corrections import merge_members
from loyalty.usecases.orders.accrual import Customer, earn
from loyalty.usecases.orders.edits import record_version
from loyalty.usecases.people.members import unite
from loyalty.usecases.plans.members_plan import PlanTerms, end_plan, give_plan, plan_of
from loyalty.usecases.plans.purchases import settle_purchases
from tests.support.memory import NOW, BusyTable, Shop
from tests.support.orders import line, order

ANA: Final = "mem_ana"
BEN: Final = "mem_ben"
OF_ANA: Final = Customer(member_id=ANA, named=ANA)
PRIME: Final = {"id": "prime", "name": "Prime", "billing": [{"skus": ["MONTH"], "months": 1}]}


def shop(**parts: Any) -> Shop:
    return Shop(ANA, BEN, plans=[PRIME], **parts)


def months(units: int, order_id: str = "1", *, days_later: int = 0) -> Order:
    lines = (line(600 * units, sku="MONTH", quantity=units),) if units else (line(500),)
    occurred_at = NOW + timedelta(days=days_later)
    return order(*lines, order_id=order_id, occurred_at=occurred_at)


def buy(of: Shop, bought: Order, *, customer: Customer = OF_ANA) -> None:
    earn(bought, customer=customer, desk=of.desk)


def change(of: Shop, bought: Order, *, minute: int) -> None:
    told_at = NOW + timedelta(minutes=minute)
    record_version(replace(bought, told_at=told_at), customer=OF_ANA, desk=of.desk)


def look(of: Shop, *order_ids: str) -> None:
    for order_id in order_ids:
        settle_purchases(OrderRef("pos", order_id), desk=of.desk)


def until(of: Shop, member_id: str = ANA) -> date | None:
    found = plan_of(member_id, desk=of.desk)
    return found.until if found else None


def test_what_is_bought_and_kept_is_the_plan_for_its_months() -> None:
    cafe = shop()
    buy(cafe, months(3))

    look(cafe, "1")

    found = plan_of(ANA, desk=cafe.desk)
    assert found is not None
    assert (found.source, found.state, found.until) == ("orders/prime", "active", date(2027, 2, 20))
    change(cafe, months(1), minute=1)
    look(cafe, "1")
    assert until(cafe) == date(2026, 12, 20)
    change(cafe, months(0), minute=2)
    look(cafe, "1")
    assert until(cafe) is None
    change(cafe, months(2), minute=3)
    look(cafe, "1")
    assert until(cafe) == date(2027, 1, 20)
    assert cafe.account(ANA).balance == 0


def test_looking_again_changes_nothing() -> None:
    cafe = shop()
    buy(cafe, months(3))
    look(cafe, "1")
    before = dict(cafe.engine.items)

    look(cafe, "1", "unheard")

    assert cafe.engine.items == before


def test_orders_add_up_in_whichever_sequence_they_are_looked_at() -> None:
    ends = []
    for sequence in (("1", "2", "3"), ("3", "1", "2"), ("2", "3", "1")):
        cafe = shop()
        for number, order_id in enumerate("123"):
            buy(cafe, months(1, order_id))
            cafe.now = NOW + timedelta(minutes=number)
        look(cafe, *sequence)
        ends.append(until(cafe))

    assert set(ends) == {date(2027, 2, 20)}


def test_a_look_that_an_edit_overtakes_looks_again() -> None:
    table = BusyTable()
    cafe = Shop(ANA, engine=table, plans=[PRIME])
    buy(cafe, months(3))
    table.rivals.append(lambda: change(cafe, months(1), minute=1))

    look(cafe, "1")

    assert until(cafe) == date(2026, 12, 20)


def test_a_plan_that_was_ended_by_hand_stays_ended_whatever_is_looked_at() -> None:
    cafe = shop()
    buy(cafe, months(3))
    look(cafe, "1")
    end_plan(ANA, desk=cafe.desk)

    change(cafe, months(2), minute=1)
    look(cafe, "1")

    assert until(cafe) is None
    buy(cafe, months(1, "2"))
    look(cafe, "2")
    assert until(cafe) == date(2026, 12, 20)


@pytest.mark.parametrize("last", [date(2026, 12, 1), date(2027, 12, 1)])
def test_of_a_plan_by_hand_and_one_that_was_bought_the_longer_one_counts(last: date) -> None:
    cafe = shop()
    buy(cafe, months(3))
    look(cafe, "1")

    given = give_plan(
        ANA,
        PlanTerms(plan_id="prime", until=last, renews=False, reason="a present"),
        desk=cafe.desk,
    )

    assert given.until == max(last, date(2027, 2, 20))


def test_what_a_merged_member_bought_goes_on_and_can_be_given_back() -> None:
    cafe = shop()
    buy(cafe, months(3))
    look(cafe, "1")
    merge_members(ANA, into=BEN, request_id="k1", desk=cafe.desk)
    change(cafe, months(1), minute=1)

    look(cafe, "1")
    unite(ANA, members=cafe.members, desk=cafe.desk)
    look(cafe, "1")

    assert until(cafe, BEN) == until(cafe, ANA) == date(2026, 12, 20)
