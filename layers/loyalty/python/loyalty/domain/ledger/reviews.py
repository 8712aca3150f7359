"""Reviews: what a safeguard found, and what a manager who did not cause it decided."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from loyalty.domain.kernel.errors import SecondManager, WrongState
from loyalty.domain.orders.order import OrderRef, fingerprint

if TYPE_CHECKING:
    from loyalty.domain.program.safeguards import SafeguardCount
    from loyalty.domain.program.watches import WatchKind

ReviewVerdict = Literal["released", "rejected"]
ReviewState = Literal["open", "released", "rejected"]


class Excess(NamedTuple):
    """A safeguard that an order exceeded: what it counts, its limit, and what the order made it."""

    safeguard_id: str
    counts: SafeguardCount
    at_most: int
    reached: int


class WatchFinding(NamedTuple):
    """What a watch found: its threshold, the number found, and the cause, which is found once."""

    watch_id: str
    kind: WatchKind
    at_least: int
    found: int
    cause: str


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
    """Something that a person has to look at, until a manager decides about it.

    It is an `order` that exceeded safeguards, or the `finding` of a watch about a member, a person
    of the staff, or both. `points` are those that the order earned. If they are held, they become
    available on `held_until` by themselves. `caused_by` is the subject of the token of the staff
    member or service who recorded the order, or of the person whom a finding is about; None: a
    storefront recorded it, or the finding is about no colleague.
    """

    member_id: str | None
    opened_at: datetime
    order: OrderRef | None = None
    points: int = 0
    excesses: tuple[Excess, ...] = ()
    finding: WatchFinding | None = None
    held_until: date | None = None
    caused_by: str | None = None
    decision: ReviewDecision | None = None

    @property
    def review_id(self) -> str:
        if self.order is not None:
            return review_id(self.order)
        watch, cause = (self.finding.watch_id, self.finding.cause) if self.finding else ("", "")
        return f"rev_{fingerprint('found', watch, self.member_id, cause)[:24]}"

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
