"""Decide reviews: release an order's held points, or take its points back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.ledger.entries import Accrual, Entry, OrderCause
from loyalty.domain.ledger.postings import Posting, signed
from loyalty.domain.ledger.reviewing import REVIEW, reject, release
from loyalty.domain.ledger.reviews import ReviewDecision, decided
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.ledger.accounts import settled_lineage
from loyalty.usecases.orders.refunds import order_to_settle

if TYPE_CHECKING:
    from loyalty.domain.ledger.reviews import Review, ReviewVerdict
    from loyalty.usecases.ports import Desk


class Reviews(Protocol):
    """The reviews of one program."""

    def find(self, review_id: str) -> Review | None:
        """Read strongly."""
        ...


def review_of(review_id: str, *, reviews: Reviews) -> Review:
    """Find a review.

    Raises:
        NotFound: there is none with this id.
    """
    review = reviews.find(review_id)
    if review is None:
        raise NotFound("There is no such review")
    return review


@until_saved
def decide_review(
    review_id: str,
    *,
    verdict: ReviewVerdict,
    by: str,
    reason: str,
    reviews: Reviews,
    desk: Desk,
) -> Review:
    """Decide a review, once, which moves the points of its order in the same write.

    If the member was erased in the meantime, their points are gone, and only the decision is noted.

    Raises:
        NotFound: no such review.
        SecondManager: who decides has caused it.
        WrongState: it was decided differently before.
        TryAgain: other writers were faster too often.
    """
    review = review_of(review_id, reviews=reviews)
    decision = ReviewDecision(verdict=verdict, by=by, decided_at=desk.now, reason=reason)
    becomes = decided(review, decision)
    if becomes is review:
        return review
    posting = signed(_moving_points(becomes, desk=desk), by=desk.caller)
    if posting.entries:
        entry_id = posting.entries[0].id
        becomes = replace(becomes, decision=replace(decision, entry_id=entry_id))
    desk.books.post(replace(posting, review=becomes))
    return becomes


def _moving_points(review: Review, *, desk: Desk) -> Posting:
    """What the decision does to an order and to its member's account; nothing if they are gone."""
    order, is_released = review.order, review.state == "released"
    if order is None or (is_released and review.held_until is None):
        return Posting()
    file = desk.books.order(OrderCause(order.source, order.order_id, "clawback", REVIEW))
    accrual = file.accrual
    if not isinstance(accrual, Entry) or not isinstance(accrual.detail, Accrual):
        raise TypeError("a review of an order that was never recorded")
    try:
        if not is_released:
            return reject(order_to_settle(accrual, file.state, desk=desk))
        path = settled_lineage(desk, accrual.member_id)
    except NotFound:
        return Posting()
    return release(
        earned=accrual.detail,
        state=file.state,
        account=path[-1],
        program=desk.program,
        now=desk.now,
    )
