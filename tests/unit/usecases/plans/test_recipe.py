"""The recipe of the page about plans can be published as it stands, and does what it says."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from loyalty.domain.orders.order import Order, OrderRef
from loyalty.domain.program.publication import faults
from loyalty.table.engagement import TableEngagement
from loyalty.usecases.orders.accrual import Customer, earn
from loyalty.usecases.orders.edits import record_version
from loyalty.usecases.plans.gifts import settle_gifts
from loyalty.usecases.plans.members_plan import plan_of
from loyalty.usecases.plans.purchases import settle_purchases
from tests.support.documents import program, rule
from tests.support.memory import NOW, Shop
from tests.support.orders import line, order

PAGE: Final = Path(__file__).parents[4] / "docs" / "plans.md"
ANA: Final = "mem_ana"
OF_ANA: Final = Customer(member_id=ANA, named=ANA)


def recipe() -> dict[str, Any]:
    _, _, after = PAGE.read_text(encoding="utf-8").partition("## Recipe")
    block = re.search(r"```json\n(.*?)```", after, re.DOTALL)
    assert block is not None
    parts: dict[str, Any] = json.loads(block[1])
    return {"earning_rules": [rule()]} | parts


def buy(of: Shop, bought: Order) -> int:
    earn(bought, customer=OF_ANA, desk=of.desk)
    return look(of, bought)


def look(of: Shop, bought: Order) -> int:
    settle_purchases(OrderRef(bought.source, bought.order_id), desk=of.desk)
    settle_gifts(ANA, shelf=TableEngagement(of.engine, program_id="bean"), desk=of.desk)
    return of.account(ANA).balance


def test_the_recipe_is_accepted() -> None:
    assert faults(program(**recipe())) == ()


def test_a_year_at_the_till_brings_a_welcome_and_twice_the_points_until_it_is_given_back() -> None:
    cafe = Shop(ANA, **recipe())
    fee = order(line(2900, sku="PRIME-YEAR"), order_id="fee", occurred_at=NOW)

    assert buy(cafe, fee) == 500
    found = plan_of(ANA, desk=cafe.desk)
    assert found is not None
    assert found.until == date(2027, 11, 20)
    assert buy(cafe, order(line(1000), order_id="latte", occurred_at=NOW)) == 520
    (coffee,) = cafe.desk.books.vouchers([ANA], limit=5, start=None).items
    assert (coffee.reward_id, coffee.state) == ("prime-coffee", "issued")

    given_back = replace(fee, lines=(line(100),), told_at=NOW + timedelta(minutes=1))
    record_version(given_back, customer=OF_ANA, desk=cafe.desk)

    # The twenty points of the latte stay: it was bought on a day of the plan.
    assert look(cafe, fee) == 20 + 1
    assert plan_of(ANA, desk=cafe.desk) is None
    (coffee,) = cafe.desk.books.vouchers([ANA], limit=5, start=None).items
    assert coffee.state == "cancelled"
