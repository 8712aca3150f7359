"""Presents of a program: points or a reward that members get without buying anything."""

from typing import Annotated

from pydantic import Field, StrictBool

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
    anniversary: Annotated[
        AnniversaryPresent | None,
        Field(description="On each anniversary of the enrollment; null: nothing."),
    ] = None
