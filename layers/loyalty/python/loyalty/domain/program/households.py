"""Households: members who can spend each other's points."""

from typing import Annotated

from pydantic import Field, StrictInt

from loyalty.domain.kernel.fields import Points
from loyalty.domain.program.parts import DocumentPart


class Households(DocumentPart):
    """Members can form households, and redeem rewards with the points of their whole household.

    Points stay in the account of the member who earned them until they are spent.
    """

    members_max: Annotated[
        StrictInt, Field(ge=2, le=6, description="How many members a household has at most.")
    ] = 6
    waits_days: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=366,
            description="How many days after joining a member can spend points of the others, "
            "and the others can spend theirs.",
        ),
    ] = 30
    rejoin_days: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=366,
            description="How many days after leaving a household a member can join or start one "
            "again.",
        ),
    ] = 90
    drawn_per_month_max: Annotated[
        Points | None,
        Field(
            description="How many points of one member the others can spend in a calendar "
            "month; null: no limit. Cancelled redemptions count."
        ),
    ] = None
