"""Versions of an order and refunds of it end alike, in whatever order they arrive."""

from collections import Counter
from dataclasses import replace
from itertools import permutations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.domain.campaigns.awards import full_award
from loyalty.domain.campaigns.budgets import budgets_on
from loyalty.domain.campaigns.limits import outstanding, rooms, uses
from loyalty.domain.campaigns.planning import AwardContext, compiled, freeze
from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.ledger.refunds import OrderState, refunded_with, unrefunded
from loyalty.domain.orders.order import Order
from loyalty.domain.program.document import Program
from tests.support.campaigns import orders, programs
from tests.support.orders import NOON

# A version with its time, or a refund.
type News = tuple[int, Order] | RequestedRefund


class Books:
    """What is known of one order, and what it used of the limits of campaigns."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.newest = -1
        self.order: Order | None = None
        self.state = OrderState()
        self.context = AwardContext()
        self.gives: dict[str, int] = {}
        self.counted: dict[str, int] = {}
        self.used: Counter[str] = Counter()

    def hear(self, news: News) -> None:
        if isinstance(news, RequestedRefund):
            self.state = refunded_with(self.state, news)
        elif news[0] > self.newest:
            self.newest, self.order = news
            self.context = AwardContext(ceilings=self._ceilings(self.order))
        if self.order is not None:
            self._settle(self.order)

    def _ceilings(self, order: Order) -> dict[str, int]:
        every, day = compiled(self.program), self.program.today(order.occurred_at)
        budgets = budgets_on(self.program, day)
        left = {name: budget.points - self.used[name] for name, budget in budgets.items()}
        room = rooms(self.program, day, today=day, used=self.used, left=left, had=self.counted)
        purchase = every.purchase(order, tier=None)
        return freeze(every, purchase, AwardContext(), rooms=room, had=self.counted)

    def _settle(self, order: Order) -> None:
        remaining = unrefunded(order, self.state)
        award = full_award(remaining, bought=order, program=self.program, context=self.context)
        now = dict(award.campaign_points)
        counts = outstanding(self.program, before=self.gives, after=now, counted=self.counted)
        day = self.program.today(order.occurred_at)
        for limit, amount in uses(self.program, day, today=day, before=self.counted, after=counts):
            self.used[limit] += amount
        self.gives, self.counted = now, counts

    @property
    def outcome(self) -> tuple[dict[str, int], Counter[str]]:
        return self.gives, +self.used


@st.composite
def stories(draw: st.DrawFn) -> list[News]:
    """One to three versions of an order, and up to two refunds of it."""
    first = draw(orders())
    versions = [
        replace(
            first,
            lines=tuple(
                replace(
                    line,
                    amount_minor=max(0, line.amount_minor + draw(st.integers(-3000, 3000))),
                    quantity=draw(st.integers(1, 5)),
                )
                for line in first.lines
            ),
        )
        for _ in range(draw(st.integers(1, 3)))
    ]
    line_id = draw(st.sampled_from([line.line_id for line in first.lines]))
    kinds: list[dict[str, Any]] = [
        {"quantities": {line_id: 1}},
        {"amounts_minor": {line_id: 1234}},
        {"amount_minor": 2345},
    ]
    refunds = [
        RequestedRefund(
            refund_id=str(number),
            occurred_at=NOON,
            fingerprint="",
            **draw(st.sampled_from(kinds)),
        )
        for number in range(draw(st.integers(0, 2)))
    ]
    return [*enumerate(versions), *refunds]


@settings(max_examples=60)
@given(programs(), stories())
def test_versions_and_refunds_end_alike_in_every_order(program: Program, story: list[News]) -> None:
    outcomes = []
    for shuffled in permutations(story):
        books = Books(program)
        for news in shuffled:
            books.hear(news)
        outcomes.append(books.outcome)

    assert all(outcome == outcomes[0] for outcome in outcomes)
