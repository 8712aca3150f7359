"""Every recipe of `docs/campaigns.md`, read from the page itself and published as it stands."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.conftest import OpenProgram
from tests.e2e.described import Body, DescribedApi, enroll
from tools.recipes import PAGE, recipes

RECIPES = {each.title: each.campaign for each in recipes(PAGE.read_text(encoding="utf-8"))}
PARIS = ZoneInfo("Europe/Paris")

TUESDAY, WEDNESDAY, THURSDAY, SATURDAY = 1, 2, 3, 5

BAG_MINOR = 1490


def euros(amount_minor: int) -> Body:
    return {"amount": amount_minor, "currency": "EUR"}


def goods(amount_minor: int) -> Body:
    """Return a line of goods that earn by the rule `base` alone: a bean for each euro."""
    return {"line_id": "goods", "amount": euros(amount_minor)}


def bags(quantity: int) -> Body:
    """Return a line of bags of beans, which earn a second bean for each euro."""
    return {
        "line_id": "beans",
        "category": "whole_bean",
        "quantity": quantity,
        "amount": euros(quantity * BAG_MINOR),
    }


def latest(weekday: int, clock: time) -> datetime:
    """Return the latest such time in Paris that has passed; Monday is 0."""
    now = datetime.now(PARIS)
    day = now.date() - timedelta(days=(now.weekday() - weekday) % 7)
    moment = datetime.combine(day, clock, PARIS)
    return moment if moment <= now else moment - timedelta(days=7)


@dataclass(kw_only=True)
class Till:
    """A till that sells to members of a program, and takes goods back."""

    api: DescribedApi
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def member(self) -> str:
        return enroll(self.api, f"{next(self.numbers)}@example.com")

    def quote(self, member_id: str, *lines: Body, **order: Any) -> Body:
        sold = self._order("quoted", member_id, lines, order)
        return self.api.call("cashier", "POST", "/orders/quote", json=sold)

    def sell(self, member_id: str, *lines: Body, **order: Any) -> "Sale":
        """Record an order. It earns what a quote says the moment before."""
        quoted = self.quote(member_id, *lines, **order)
        sold = self._order(f"order-{next(self.numbers)}", member_id, lines, order)
        entry = self.api.call("cashier", "POST", "/orders", json=sold, status=201)["entry"]
        sale = Sale(till=self, order_id=sold["order_id"], entry=entry)
        for name in ("points", "pending_points"):
            assert entry[name] == quoted[name]
        assert sale.points == by_giver(quoted["breakdown"])
        return sale

    def _order(self, order_id: str, member_id: str, lines: tuple[Body, ...], order: Body) -> Body:
        usual = {"occurred_at": self.now.isoformat()}
        names = {"source": "till", "order_id": order_id, "member_id": member_id}
        return usual | order | names | {"lines": list(lines)}


@dataclass(frozen=True, kw_only=True)
class Sale:
    """An order that was recorded."""

    till: Till
    order_id: str
    entry: Body

    @property
    def points(self) -> dict[str, int]:
        """What each rule and campaign gave."""
        return by_giver(self.entry["breakdown"])

    def refund(self, **part: Any) -> int:
        """Refund a part of it, or all of it. Return the points that are taken back."""
        refund = {"refund_id": f"refund-{next(self.till.numbers)}"} | (part or {"whole": True})
        entry = self.till.api.call(
            "cashier",
            "POST",
            f"/orders/till/{self.order_id}/refunds",
            json=refund | {"occurred_at": self.till.now.isoformat()},
            status=201,
        )["entry"]
        return -int(entry["points"] + entry["pending_points"])


def by_giver(breakdown: list[Body]) -> dict[str, int]:
    """The points of each rule and campaign; those that gave nothing are left out."""
    points: Counter[str] = Counter()
    for share in breakdown:
        points[share["rule_id"]] += share["points"]
    return +points


@pytest.fixture
def till_of(open_program: Callable[..., OpenProgram]) -> Iterator[Callable[[str], Till]]:
    """Return a till in a program whose only campaign is a recipe of the page."""
    with ExitStack() as stack:

        def till_of(heading: str) -> Till:
            program = open_program(campaigns=[RECIPES[heading]])
            return Till(api=stack.enter_context(DescribedApi(program)))

        yield till_of


def test_happy_hour(till_of: Callable[[str], Till]) -> None:
    till = till_of("Happy hour")
    ana = till.member()
    thursday = latest(THURSDAY, time(16))

    sale = till.sell(ana, bags(2), goods(1500), occurred_at=thursday.isoformat())
    taken = sale.refund(lines=[{"line_id": "beans", "quantity": 1}])
    others = [
        till.sell(ana, bags(2), goods(1500), occurred_at=moment.isoformat()).points
        for moment in (
            thursday.replace(hour=14, minute=59),
            thursday.replace(hour=17),
            latest(SATURDAY, time(16)),
        )
    ]

    # 44.80 by `base` and 29.80 by `coffee-at-home` are 74.60 before rounding, once more.
    assert sale.points == {"base": 44, "coffee-at-home": 29, "happy-hour": 74}
    # 29.90 and 14.90 are kept: 29 + 14, and 44 more.
    assert taken == (44 + 29 + 74) - (29 + 14 + 44)
    assert others == [{"base": 44, "coffee-at-home": 29}] * 3


def test_first_order(till_of: Callable[[str], Till]) -> None:
    till = till_of("First order")
    ana, ben, carl = till.member(), till.member(), till.member()

    first, second = till.sell(ana, goods(2500)), till.sell(ana, goods(2500))
    assert first.points == {"base": 25, "first-order": 100}
    assert (first.entry["points"], first.entry["pending_points"]) == (25, 100)
    assert second.points == {"base": 25}
    assert first.refund(amount=euros(600)) == 6 + 100

    small, large = till.sell(ben, goods(1000)), till.sell(ben, goods(2500))
    assert small.points == {"base": 10}
    assert large.points == {"base": 25}

    assert till.sell(carl, goods(2500)).refund() == 25 + 100
    assert till.sell(carl, goods(2500)).points == {"base": 25, "first-order": 100}


def test_third_visit(till_of: Callable[[str], Till]) -> None:
    till = till_of("Third visit")
    ana = till.member()

    visits = [till.sell(ana, goods(400)) for _ in range(3)]
    assert [visit.points.get("third-visit", 0) for visit in visits] == [0, 0, 30]
    assert visits[2].refund() == 4 + 30

    third = till.sell(ana, goods(400))
    assert third.points == {"base": 4, "third-visit": 30}
    assert third.refund(amount=euros(200)) == 2

    later = [till.sell(ana, goods(400)).points.get("third-visit", 0) for _ in range(6)]
    assert later == [0, 0, 30, 0, 0, 0]
    assert visits[0].refund() == 4


def test_three_bags_of_beans(till_of: Callable[[str], Till]) -> None:
    till = till_of("Three bags of beans")
    ana = till.member()

    seven = till.sell(ana, bags(7), goods(1500))
    taken = seven.refund(lines=[{"line_id": "beans", "quantity": 2}])

    # 119.30 and 104.30 by the rules; 89.50 and 74.50 are kept.
    assert seven.points == {"base": 119, "coffee-at-home": 104, "three-bags": 120}
    assert taken == (119 + 104 + 120) - (89 + 74 + 60)
    assert till.sell(ana, bags(5)).points["three-bags"] == 60
    assert "three-bags" not in till.sell(ana, bags(2), goods(1500)).points


def test_double_points_on_tuesdays_for_gold(till_of: Callable[[str], Till]) -> None:
    till = till_of("Double points on Tuesdays for gold")
    gold, plain = till.member(), till.member()
    until = (till.now + timedelta(days=30)).date().isoformat()
    floor = {"level": "roaster", "until": until}
    till.api.call("manager", "PUT", f"/members/{gold}/tier-floor", json=floor)
    tuesday, wednesday = (
        {"occurred_at": latest(day, time(12)).isoformat()} for day in (TUESDAY, WEDNESDAY)
    )

    sale = till.sell(gold, bags(2), **tuesday)
    assert till.sell(gold, bags(2), **wednesday).points == {"base": 44, "coffee-at-home": 44}
    assert till.sell(plain, bags(2), **tuesday).points == {"base": 29, "coffee-at-home": 29}

    # 29.80 at 150 % is 44.70 by each rule; both together once more.
    assert sale.points == {"base": 44, "coffee-at-home": 44, "gold-tuesday": 89}
    till.api.send("manager", "DELETE", f"/members/{gold}/tier-floor", status=204)
    assert sale.refund() == 177


def test_win_back_after_60_days(till_of: Callable[[str], Till]) -> None:
    till = till_of("Win-back after 60 days")
    lapsed, fresh = till.member(), till.member()
    till.sell(lapsed, goods(500), occurred_at=(till.now - timedelta(days=75)).isoformat())

    assert till.sell(fresh, goods(4000)).points == {"base": 40}
    assert till.quote(lapsed, goods(2999))["points"] == 29
    back = till.sell(lapsed, goods(4000))
    assert back.points == {"base": 40, "win-back": 100}
    assert back.refund(amount=euros(1000)) == 10 + 25
    assert back.refund() == 30 + 75
    assert till.sell(lapsed, goods(4000)).points == {"base": 40}


def test_code_on_the_flyer(till_of: Callable[[str], Till]) -> None:
    till = till_of("Code on the flyer")
    ana = till.member()

    first = till.sell(ana, goods(1200), codes=["flyer"])
    second = till.sell(ana, goods(1200), codes=["FLYER"])
    assert first.points == {"base": 12, "flyer": 50}
    assert second.points == {"base": 12}
    assert first.refund(amount=euros(201)) == 3 + 50

    third = till.sell(ana, goods(1200), codes=["FLYER"])
    assert third.points == {"base": 12, "flyer": 50}
    assert till.sell(till.member(), goods(1200)).points == {"base": 12}


def test_budget_of_100000(till_of: Callable[[str], Till]) -> None:
    till = till_of("Budget of 100,000")
    ana, ben, carl = till.member(), till.member(), till.member()

    large = till.sell(ana, goods(99_980_00))
    assert large.points == {"base": 99_980, "double-budget": 99_980}
    short = till.sell(ben, goods(6000))
    assert short.points == {"base": 60, "double-budget": 20}
    assert till.sell(carl, goods(6000)).points == {"base": 60}

    # 20.00 are kept, which would still double to 20.
    assert short.refund(amount=euros(4000)) == 40
    assert till.sell(carl, goods(6000)).points == {"base": 60}
    assert large.refund(amount=euros(100_00)) == 100 + 100
    assert till.sell(carl, goods(6000)).points == {"base": 60, "double-budget": 60}
    assert till.sell(carl, goods(6000)).points == {"base": 60, "double-budget": 40}


def test_spend_60_get_150(till_of: Callable[[str], Till]) -> None:
    till = till_of("Spend 60, get 150")
    ana = till.member()

    assert till.sell(ana, goods(5999)).points == {"base": 59}
    shipped = {"line_id": "shipping", "category": "shipping", "amount": euros(490)}
    assert till.sell(ana, goods(5999), shipped).points == {"base": 59}
    sale = till.sell(ana, goods(6400))
    assert sale.points == {"base": 64, "spend-60": 150}
    assert sale.refund(amount=euros(400)) == 4
    assert sale.refund(amount=euros(100)) == 1 + 150


def test_app_only(till_of: Callable[[str], Till]) -> None:
    till = till_of("App only")
    ana = till.member()

    sale = till.sell(ana, goods(4500), channel="app")
    assert sale.points == {"base": 45, "app-only": 22}
    assert till.sell(ana, goods(4500), channel="web").points == {"base": 45}
    assert till.sell(ana, goods(4500)).points == {"base": 45}
    assert sale.refund(amount=euros(1000)) == (45 + 22) - (35 + 17)


def test_every_recipe_of_the_page_has_its_test() -> None:
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    headings = {re.sub(r"\W+", "_", each.lower().replace(",", "")) for each in RECIPES}

    assert len(headings) == 10
    assert headings <= tested
