"""Reviews: what a safeguard found, and what a manager who did not cause it decided."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from loyalty.domain.kernel.errors import SecondManager, WrongState
from loyalty.domain.orders.order import OrderRef, fingerprint

if TYPE_CHECKING:
    from loyalty.domain.program.safeguards import SafeguardCount

ReviewVerdict = Literal["released", "rejected"]
ReviewState = Literal["open", "released", "rejected"]


class Excess(NamedTuple):
    """A safeguard that an order exceeded: what it counts, its limit, and what the order made it."""

    safeguard_id: str
    counts: SafeguardCount
    at_most: int
    reached: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDecision:
    """What a manager decided, and why; `by` is the subject of their token.

    `entry_id` is the entry that moved points, if any had to be moved.
    """

    verdict: ReviewVerdict
    by: str
    decided_at: datetime
    reason: str
    entry_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """An order that exceeded safeguards, until a manager decides about it.

    `points` are those that the order earned. If they are held, they become available on
    `held_until` by themselves. `caused_by` is the subject of the token of the staff member or
    service who recorded the order; None: a storefront did, or the member.
    """

    member_id: str
    order: OrderRef
    points: int
    excesses: tuple[Excess, ...]
    opened_at: datetime
    held_until: date | None = None
    caused_by: str | None = None
    decision: ReviewDecision | None = None

    @property
    def review_id(self) -> str:
        return review_id(self.order)

    @property
    def state(self) -> ReviewState:
        return self.decision.verdict if self.decision else "open"

    @property
    def people(self) -> tuple[str, ...]:
        """The subjects of who caused it and who decided it."""
        decided_by = self.decision.by if self.decision else None
        return tuple(each for each in (self.caused_by, decided_by) if each)


def review_id(order: OrderRef) -> str:
    """The id of the review of an order, the same forever: an order has one at most."""
    return f"rev_{fingerprint('order', order.source, order.order_id)[:24]}"


def require_another_person(review: Review, by: str) -> None:
    """Refuse to let somebody decide about what they caused.

    Raises:
        SecondManager: they caused it.
    """
    if by == review.caused_by:
        raise SecondManager


def decided(review: Review, decision: ReviewDecision) -> Review:
    """The review with a decision; one that was decided before keeps its own.

    Raises:
        SecondManager: who decides has caused it.
        WrongState: the decision before was another one.
    """
    require_another_person(review, decision.by)
    if review.decision is None:
        return replace(review, decision=decision)
    if review.decision.verdict != decision.verdict:
        raise WrongState(f"It was {review.decision.verdict} before")
    return review
