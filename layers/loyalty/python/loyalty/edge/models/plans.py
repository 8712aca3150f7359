"""Members' paid plans, in requests and responses."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StrictBool

from loyalty.domain.ledger.account import Account
from loyalty.edge.http.redaction import OfStaff
from loyalty.edge.http.schemas import AnswerPart, Day, ExternalId, Label, MemberId, RequestPart
from loyalty.usecases.plans.members_plan import MembersPlan, PlanTerms

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program

_State = Literal["trialing", "active", "grace", "paused"]


class PlanRequest(RequestPart):
    """A plan to give to a member, or the new last day of their plan."""

    plan: Annotated[ExternalId, Field(description="The plan's id in the program document.")]
    until: Annotated[
        Day, Field(description="The last day that is paid, in the program's time zone.")
    ]
    renews: Annotated[
        StrictBool,
        Field(
            description="Whether it renews: then the plan's `grace_days` follow. Otherwise it "
            "ends with `until`."
        ),
    ] = False
    reason: Annotated[Label, Field(description="Why, for staff who look at it later.")]

    def terms(self) -> PlanTerms:
        return PlanTerms(
            plan_id=self.plan, until=self.until, renews=self.renews, reason=self.reason
        )


PlanId = Annotated[str, Field(description="The plan's id in the program document.")]
PlanName = Annotated[
    str | None,
    Field(
        description="The plan's name; null: it is no longer in the program document, and "
        "gives nothing."
    ),
]
Since = Annotated[date, Field(description="The first day, in the program's time zone.")]
Until = Annotated[
    date,
    Field(description="The last day if nothing more is paid, days of grace included."),
]
PaidUntil = Annotated[date, Field(description="The last day that is paid, or of the trial.")]


class MemberPlan(AnswerPart):
    """The plan that a member has today."""

    id: PlanId
    name: PlanName
    state: Annotated[
        Literal["active", "grace", "paused"],
        Field(
            description="`active`; `grace`: the last paid day is over, and the plan still runs; "
            "`paused`: it gives nothing until it runs again."
        ),
    ]
    since: Since
    until: Until
    paid_until: PaidUntil
    multiplier_percent: Annotated[
        int, Field(description="The percentage that orders earn with it: 200 is twice as much.")
    ]


class PlanTold(AnswerPart):
    """A member's plan, with its latest telling."""

    id: PlanId
    name: PlanName
    state: Annotated[
        _State,
        Field(description="The same as in the member, but `trialing` on the days of a trial."),
    ]
    since: Since
    until: Until
    trial_until: Annotated[date | None, Field(description="The last day of a trial.")]
    paid_until: Annotated[date | None, Field(description="The last day that is paid.")]
    paused_until: Annotated[
        date | None,
        Field(
            description="The last day of a pause; null: it is not paused, or the end is not known."
        ),
    ]
    ends_on: Annotated[
        date | None, Field(description="Its last day if it does not renew; null: it renews.")
    ]
    told_by: Annotated[
        str,
        Field(
            description="The source of the telling: `hand`, or the id of a storefront's connection."
        ),
    ]
    told_at: Annotated[
        datetime, Field(description="The time of the telling at its source, in UTC.")
    ]
    reason: Annotated[
        str | None, OfStaff(), Field(description="The reason that was given; null for members.")
    ]


class MemberPlanAnswer(AnswerPart):
    """The plan of a member."""

    member_id: MemberId
    plan: Annotated[PlanTold | None, Field(description="The plan; null: the member has none.")]


def member_plan(account: Account, document: "Program", *, day: date) -> MemberPlan | None:
    """The plan that an account has on a day; None if none runs and none is paused."""
    held = account.plan
    if held is None or (state := held.state_on(day)) == "ended":
        return None
    plan = document.plan(held.plan_id)
    return MemberPlan(
        id=held.plan_id,
        name=plan.name if plan else None,
        state=state,
        since=held.since,
        until=held.until,
        paid_until=held.paid_until,
        multiplier_percent=plan.benefits.multiplier_percent if plan else 100,
    )


def member_plan_answer(member_id: str, found: MembersPlan | None) -> MemberPlanAnswer:
    if found is None or found.state == "ended":
        return MemberPlanAnswer(member_id=member_id, plan=None)
    telling = found.telling
    return MemberPlanAnswer(
        member_id=found.member_id,
        plan=PlanTold(
            id=telling.plan_id,
            name=found.plan.name if found.plan else None,
            state=found.state,
            since=telling.since,
            until=found.until,
            trial_until=telling.trial_until,
            paid_until=telling.paid_until,
            paused_until=telling.paused_until,
            ends_on=telling.ends_on,
            told_by=found.source,
            told_at=telling.told_at,
            reason=telling.reason,
        ),
    )
