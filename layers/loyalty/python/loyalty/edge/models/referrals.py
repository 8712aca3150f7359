"""Referrals: what friends claim, what members see, and what managers decide."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StrictStr

from loyalty.domain.engagement.referrals import Referral, ReferralRefusalReason, ReferralStage
from loyalty.domain.program.kinds import SignalName
from loyalty.domain.program.referrals import CODE_IN_URL
from loyalty.edge.http.schemas import (
    AnswerPart,
    ExternalId,
    MemberId,
    NextCursor,
    RequestPart,
    StaffName,
)

if TYPE_CHECKING:
    from loyalty.domain.program.gifts import PointsOrReward
    from loyalty.domain.program.referrals import Referrals
    from loyalty.usecases.engagement.referral_viewing import MemberReferral, OwnReferral

ReferralCode = Annotated[
    StrictStr,
    Field(pattern=r"^[A-Z2-7]{10}$", description="The code of the member who brought the friend."),
]


class ReferralSignalsRequest(RequestPart):
    """The friend's device and network. Only keyed digests of them are stored."""

    device: Annotated[
        StrictStr | None,
        Field(min_length=1, max_length=200, description="An id of the app's installation."),
    ] = None
    ip: Annotated[
        StrictStr | None,
        Field(
            min_length=2,
            max_length=45,
            description="The friend's own IP address, if you send the claim for them. If the "
            "friend sends it, the address of the request counts.",
        ),
    ] = None


class ReferralClaimRequest(RequestPart):
    """A friend says which code brought them."""

    code: ReferralCode
    member_id: Annotated[
        ExternalId | None,
        Field(description="The friend; null: the member who is signed in."),
    ] = None
    signals: Annotated[
        ReferralSignalsRequest, Field(description="The friend's device and network.")
    ] = ReferralSignalsRequest()


class ReferralPromise(AnswerPart):
    """What a code promises a friend. It does not name the member."""

    code: Annotated[str, Field(description="The code.")]
    points: Annotated[int, Field(description="The points that the friend gets; 0: none.")]
    reward_id: Annotated[str | None, Field(description="The reward that they get; null: none.")]
    orders: Annotated[int, Field(description="After how many orders of theirs.")]
    amount_minor_min: Annotated[
        int | None,
        Field(description="The least that each order must cost, in minor units; null: anything."),
    ]
    within_days: Annotated[
        int, Field(description="For how many days after the claim their orders count.")
    ]


class FriendAnswer(AnswerPart):
    """How far a friend got."""

    state: Annotated[
        ReferralStage,
        Field(
            description="`claimed`: the friend still has to buy. `awarded`: both members got "
            "what was promised. `undone`: both lost it, because the friend returned too much. "
            "`lapsed`: the friend did not buy enough in time. `held`: a manager decides. "
            "`refused`: the claim was not accepted."
        ),
    ]
    claimed_at: Annotated[datetime, Field(description="When the friend made the claim, in UTC.")]


class OwnReferralAnswer(AnswerPart):
    """What the program promised the member as a friend, and how far they got."""

    state: Annotated[ReferralStage, Field(description="Its state, as for a friend.")]
    claimed_at: Annotated[datetime, Field(description="When the friend made the claim, in UTC.")]
    points: Annotated[int, Field(description="The points that the program promised; 0: none.")]
    reward_id: Annotated[
        str | None, Field(description="The reward that the program promised; null: none.")
    ]
    orders: Annotated[int, Field(description="How many of the member's orders count.")]
    orders_needed: Annotated[int, Field(description="How many orders have to count.")]
    until: Annotated[date, Field(description="The last day on which an order counts.")]


class ReferralOfMember(AnswerPart):
    """A member's code for friends, and what it brought."""

    code: Annotated[str, Field(description="The code to give to friends; it stays the same.")]
    url: Annotated[str | None, Field(description="The address to share, with the code in it.")]
    points: Annotated[
        int, Field(description="The points that the member gets for a friend; 0: none.")
    ]
    reward_id: Annotated[str | None, Field(description="The reward that they get; null: none.")]
    friend_points: Annotated[int, Field(description="The points that the friend gets; 0: none.")]
    friend_reward_id: Annotated[
        str | None, Field(description="The reward that the friend gets; null: none.")
    ]
    given_for: Annotated[
        int, Field(description="For how many friends the member got something and still has it.")
    ]
    left_in_month: Annotated[
        int | None,
        Field(
            description="For how many more friends they can get something this month; null: no "
            "limit."
        ),
    ]
    left_ever: Annotated[int | None, Field(description="The same for all time; null: no limit.")]
    friends: Annotated[
        list[FriendAnswer], Field(description="The friends, newest first, at most 50; no names.")
    ]
    brought: Annotated[
        OwnReferralAnswer | None,
        Field(description="The referral that brought the member; null: none."),
    ]


class ReferralAnswer(AnswerPart):
    """A referral as managers see it."""

    member_id: MemberId
    referrer_id: Annotated[str, Field(description="The id of the member who brought them.")]
    state: Annotated[ReferralStage, Field(description="Its state, as for a friend.")]
    reason: Annotated[
        ReferralRefusalReason | None, Field(description="Why it was refused; null: it was not.")
    ]
    signals: Annotated[list[SignalName], Field(description="What made it suspicious.")]
    claimed_at: Annotated[datetime, Field(description="When the friend made the claim, in UTC.")]
    decided_by: Annotated[
        str | None, Field(description="The subject of the manager who decided; null: nobody did.")
    ]
    decided_by_name: StaffName
    decided_at: Annotated[datetime | None, Field(description="When it was decided, in UTC.")]
    decision_reason: Annotated[
        str | None, Field(description="The reason for the decision; null: there is none.")
    ]


class ReferralPage(AnswerPart):
    """A page of referrals."""

    items: Annotated[list[ReferralAnswer], Field(description="The referrals of this page.")]
    next_cursor: NextCursor


def promise_answer(code: str, terms: Referrals) -> ReferralPromise:
    """What a code promises a friend."""
    return ReferralPromise(
        code=code,
        points=_points(terms.friend),
        reward_id=_reward(terms.friend),
        orders=terms.orders,
        amount_minor_min=terms.counts.amount_minor_min,
        within_days=terms.counts.within_days,
    )


def own_referral_answer(own: OwnReferral) -> OwnReferralAnswer:
    """A friend's referral as the friend sees it."""
    return OwnReferralAnswer(
        state=own.stage,
        claimed_at=own.referral.claimed_at,
        points=_points(own.terms.friend),
        reward_id=_reward(own.terms.friend),
        orders=own.orders,
        orders_needed=own.terms.orders,
        until=own.referral.last_day(own.terms),
    )


def referral_of_member_answer(found: MemberReferral) -> ReferralOfMember:
    """What a member sees of their friends."""
    terms = found.terms
    return ReferralOfMember(
        code=found.code,
        url=terms.url.replace(CODE_IN_URL, found.code) if terms.url else None,
        points=_points(terms.referrer),
        reward_id=_reward(terms.referrer),
        friend_points=_points(terms.friend),
        friend_reward_id=_reward(terms.friend),
        given_for=found.given_for,
        left_in_month=found.left_in_month,
        left_ever=found.left_ever,
        friends=[
            FriendAnswer(state=each.stage, claimed_at=each.claimed_at) for each in found.friends
        ],
        brought=own_referral_answer(found.own) if found.own else None,
    )


def referral_answer(
    referral: Referral, stage: ReferralStage, *, names: Mapping[str, str]
) -> ReferralAnswer:
    """A referral as managers see it; `names` are those of staff, by subject."""
    decision = referral.decision
    return ReferralAnswer(
        member_id=referral.friend_id,
        referrer_id=referral.referrer_id,
        state=stage,
        reason=referral.reason,
        signals=list(referral.signals),
        claimed_at=referral.claimed_at,
        decided_by=decision.by if decision else None,
        decided_by_name=names.get(decision.by) if decision else None,
        decided_at=decision.decided_at if decision else None,
        decision_reason=decision.reason if decision else None,
    )


def _points(gift: PointsOrReward | None) -> int:
    return (gift.points or 0) if gift else 0


def _reward(gift: PointsOrReward | None) -> str | None:
    return gift.reward_id if gift else None
