"""A member's plan by hand, in the table: given, renewed, ended, and earning."""

from datetime import date, timedelta
from typing import Any, Final

import pytest

from loyalty.domain.kernel.errors import NotFound, ValidationFailed
from loyalty.table.records.accounts import account_to_item
from loyalty.table.sizes import item_size
from loyalty.usecases.ledger.corrections import merge_members
from loyalty.usecases.orders.accrual import Customer, Earned, earn
from loyalty.usecases.people.members import unite
from loyalty.usecases.plans.members_plan import PlanTerms, end_plan, give_plan, plan_of
from tests.support.memory import NOW, BusyTable, Shop
from tests.support.orders import line, order

ANA: Final = "mem_ana"
BEN: Final = "mem_ben"
TODAY: Final = NOW.date()
LAST: Final = date(2026, 12, 31)
PRIME: Final = {
    "id": "prime",
    "name": "Prime",
    "grace_days": 7,
    "benefits": {"multiplier_percent": 250},
}
RULES: Final = [{"id": "base", "on": "order", "points": 1, "per_minor": 100}]


def shop(**parts: Any) -> Shop:
    return Shop(ANA, BEN, **{"plans": [PRIME], "earning_rules": RULES} | parts)


def terms(until: date = LAST, *, renews: bool = False, plan_id: str = "prime") -> PlanTerms:
    return PlanTerms(plan_id=plan_id, until=until, renews=renews, reason="paid at the counter")


def bought(of: Shop, order_id: str, *, days_ago: int = 0, member_id: str = ANA) -> int:
    occurred_at = of.now - timedelta(days=days_ago)
    paid = order(line(1000), order_id=order_id, occurred_at=occurred_at)
    earned = earn(paid, customer=Customer(member_id=member_id, named=member_id), desk=of.desk)
    assert isinstance(earned, Earned)
    return earned.entry.points


def test_orders_earn_by_the_plan_of_their_day_however_late_they_arrive() -> None:
    cafe = shop()
    assert bought(cafe, "before") == 10
    give_plan(ANA, terms(), desk=cafe.desk)
    assert bought(cafe, "during") == 25
    assert bought(cafe, "of yesterday", days_ago=1) == 10

    cafe.now += timedelta(days=50)

    assert plan_of(ANA, desk=cafe.desk) is None
    assert bought(cafe, "after") == 10
    assert bought(cafe, "late", days_ago=20) == 25
    cafe.must_add_up(ANA)


def test_an_order_that_races_with_the_end_of_a_plan_earns_without_it() -> None:
    table = BusyTable()
    cafe = Shop(ANA, engine=table, plans=[PRIME], earning_rules=RULES)
    give_plan(ANA, terms(), desk=cafe.desk)
    table.rivals.append(lambda: end_plan(ANA, desk=cafe.desk))

    assert bought(cafe, "raced") == 10


def test_a_plan_that_is_given_again_goes_on_from_its_first_day() -> None:
    cafe = shop()
    give_plan(ANA, terms(TODAY), desk=cafe.desk)
    cafe.now += timedelta(days=1)
    assert give_plan(ANA, terms(), desk=cafe.desk).telling.since == cafe.now.date()
    cafe.now += timedelta(days=9)

    renewed = give_plan(ANA, terms(date(2027, 1, 31), renews=True), desk=cafe.desk)

    assert renewed.telling.since == TODAY + timedelta(days=1)
    assert renewed.until == date(2027, 2, 7)
    assert plan_of(ANA, desk=cafe.desk) == renewed


def test_what_is_told_by_hand_counts_even_if_clocks_differ() -> None:
    cafe = shop()
    give_plan(ANA, terms(), desk=cafe.desk)
    cafe.now -= timedelta(seconds=2)

    assert give_plan(ANA, terms(TODAY), desk=cafe.desk).until == TODAY


def test_a_plan_ends_at_once_and_only_once() -> None:
    cafe = shop()
    give_plan(ANA, terms(), desk=cafe.desk)

    assert end_plan(ANA, desk=cafe.desk) == "prime"
    assert end_plan(ANA, desk=cafe.desk) is None

    assert plan_of(ANA, desk=cafe.desk) is None
    assert bought(cafe, "after") == 10


@pytest.mark.parametrize(
    "wrong",
    [
        terms(plan_id="gold"),
        terms(TODAY - timedelta(days=1)),
        terms(date(2032, 1, 1)),
    ],
    ids=["no such plan", "a day in the past", "more than five years ahead"],
)
def test_a_plan_is_given_only_as_the_program_has_it(wrong: PlanTerms) -> None:
    with pytest.raises(ValidationFailed):
        give_plan(ANA, wrong, desk=shop().desk)


def test_nobody_has_a_plan_who_is_no_member() -> None:
    with pytest.raises(NotFound):
        plan_of("mem_nobody", desk=shop().desk)


def test_a_merged_members_plan_goes_on_with_the_one_they_became() -> None:
    cafe = shop()
    given = give_plan(ANA, terms(), desk=cafe.desk)

    merge_members(ANA, into=BEN, request_id="k1", desk=cafe.desk)
    unite(ANA, members=cafe.members, desk=cafe.desk)
    unite(ANA, members=cafe.members, desk=cafe.desk)

    found = plan_of(ANA, desk=cafe.desk)
    assert found is not None
    assert (found.member_id, found.telling) == (BEN, given.telling)
    assert bought(cafe, "after", member_id=BEN) == 25


def test_a_plan_takes_at_most_45_bytes_of_an_account() -> None:
    cafe = shop()
    give_plan(ANA, terms(renews=True), desk=cafe.desk)

    item = account_to_item(cafe.account(ANA), "bean")

    assert item_size({"plan": item["plan"]}) <= 45
