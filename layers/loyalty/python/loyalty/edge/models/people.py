"""The people of a program, as managers see and change them."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field, StrictBool, StrictStr

from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.people.identity import NotAnIdentity, identify
from loyalty.domain.staff.people import (
    INVITATION_DAYS,
    STAFF_ROLES,
    AccountState,
    Colleague,
    StaffRole,
)
from loyalty.edge.http.params import Query
from loyalty.edge.http.schemas import AnswerPart, Label, NextCursor, RequestPart

# Each person on a page is a question to the issuer.
PeoplePageLimit = Annotated[
    int, Query(ge=1, le=50, description="The most people that a page may have.")
]
Roles = Annotated[
    list[StaffRole],
    Field(min_length=1, max_length=len(STAFF_ROLES), description="Roles in this program."),
]


class InvitationRequest(RequestPart):
    """Whom to invite, and what they may do."""

    email: Annotated[
        StrictStr,
        Field(min_length=1, max_length=128, description="The address by which they sign in."),
    ]
    name: Annotated[
        Label | None, Field(description="Their name; it counts only for a new account.")
    ] = None
    roles: Roles
    send_again: Annotated[
        StrictBool,
        Field(description="Send another invitation if they have not used the earlier one."),
    ] = False

    def address(self) -> str:
        """The address in normal form.

        Raises:
            ValidationFailed: it cannot be one.
        """
        try:
            return identify("email", self.email).value
        except NotAnIdentity as error:
            fault = Fault("/email", "invalid_identity", str(error))
            raise ValidationFailed(str(error), faults=(fault,)) from None


class RolesRequest(RequestPart):
    """What a person may do from now on."""

    roles: Roles


class PersonAnswer(AnswerPart):
    """A person who works with the program."""

    subject: Annotated[
        str, Field(description="The subject (`sub`) of their tokens, as actions name them.")
    ]
    email: Annotated[str | None, Field(description="The address by which they sign in.")]
    name: Annotated[str | None, Field(description="Their name.")]
    roles: Annotated[
        list[StaffRole],
        Field(
            description="Their roles in this program; empty if they have none any more, or only "
            "one for every program."
        ),
    ]
    state: Annotated[
        AccountState | None,
        Field(
            description="`invited`: they have not signed in yet. `active`. `disabled`: they "
            "cannot sign in. Null: they have no account any more."
        ),
    ]
    second_factor: Annotated[
        bool | None,
        Field(description="Whether they have set up a second factor; null without an account."),
    ]
    invitation_expires_at: Annotated[
        datetime | None,
        Field(description="Until when their invitation can be used; null if they have used it."),
    ]


class InvitedAnswer(PersonAnswer):
    """A person who was invited."""

    invitation_sent: Annotated[
        bool, Field(description="Whether this request sent an invitation by mail.")
    ]


class PeoplePage(AnswerPart):
    """A page of the people of a program."""

    items: Annotated[list[PersonAnswer], Field(description="The people.")]
    next_cursor: NextCursor


def person_answer(person: Colleague) -> PersonAnswer:
    account = person.account
    invited_at = account.invited_at if account else None
    return PersonAnswer(
        subject=person.subject,
        email=person.email,
        name=person.name,
        roles=[role for role in STAFF_ROLES if role in person.roles],
        state=account.state if account else None,
        second_factor=account.has_second_factor if account else None,
        invitation_expires_at=(
            invited_at + timedelta(days=INVITATION_DAYS) if invited_at else None
        ),
    )


def invited_answer(person: Colleague, *, was_sent: bool) -> InvitedAnswer:
    return InvitedAnswer(**person_answer(person).model_dump(), invitation_sent=was_sent)
