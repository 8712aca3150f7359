"""Presents of a program: points or a reward that members get without buying anything."""

from typing import Annotated

from pydantic import Field, StrictBool, StrictStr

from loyalty.domain.kernel.fields import ExternalId, Points
from loyalty.domain.program.parts import DocumentPart


class SignUpPresent(DocumentPart):
    """Points for members who enroll; once for each membership."""

    bonus_points: Annotated[Points, Field(description="The points that a new member gets.")]
    after_first_order: Annotated[
        StrictBool,
        Field(
            description="Whether they get the points only once they have an order, and then with "
            "their next check, at most a month later."
        ),
    ] = False


# A member has a field of the profile, an identity, or an attribute of the program's own.
ProfileField = Annotated[
    StrictStr,
    Field(pattern=r"^(name|locale|birthday|email|phone|attributes\.[A-Za-z0-9._:-]{1,64})$"),
]


class CompletedProfilePresent(DocumentPart):
    """Points for members who have told everything that the program asks for; once."""

    bonus_points: Annotated[Points, Field(description="The points that the member gets.")]
    fields: Annotated[
        tuple[ProfileField, ...],
        Field(
            min_length=1,
            max_length=60,
            description="What makes a profile complete: `name`, `locale`, `birthday`, `email`, "
            "`phone`, and your own attributes as `attributes.milk`.",
        ),
    ]


class AnniversaryPresent(DocumentPart):
    """A present on each anniversary of the enrollment: points or a reward."""

    bonus_points: Annotated[
        Points | None, Field(description="The points; give either these or a reward.")
    ] = None
    reward_id: Annotated[
        ExternalId | None,
        Field(description="The id of a reward that is given, with a voucher, for no points."),
    ] = None


class Presents(DocumentPart):
    """What members get without buying anything; birthday points are part of `reminders`."""

    sign_up: Annotated[SignUpPresent | None, Field(description="For enrolling; null: nothing.")] = (
        None
    )
    completed_profile: Annotated[
        CompletedProfilePresent | None,
        Field(description="For a completed profile; null: nothing."),
    ] = None
    anniversary: Annotated[
        AnniversaryPresent | None,
        Field(description="On each anniversary of the enrollment; null: nothing."),
    ] = None
