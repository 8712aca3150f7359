"""Adjustments: points that people add and take. Approvals and reviews: what managers decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

from loyalty.domain.kernel.errors import (
    Forbidden,
    IdempotencyConflict,
    InsufficientPoints,
    InvalidCursor,
    LimitReached,
    OutOfStock,
    OwnAccount,
    RewardUnavailable,
    SecondManager,
    TryAgain,
    WrongState,
)
from loyalty.domain.ledger.approvals import (
    Approval,
    ApprovalState,
    RequestedAdjustment,
    RequestedGrant,
)
from loyalty.domain.ledger.entries import Adjustment
from loyalty.domain.ledger.reviews import Review, ReviewState
from loyalty.domain.staff.actions import ActionOutcome, Change
from loyalty.edge.aws.table import engine
from loyalty.edge.desk import caller_id, names_of_staff, open_actions, open_desk, request_id
from loyalty.edge.directory import acting_for, require_another
from loyalty.edge.http.app import IdempotencyKey, PathId, ProgramId, create_app, reply
from loyalty.edge.http.auth import Role
from loyalty.edge.http.paging import next_cursor, page_start
from loyalty.edge.http.params import Body, Query, Response
from loyalty.edge.http.schemas import Cursor, PageLimit
from loyalty.edge.metrics import count
from loyalty.edge.models.approvals import (
    ApprovalAnswer,
    ApprovalPage,
    DecisionRequest,
    HeldForApproval,
    approval_answer,
)
from loyalty.edge.models.entries import RecordedEntry, entry_answer
from loyalty.edge.models.orders import AdjustmentRequest
from loyalty.edge.models.reviews import (
    VERDICTS,
    ReviewAnswer,
    ReviewPage,
    ReviewRequest,
    review_answer,
)
from loyalty.edge.settings import settings
from loyalty.table.approvals import TableApprovals
from loyalty.table.positions import is_listed
from loyalty.table.reviews import TableReviews
from loyalty.usecases.ledger import approvals
from loyalty.usecases.ledger.approvals import ApprovalRule
from loyalty.usecases.ledger.corrections import Allowance
from loyalty.usecases.orders.reviews import decide_review, review_of
from loyalty.usecases.ports import Desk

if TYPE_CHECKING:
    from loyalty.domain.program.document import AdjustmentLimit, AdjustmentRules


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentsSettings:
    table: str
    identity_secret: str


api = create_app("adjustments", acting_for=acting_for, actions=open_actions)
handler = api

ADJUSTERS: Final[frozenset[Role]] = frozenset({"cashier", "manager", "service"})


@api.post(
    "/members/<member_id>/adjustments",
    allow=ADJUSTERS,
    status=201,
    also=(200, 202),
    bodies={202: HeldForApproval},
    refuses=(OwnAccount, IdempotencyConflict, InsufficientPoints, LimitReached, TryAgain),
    acts="points.adjust",
)
def adjust_balance(
    program_id: ProgramId,
    member_id: PathId,
    idempotency_key: IdempotencyKey,
    adjustment: Annotated[AdjustmentRequest, Body()],
) -> Response[RecordedEntry | HeldForApproval]:
    """Add or take points by hand.

    The program document limits what each role may adjust at a time and in a day. 202: it has so
    many points that it waits for a second manager's approval.
    """
    desk = _desk(program_id)
    adjustment.require_sense(today=desk.today)
    rules = desk.program.document.adjustments
    outcome = approvals.adjust_or_hold(
        member_id,
        adjustment=RequestedAdjustment(
            points=adjustment.points,
            why=Adjustment(reason=adjustment.reason, reference=adjustment.reference),
            expiring_on=adjustment.expires_on,
            below_zero=adjustment.below_zero,
        ),
        request_id=request_id(
            program_id=program_id,
            caller=api.principal.subject,
            idempotency_key=idempotency_key,
        ),
        by=api.principal.subject,
        allowance=_allowance(rules, program_id),
        # Services never wait, as no person decides what they do.
        rule=ApprovalRule.of(rules) if api.principal.is_person else None,
        approvals=_approvals(program_id),
        desk=desk,
    )
    changes = (Change(field="points", after=adjustment.points),)
    if isinstance(outcome, Approval):
        held = {"approval": outcome.approval_id}
        api.report_outcome(ActionOutcome(changes=changes, results=held))
        waiting = HeldForApproval(
            status="held", approval=_answer(outcome, program_id, now=desk.now)
        )
        return reply(waiting, status=202)
    results = {"entry": outcome.entry.id}
    api.report_outcome(ActionOutcome(changes=changes, results=results))
    answer = RecordedEntry(entry=entry_answer(outcome.entry))
    return reply(answer, status=200 if outcome.replayed else 201)


@api.get("/approvals", allow={"manager"}, refuses=(InvalidCursor,))
def list_approvals(
    program_id: ProgramId,
    state: Annotated[ApprovalState | None, Query(description="Only those in this state.")] = None,
    limit: PageLimit = 50,
    cursor: Cursor = None,
) -> ApprovalPage:
    """List what was requested and needs, or needed, a second manager, newest first.

    Those that are `held` wait for a decision.
    """
    desk = _desk(program_id)
    of = f"approvals {program_id} {state}"
    page = _approvals(program_id).listed(
        matches=lambda each: state in (None, each.state_at(desk.now)),
        limit=limit,
        start=page_start(cursor, of=of, like=is_listed),
    )
    return ApprovalPage(
        items=_answers(page.items, program_id, now=desk.now),
        next_cursor=next_cursor(page.next, of=of),
    )


@api.get("/approvals/<approval_id>", allow={"manager"})
def read_approval(program_id: ProgramId, approval_id: PathId) -> ApprovalAnswer:
    """Read an approval.

    Whoever requested it learns of the decision by sending the same request again.
    """
    desk = _desk(program_id)
    approval = approvals.approval_of(approval_id, approvals=_approvals(program_id))
    return _answer(approval, program_id, now=desk.now)


@api.post(
    "/approvals/<approval_id>/approve",
    allow={"manager"},
    refuses=(
        OwnAccount,
        SecondManager,
        WrongState,
        InsufficientPoints,
        LimitReached,
        OutOfStock,
        RewardUnavailable,
        TryAgain,
    ),
    acts="approval.approve",
)
def approve_request(
    program_id: ProgramId, approval_id: PathId, decision: Annotated[DecisionRequest, Body()]
) -> ApprovalAnswer:
    """Approve what a colleague requested, which carries it out.

    Approving it twice changes nothing more.
    """
    desk = _desk(program_id)
    _require_not_own(approval_id, program_id)
    approved = approvals.approve(
        approval_id,
        by=api.principal.subject,
        reason=decision.reason,
        approvals=_approvals(program_id),
        desk=desk,
    )
    count("RequestsApproved")
    entry_id = approved.decision.entry_id if approved.decision else None
    api.report_outcome(
        ActionOutcome(
            changes=(_change_of(approved),),
            results={"entry": entry_id} if entry_id else {},
        )
    )
    return _answer(approved, program_id, now=desk.now)


@api.post(
    "/approvals/<approval_id>/refuse",
    allow={"manager"},
    refuses=(OwnAccount, SecondManager, WrongState, TryAgain),
    acts="approval.refuse",
)
def refuse_request(
    program_id: ProgramId, approval_id: PathId, decision: Annotated[DecisionRequest, Body()]
) -> ApprovalAnswer:
    """Refuse what a colleague requested.

    Nothing is given or taken. Refusing it twice changes nothing more.
    """
    desk = _desk(program_id)
    _require_not_own(approval_id, program_id)
    refused = approvals.refuse(
        approval_id,
        by=api.principal.subject,
        reason=decision.reason,
        approvals=_approvals(program_id),
        desk=desk,
    )
    return _answer(refused, program_id, now=desk.now)


@api.get("/reviews", allow={"manager"}, refuses=(InvalidCursor,))
def list_reviews(
    program_id: ProgramId,
    state: Annotated[ReviewState | None, Query(description="Only those in this state.")] = None,
    limit: PageLimit = 50,
    cursor: Cursor = None,
) -> ReviewPage:
    """List orders that exceeded safeguards, and what watches found, newest first.

    Those that are `open` wait for a decision.
    """
    of = f"reviews {program_id} {state}"
    page = _reviews(program_id).listed(
        matches=lambda each: state in (None, each.state),
        limit=limit,
        start=page_start(cursor, of=of, like=is_listed),
    )
    return ReviewPage(
        items=_review_answers(page.items, program_id), next_cursor=next_cursor(page.next, of=of)
    )


@api.get("/reviews/<review_id>", allow={"manager"})
def read_review(program_id: ProgramId, review_id: PathId) -> ReviewAnswer:
    """Read a review.

    It names the safeguards that an order exceeded and who recorded it, or what a watch found.
    """
    review = review_of(review_id, reviews=_reviews(program_id))
    return _review_answers([review], program_id)[0]


@api.post(
    "/reviews/<review_id>/decision",
    allow={"manager"},
    refuses=(OwnAccount, SecondManager, WrongState, TryAgain),
    acts="review.decide",
)
def decide_about_order(
    program_id: ProgramId, review_id: PathId, decision: Annotated[ReviewRequest, Body()]
) -> ReviewAnswer:
    """Decide about an order that exceeded safeguards, which moves its points, or about a finding.

    Not by who caused it, nor about one's own account. The same decision again changes nothing.
    """
    reviews = _reviews(program_id)
    if member_id := review_of(review_id, reviews=reviews).member_id:
        require_another(api.principal, member_id)
    review = decide_review(
        review_id,
        verdict=VERDICTS[decision.decision],
        by=api.principal.subject,
        reason=decision.reason,
        reviews=reviews,
        desk=_desk(program_id),
    )
    count("ReviewsDecided")
    entry_id = review.decision.entry_id if review.decision else None
    api.report_outcome(
        ActionOutcome(
            changes=(Change(field="state", before="open", after=review.state),),
            results={"entry": entry_id} if entry_id else {},
        )
    )
    return _review_answers([review], program_id)[0]


def _change_of(approval: Approval) -> Change:
    if isinstance(approval.requested, RequestedGrant):
        return Change(field="reward", after=approval.requested.reward_id)
    return Change(field="points", after=approval.points)


def _require_not_own(approval_id: str, program_id: str) -> None:
    """Refuse to decide about what one's own account gets."""
    approval = approvals.approval_of(approval_id, approvals=_approvals(program_id))
    require_another(api.principal, approval.member_id)


def _allowance(adjustments: "AdjustmentRules", program_id: str) -> Allowance | None:
    """What the caller may adjust: the widest limits among their roles, None for no limit.

    Raises:
        Forbidden: the program lets none of their roles adjust.
    """
    limits: list[AdjustmentLimit] = [
        getattr(adjustments, role) for role in ADJUSTERS & api.principal.roles
    ]
    allowing = [limit for limit in limits if not limit.allows_none]
    if not allowing:
        raise Forbidden("Your role adjusts no balances in this program")
    each_max = _widest([limit.each for limit in allowing])
    per_day_max = _widest([limit.per_day for limit in allowing])
    if each_max is None and per_day_max is None:
        return None
    caller = caller_id(program_id=program_id, caller=api.principal.subject)
    return Allowance(caller, per_day_max, each_max)


def _widest(limits: list[int | None]) -> int | None:
    return None if None in limits else max(each for each in limits if each is not None)


def _approvals(program_id: str) -> TableApprovals:
    return TableApprovals(engine(settings(AdjustmentsSettings).table), program_id=program_id)


def _reviews(program_id: str) -> TableReviews:
    return TableReviews(engine(settings(AdjustmentsSettings).table), program_id=program_id)


def _review_answers(found: Sequence[Review], program_id: str) -> list[ReviewAnswer]:
    names = names_of_staff(program_id, [person for each in found for person in each.people])
    return [review_answer(each, names=names) for each in found]


def _desk(program_id: str) -> Desk:
    table = settings(AdjustmentsSettings).table
    return open_desk(program_id, table=table, caller=api.trusted_caller)


def _answers(found: Sequence[Approval], program_id: str, *, now: datetime) -> list[ApprovalAnswer]:
    names = names_of_staff(program_id, [person for each in found for person in each.people])
    return [approval_answer(each, names=names, now=now) for each in found]


def _answer(approval: Approval, program_id: str, *, now: datetime) -> ApprovalAnswer:
    return _answers([approval], program_id, now=now)[0]
