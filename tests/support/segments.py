"""Who is in a segment, in plain Python, from everything that was recorded."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Final

from hypothesis import strategies as st

from loyalty.domain.changes import Record
from loyalty.domain.facts import facts_of
from loyalty.domain.ledger.entries import Accrual, Clawback, OrderCause
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.orders.order import Order
from loyalty.domain.program.document import Program
from loyalty.lake.reports import ReportPeriod
from tests.support.histories import MEMBERS, MOMENTS
from tests.support.ledger import change, entry
from tests.support.orders import line
from tests.support.reports.recorded import Recorded

SELECTORS: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"categories": ["drink"]},
    {"not_categories": ["drink"]},
    {"skus": ["S1"], "tags": ["sale"]},
    {"brands": ["house"], "not_skus": ["S2"]},
    {"lists": ["few"]},
    {"also_charges": ["tip"]},
)
LEAVES: Final[tuple[dict[str, Any], ...]] = (
    {"fact": "days_since_order", "at_least": 3},
    {"fact": "days_since_order", "at_most": 3},
    {"fact": "member_days", "at_least": 5},
    {"fact": "member_days", "at_most": 6},
    {"fact": "tier", "is_in": ["silver", "friend"]},
    {"fact": "tier", "is_in": ["gold"]},
    {"fact": "spent", "days": 5, "at_least_minor": 4000},
    {"fact": "spent", "days": 12, "at_most_minor": 0},
    {"fact": "orders", "days": 4, "at_least": 1},
    {"fact": "orders", "days": 30, "at_least": 2, "at_most": 3},
    *({"fact": "bought", "of": each, "days": 8} for each in SELECTORS),
    {"fact": "bought", "of": {"categories": ["drink"]}, "days": 3, "at_most": 2},
    {"fact": "bought", "of": {"skus": ["S1"]}, "days": 30, "at_least": 3},
    {"fact": "recency", "is_in": [5]},
    {"fact": "frequency", "is_in": [4, 5], "days": 6},
    {"fact": "monetary", "is_in": [1, 2, 3]},
    {"fact": "silent"},
    {"fact": "silent", "percent_of_gap": 100},
    {"fact": "score", "survey": "visit", "at_most": 5},
    {"fact": "score", "survey": "recommend", "at_least": 9},
    {"fact": "redeemed", "days": 6, "at_least": 1},
    {"fact": "redeemed", "days": 30, "at_most": 1},
)
RULES: Final = st.recursive(
    st.sampled_from(LEAVES),
    lambda parts: st.one_of(
        st.lists(parts, min_size=1, max_size=3).map(lambda each: {"all": each}),
        st.lists(parts, min_size=1, max_size=3).map(lambda each: {"any": each}),
        parts.map(lambda each: {"not": each}),
    ),
    max_leaves=4,
)


@st.composite
def baskets(draw: st.DrawFn) -> Record:
    """An order of a member with goods of every kind, and a tip."""
    lines = [
        line(
            draw(st.integers(0, 3000)),
            str(number),
            sku=draw(st.sampled_from([None, "S1", "S2"])),
            category=draw(st.sampled_from([None, "drink", "bean", "tip"])),
            brand=draw(st.sampled_from([None, "house"])),
            tags=draw(st.sampled_from([(), ("sale",)])),
            quantity=draw(st.integers(1, 3)),
        )
        for number in range(draw(st.integers(1, 3)))
    ]
    moment = draw(MOMENTS)
    name = draw(st.uuids()).hex
    paid = Order(source="web", order_id=name, occurred_at=moment, lines=tuple(lines))
    return entry(
        OrderCause("web", name, "accrual"),
        Holding(),
        member_id=draw(MEMBERS),
        happened_at=moment,
        recorded_at=moment,
        detail=Accrual(order=paid, shares=(), parts=()),
    )


class SegmentTruth(Recorded):
    """Who is in a segment of a program at a moment."""

    def __init__(self, items: Sequence[Any], document: Program, *, now: datetime) -> None:
        today = document.today(now)
        period = ReportPeriod(first=today, last=today, zone=document.zone, as_of=now)
        super().__init__(items, period, document)
        self._paid_back = [
            (self.heir(each.member_id), self.day(each.happened_at), each.detail.amount_minor)
            for each in self.entries
            if isinstance(each.detail, Clawback) and each.detail.amount_minor > 0
        ]
        self._baskets: list[Any] = [
            fact
            for item in items
            for fact in facts_of(change(item))
            if fact.kind == "orders" and getattr(fact, "member_id", None)
        ]
        self._levels_today = self._levels(today, today)

    def members(self, rule: Any) -> set[str]:
        active = {each for each in self.accounts if self._is_active(each)}
        return {member for member in active if self._is_in(rule, member)}

    def _is_in(self, rule: Any, member: str) -> bool:
        match rule.fact:
            case "(all)":
                return all(self._is_in(part, member) for part in rule.all)
            case "(any)":
                return any(self._is_in(part, member) for part in rule.any)
            case "(not)":
                return not self._is_in(rule.negated, member)
            case "tier":
                return self._levels_today.get(member) in rule.is_in
            case "silent":
                return self._is_silent(rule.percent_of_gap, member)
            case "recency" | "frequency" | "monetary":
                scores = self._scores(rule.fact, rule.days)
                return scores.get(member) in rule.is_in
        number = self._number(rule, member)
        lowest, highest = rule.bounds
        return (
            number is not None
            and (lowest is None or number >= lowest)
            and (highest is None or number <= highest)
        )

    def _number(self, rule: Any, member: str) -> Any:
        match rule.fact:
            case "member_days":
                enrolled_at = self.accounts[member].enrolled_at
                return max(0, self._days_ago(self.day(enrolled_at))) if enrolled_at else None
            case "days_since_order":
                days = [
                    self.day(order.occurred_at)
                    for order in self._baskets
                    if self.heir(order.member_id) == member and order.goods_minor > 0
                ]
                return max(0, self._days_ago(max(days))) if days else None
            case "spent":
                return self._spent(member, rule.days)
            case "orders":
                return sum(self._days_ago(on) <= rule.days for on, _ in self._bought_by(member))
            case "redeemed":
                return sum(
                    self.heir(each.member_id) == member
                    and each.state not in ("held", "cancelled")
                    and self._days_ago(self.day(each.issued_at)) <= rule.days
                    for each in self.vouchers
                )
            case "score":
                answers = [
                    (each.answered_at, each.id, each.score)
                    for each in self.responses
                    if self.heir(each.member_id) == member and each.survey_id == rule.survey
                ]
                return max(answers)[2] if answers else None
            case "bought":
                return sum(
                    line.quantity
                    for order in self._baskets
                    if self.heir(order.member_id) == member
                    and self._days_ago(self.day(order.occurred_at)) <= rule.days
                    for line in order.sold
                    if self._selects(rule.of, line)
                )
        raise AssertionError(rule.fact)

    def _selects(self, of: Any, line: Any) -> bool:
        listed = {sku for name in of.lists for sku in self.document.lists[name]}
        named = (of.categories, of.skus, of.brands, of.tags, of.lists)
        if line.sku in of.not_skus or set(line.categories) & set(of.not_categories):
            return False
        if line.category == "tip" and "tip" not in of.also_charges:
            return False
        return not any(named) or bool(
            set(line.categories) & set(of.categories)
            or set(line.tags) & set(of.tags)
            or line.sku in {*of.skus, *listed}
            or line.brand in of.brands
        )

    def _is_silent(self, percent: int, member: str) -> bool:
        days = [on for on, _ in self._bought_by(member)]
        if len(days) < 3 or max(days) == min(days):
            return False
        gap = (max(days) - min(days)).days / (len(days) - 1)
        return self._days_ago(max(days)) * 100 > percent * gap

    def _scores(self, fact: str, days: int) -> dict[str, int]:
        of_fact: dict[str, Callable[[str], Any]] = {
            "recency": lambda member: max(
                sale.sold_at
                for sale in self.sales
                if sale.who == "members" and sale.customer == member
            ),
            "frequency": lambda member: sum(
                self._days_ago(on) <= days for on, _ in self._bought_by(member)
            ),
            "monetary": lambda member: self._spent(member, days),
        }
        values = {
            member: of_fact[fact](member)
            for member in self.accounts
            if self._is_active(member)
            and any(self._days_ago(on) <= days for on, _ in self._bought_by(member))
        }
        return {
            member: 1 + 5 * sum(other < value for other in values.values()) // len(values)
            for member, value in values.items()
        }

    def _spent(self, member: str, days: int) -> int:
        paid = sum(minor for on, minor in self._bought_by(member) if self._days_ago(on) <= days)
        back = sum(
            minor
            for who, on, minor in self._paid_back
            if who == member and self._days_ago(on) <= days
        )
        return paid - back

    def _bought_by(self, member: str) -> list[tuple[date, int]]:
        return [
            (sale.on, sale.amount_minor)
            for sale in self.sales
            if sale.who == "members" and sale.customer == member
        ]

    def _days_ago(self, day: date) -> int:
        return (self.today - day).days
