"""What members' plans give, in the table: once, when it is due, and as long as it is paid for."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from loyalty.domain.orders.order import OrderRef
from loyalty.table.engagement import TableEngagement
from loyalty.usecases.ledger.accounts import settled
from loyalty.usecases.ledger.corrections import merge_members
from loyalty.usecases.orders.accrual import Customer, earn
from loyalty.usecases.orders.edits import record_version
from loyalty.usecases.people.members import unite
from loyalty.usecases.plans.gifts import settle_gifts
from loyalty.usecases.plans.members_plan import PlanTerms, end_plan, give_plan
from loyalty.usecases.plans.purchases import settle_purchases
from tests.support.documents import reward
from tests.support.memory import NOW, Shop
from tests.support.orders import line, order

ANA: Final = "mem_ana"
BEN: Final = "mem_ben"
PRIME: Final = {
    "id": "prime",
    "name": "Prime",
    "billing": [{"skus": ["MONTH"], "months": 1}],
    "benefits": {"on_start": {"points": 500}, "monthly": {"points": 10, "reward_id": "latte"}},
}


def shop(**parts: Any) -> Shop:
    return Shop(ANA, BEN, plans=[PRIME], rewards=[reward()], **parts)


def give(of: Shop, until: date = date(2027, 11, 20), member_id: str = ANA) -> None:
    terms = PlanTerms(plan_id="prime", until=until, renews=False, reason="paid")
    give_plan(member_id, terms, desk=of.desk)


def look(of: Shop, member_id: str = ANA) -> None:
    settle_gifts(member_id, shelf=TableEngagement(of.engine, program_id="bean"), desk=of.desk)


def vouchers(of: Shop, member_id: str = ANA) -> list[str]:
    found = of.desk.books.vouchers([member_id], limit=50, start=None).items
    return sorted(each.state for each in found)


def test_a_plan_gives_at_its_beginning_and_each_month_once() -> None:
    cafe = shop()
    give(cafe)
    look(cafe)
    look(cafe)
    assert (cafe.account(ANA).balance, vouchers(cafe)) == (510, ["issued"])

    cafe.now = NOW + timedelta(days=29)
    look(cafe)
    assert cafe.account(ANA).balance == 510
    cafe.now = NOW + timedelta(days=30)
    account = cafe.desk.books.account(ANA, strong=True)
    assert account is not None
    assert account.due == cafe.now.date()
    assert settled(cafe.desk, account).due == date(2027, 1, 21)
    look(cafe)
    look(cafe)

    assert (cafe.account(ANA).balance, vouchers(cafe)) == (520, ["issued", "issued"])
    cafe.must_add_up(ANA)


def test_a_plan_that_is_given_back_takes_its_gifts_along() -> None:
    cafe = shop()
    customer = Customer(member_id=ANA, named=ANA)
    fee = order(line(1200, sku="MONTH", quantity=2), order_id="1", occurred_at=NOW)
    earn(fee, customer=customer, desk=cafe.desk)
    settle_purchases(OrderRef("pos", "1"), desk=cafe.desk)
    look(cafe)
    assert (cafe.account(ANA).balance, vouchers(cafe)) == (510, ["issued"])

    nothing = order(line(500), order_id="1", occurred_at=NOW)
    changed = replace(nothing, told_at=NOW + timedelta(minutes=1))
    record_version(changed, customer=customer, desk=cafe.desk)
    settle_purchases(OrderRef("pos", "1"), desk=cafe.desk)
    look(cafe)
    look(cafe)

    assert (cafe.account(ANA).balance, vouchers(cafe)) == (5, ["cancelled"])
    cafe.must_add_up(ANA)


def test_a_plan_that_ends_on_its_first_day_gave_nothing() -> None:
    cafe = shop()
    give(cafe)
    look(cafe)
    end_plan(ANA, desk=cafe.desk)

    look(cafe)

    assert (cafe.account(ANA).balance, vouchers(cafe)) == (0, ["cancelled"])


def test_a_member_who_was_two_gets_the_gifts_of_a_plan_once() -> None:
    cafe = shop()
    give(cafe)
    look(cafe)
    merge_members(ANA, into=BEN, request_id="k1", desk=cafe.desk)

    look(cafe, ANA)
    unite(ANA, members=cafe.members, desk=cafe.desk)
    look(cafe, BEN)

    assert cafe.account(BEN).balance == 510


def test_nothing_is_given_without_a_plan_or_to_nobody() -> None:
    cafe = shop()

    look(cafe)
    look(cafe, "mem_nobody")

    assert cafe.account(ANA).balance == 0
