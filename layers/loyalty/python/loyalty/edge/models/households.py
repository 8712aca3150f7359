"""Households, in requests and responses."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from loyalty.domain.ledger.account import Account
from loyalty.edge.http.schemas import AnswerPart, MemberId, Points, RequestPart
from loyalty.usecases.households.membership import HouseholdInvitation, MembersHousehold

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program

HouseholdId = Annotated[str, Field(description="The household's id, which begins with `hh_`.")]
Since = Annotated[
    date, Field(description="The day on which they joined, in the program's time zone.")
]
SharesMax = Annotated[
    int | None,
    Field(
        description="How many of their points the others may spend in a calendar month; "
        "null: no limit of their own."
    ),
]


class HouseholdRequest(RequestPart):
    """A household to start, or an invitation to accept."""

    invitation: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=100,
            description="The invitation to accept; leave it out to start a household.",
        ),
    ] = None


class SharesRequest(RequestPart):
    """How many points a member shares."""

    shares_max: Annotated[
        Points | None,
        Field(
            description="How many points the others may spend in a calendar month; null: no "
            "limit of the member's own. No points are shared before the waiting time is over."
        ),
    ]


class InvitationAnswer(AnswerPart):
    """An invitation into a household. Only this response shows it."""

    invitation: Annotated[
        str, Field(description="What the invited member sends to join; give it to nobody else.")
    ]
    ends_at: Annotated[datetime, Field(description="When it ends if no member accepts it, in UTC.")]


class HouseholdMember(AnswerPart):
    """A member of a household."""

    member_id: MemberId
    is_owner: Annotated[bool, Field(description="Whether they can invite and remove members.")]
    since: Since
    shares_max: SharesMax
    shareable: Annotated[
        int, Field(description="How many of their points the others can spend now.")
    ]


class HouseholdShown(AnswerPart):
    """A household, as one of its members sees it."""

    id: HouseholdId
    spendable: Annotated[
        int,
        Field(description="How many points the member can spend from it now, their own included."),
    ]
    members: Annotated[
        list[HouseholdMember], Field(description="Its members, the longest in it first.")
    ]


class HouseholdAnswer(AnswerPart):
    """The household of a member."""

    member_id: MemberId
    household: Annotated[
        HouseholdShown | None, Field(description="The household; null: the member is in none.")
    ]


class MemberHousehold(AnswerPart):
    """The household that a member is in."""

    id: HouseholdId
    since: Since
    shares_max: SharesMax


def member_household(account: Account, document: "Program") -> MemberHousehold | None:
    """The household that an account is in, if the program has households."""
    held = account.household
    if held is None or held.is_left or document.households is None:
        return None
    return MemberHousehold(id=held.household_id, since=held.since, shares_max=held.shares_max)


def household_answer(member_id: str, found: MembersHousehold | None) -> HouseholdAnswer:
    if found is None:
        return HouseholdAnswer(member_id=member_id, household=None)
    return HouseholdAnswer(
        member_id=found.member_id,
        household=HouseholdShown(
            id=found.household_id,
            spendable=found.spendable,
            members=[
                HouseholdMember(
                    member_id=each.member_id,
                    is_owner=each.is_owner,
                    since=each.held.since,
                    shares_max=each.held.shares_max,
                    shareable=each.shareable,
                )
                for each in found.sharers
            ],
        ),
    )


def invitation_answer(invitation: HouseholdInvitation) -> InvitationAnswer:
    return InvitationAnswer(invitation=invitation.token, ends_at=invitation.ends_at)
