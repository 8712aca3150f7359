"""Households: members who may spend points from each other."""

from typing import Annotated

from pydantic import Field, StrictInt

from loyalty.domain.kernel.fields import Points
from loyalty.domain.program.parts import DocumentPart


class Households(DocumentPart):
    """Members can form households, and redeem rewards with points of the others in theirs.

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
            description="Days after joining before a member spends points of the others, and the "
            "others spend theirs.",
        ),
    ] = 30
    rejoin_days: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=366,
            description="Days after leaving a household before a member joins or begins one again.",
        ),
    ] = 90
    drawn_per_month_max: Annotated[
        Points | None,
        Field(
            description="The most points of one member that the others spend in a calendar month; "
            "null: no limit. Cancelled redemptions count."
        ),
    ] = None
