"""Reviews: orders that exceeded safeguards, findings of watches, and what managers decide."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from loyalty.domain.ledger.reviews import Excess, Review, ReviewState, ReviewVerdict, WatchFinding
from loyalty.domain.program.safeguards import SafeguardCount
from loyalty.domain.program.watches import WatchKind
from loyalty.edge.http.schemas import (
    AnswerPart,
    Label,
    NamedOrder,
    NextCursor,
    RequestPart,
    StaffName,
)

Decision = Literal["release", "reject"]
VERDICTS: Final[Mapping[Decision, ReviewVerdict]] = {"release": "released", "reject": "rejected"}


class ReviewRequest(RequestPart):
    """What a manager decides about a review, and why."""

    decision: Annotated[
        Decision,
        Field(
            description="`release`: held points become available, as if they had never been held. "
            "`reject`: the order's points are taken back, and it earns nothing any more. Of what a "
            "watch found, only the decision is noted."
        ),
    ]
    reason: Annotated[Label, Field(description="Why, for whoever asks later.")]


class ExcessAnswer(AnswerPart):
    """A safeguard that the order exceeded."""

    safeguard_id: Annotated[str, Field(description="The safeguard's id in the program document.")]
    counts: Annotated[SafeguardCount, Field(description="What it counts of a member and a day.")]
    at_most: Annotated[int, Field(description="Its limit when the order was recorded.")]
    reached: Annotated[int, Field(description="The count with this order.")]


class WatchFindingAnswer(AnswerPart):
    """What a watch found."""

    watch_id: Annotated[str, Field(description="The watch's id in the program document.")]
    kind: Annotated[WatchKind, Field(description="What it looks for.")]
    at_least: Annotated[int, Field(description="Its threshold when it was found.")]
    found: Annotated[int, Field(description="The number that was found.")]
    cause: Annotated[
        str, Field(description="Why it was found, such as a month; each cause is found once.")
    ]


class ReviewAnswer(AnswerPart):
    """An order that exceeded safeguards, or a finding, until somebody decides about it."""

    id: Annotated[str, Field(description="The review's id.")]
    state: Annotated[
        ReviewState,
        Field(
            description="`open`: nobody has decided. `released`: its points are the member's. "
            "`rejected`: they were taken back."
        ),
    ]
    member_id: Annotated[
        str | None,
        Field(description="The member whom it is about; null: it is about a person of the staff."),
    ]
    order: Annotated[
        NamedOrder | None, Field(description="The order that it is about; null for a finding.")
    ]
    points: Annotated[int, Field(description="The points that the order earned; 0 for a finding.")]
    finding: Annotated[
        WatchFindingAnswer | None, Field(description="What a watch found; null for an order.")
    ]
    held_until: Annotated[
        date | None,
        Field(
            description="The day on which its points become available unless somebody decides "
            "before, at the latest; null: they are not held."
        ),
    ]
    excesses: Annotated[list[ExcessAnswer], Field(description="The safeguards that it exceeded.")]
    opened_at: Annotated[
        datetime, Field(description="When the order was recorded, or it was found, in UTC.")
    ]
    caused_by: Annotated[
        str | None,
        Field(
            description="The subject (`sub`) of the token of who cannot decide: the person or "
            "service who recorded the order, or the person whom a finding is about; null: nobody."
        ),
    ]
    caused_by_name: StaffName
    decided_by: Annotated[
        str | None, Field(description="The subject of the token of who decided; null: nobody.")
    ]
    decided_by_name: StaffName
    decided_at: Annotated[datetime | None, Field(description="When it was decided, in UTC.")]
    decision_reason: Annotated[str | None, Field(description="Why it was decided so.")]
    entry_id: Annotated[
        str | None,
        Field(description="The entry that moved points by the decision; null: none moved."),
    ]


class ReviewPage(AnswerPart):
    """A page of reviews, newest first. It may be short although more follow."""

    items: Annotated[list[ReviewAnswer], Field(description="The reviews of this page.")]
    next_cursor: NextCursor


def review_answer(review: Review, *, names: Mapping[str, str]) -> ReviewAnswer:
    """A review as it is shown; `names` are those of staff, by subject."""
    decision = review.decision
    return ReviewAnswer(
        id=review.review_id,
        state=review.state,
        member_id=review.member_id,
        order=(
            NamedOrder(source=review.order.source, order_id=review.order.order_id)
            if review.order
            else None
        ),
        points=review.points,
        finding=_finding(review.finding) if review.finding else None,
        held_until=review.held_until,
        excesses=[_excess(each) for each in review.excesses],
        opened_at=review.opened_at,
        caused_by=review.caused_by,
        caused_by_name=names.get(review.caused_by) if review.caused_by else None,
        decided_by=decision.by if decision else None,
        decided_by_name=names.get(decision.by) if decision else None,
        decided_at=decision.decided_at if decision else None,
        decision_reason=decision.reason if decision else None,
        entry_id=decision.entry_id if decision else None,
    )


def _finding(finding: WatchFinding) -> WatchFindingAnswer:
    return WatchFindingAnswer(
        watch_id=finding.watch_id,
        kind=finding.kind,
        at_least=finding.at_least,
        found=finding.found,
        cause=finding.cause,
    )


def _excess(excess: Excess) -> ExcessAnswer:
    return ExcessAnswer(
        safeguard_id=excess.safeguard_id,
        counts=excess.counts,
        at_most=excess.at_most,
        reached=excess.reached,
    )
