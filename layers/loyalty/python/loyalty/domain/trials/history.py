"""What a person bought until a moment, and in which computed segments that puts them.

The lake knows who is in a segment now. Who was in it when an order was recorded follows from what
they had bought by then: sums over the last days, as the hourly run computes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from loyalty.domain.campaigns.member_facts import leaves, sources
from loyalty.domain.ledger.campaign_counts import has_goods
from loyalty.domain.ledger.tiers import level_on
from loyalty.domain.program.segments import facts_of
from loyalty.domain.trials.happenings import BuyStep, Happening, RefundStep

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from loyalty.domain.ledger.account import Account
    from loyalty.domain.program.campaigns import Campaign
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.segments import Segment

# What follows from the orders of one person. Fifths need those of all, units and rewards more
# facts than are kept here.
_FOLLOWS: Final = frozenset({"spent", "orders", "days_since_order", "member_days", "tier"})
_OF_HISTORY: Final = frozenset({"orders", "bought_on", "segments"})


class PastSale(NamedTuple):
    """An order, or a refund, whose amount is negative."""

    day: date
    amount_minor: int
    is_order: bool = False
    has_goods: bool = False


class MemberThen(NamedTuple):
    """What else is known of a member on a day."""

    day: date
    enrolled_on: date | None
    level: str | None

    @classmethod
    def of(cls, account: Account, program: Program, *, day: date) -> MemberThen:
        enrolled_at, level = account.enrolled_at, level_on(account, program, day=day)
        return cls(
            day, program.today(enrolled_at) if enrolled_at else None, level.id if level else None
        )


@dataclass(slots=True)
class History:
    """What a person bought, in the order in which the books learned of it."""

    sales: list[PastSale] = field(default_factory=list)

    def note(self, what: Happening, program: Program) -> None:
        match what:
            case BuyStep():
                order = what.order
                amount_minor = sum(line.amount_minor for line in order.lines)
                day = program.today(order.occurred_at)
                self.sales.append(
                    PastSale(day, amount_minor, is_order=True, has_goods=has_goods(order))
                )
                for refund in what.refunds:
                    self.note(refund, program)
            case RefundStep():
                day = program.today(what.entry.happened_at)
                less = what.entry.refunded_minor or 0
                self.sales.append(PastSale(day, -less))
            case _:
                return

    def segments(self, segments: tuple[Segment, ...], then: MemberThen) -> dict[str, str]:
        """The fingerprints of those segments that the person is in, by id."""
        return {each.id: each.fingerprint for each in segments if self._is_in(each.who, then)}

    def _is_in(self, rule: Any, then: MemberThen) -> bool:
        match rule.fact:
            case "(all)":
                return all(self._is_in(part, then) for part in rule.all)
            case "(any)":
                return any(self._is_in(part, then) for part in rule.any)
            case "(not)":
                return not self._is_in(rule.negated, then)
            case "tier":
                return then.level in rule.is_in
            case _:
                return _is_within(rule, self._number(rule, then))

    def _number(self, rule: Any, then: MemberThen) -> int | None:
        match rule.fact:
            case "spent":
                return sum(each.amount_minor for each in self._since(rule.days, then.day))
            case "orders":
                return sum(each.is_order for each in self._since(rule.days, then.day))
            case "days_since_order":
                last = max((each.day for each in self.sales if each.has_goods), default=None)
                return None if last is None else max(0, (then.day - last).days)
            case _:
                enrolled_on = then.enrolled_on
                return None if enrolled_on is None else max(0, (then.day - enrolled_on).days)

    def _since(self, days: int, today: date) -> Iterator[PastSale]:
        return (each for each in self.sales if (today - each.day).days <= days)


def _is_within(rule: Any, number: int | None) -> bool:
    lowest, highest = rule.bounds
    return (
        number is not None
        and (lowest is None or number >= lowest)
        and (highest is None or number <= highest)
    )


def that_follow(program: Program) -> tuple[Segment, ...]:
    """The segments of a document that follow from what a person bought, and are not live."""
    return tuple(
        each
        for each in program.segments
        if not each.is_live and _FOLLOWS.issuperset(facts_of(each.who))
    )


def follows(campaign: Campaign, program: Program) -> bool:
    """Whether a campaign asks of a member only what follows from what they bought."""
    if not _OF_HISTORY.issuperset(sources(campaign)):
        return False
    that_follow_ids = {each.id for each in that_follow(program)}
    return all(
        definition.live is not None or definition.segment_id in that_follow_ids
        for leaf in leaves(campaign.members)
        if leaf.fact == "segment"
        for definition in leaf.definitions
    )
