"""Safeguards: limits beyond which an order is looked at by a person, and never refused."""

from typing import Annotated, Final, Literal

from pydantic import Field, StrictInt

from loyalty.domain.kernel.fields import ExternalId
from loyalty.domain.kernel.limits import POINTS_MAX
from loyalty.domain.program.parts import DocumentPart

SAFEGUARDS_MAX: Final = 20
# As long as points may be pending by any other rule of the document.
HOLD_DAYS_MAX: Final = 90

# What a safeguard counts of a member and a day, and what happens beyond its limit.
SafeguardCount = Literal["orders", "points"]
SafeguardStep = Literal["hold", "flag"]


class Safeguard(DocumentPart):
    """A limit on what one member does in a day. An order beyond it is reviewed by a person.

    Only orders that earn points count, on the day on which they were made.
    """

    id: Annotated[ExternalId, Field(description="The safeguard's id, unique among them.")]
    count: Annotated[
        SafeguardCount,
        Field(description="What it counts of each member: orders, or the points that they earn."),
    ]
    per: Annotated[
        Literal["day"], Field(description="The period that it counts in: a day of the program.")
    ] = "day"
    at_most: Annotated[
        StrictInt,
        Field(ge=1, le=POINTS_MAX, description="The most that nobody has to look at."),
    ]
    then: Annotated[
        SafeguardStep,
        Field(
            description="What happens to an order beyond it. `hold`: its points stay pending for "
            "`hold_days`, unless a manager decides sooner. `flag`: its points are as always. Both "
            "open a review."
        ),
    ]
    hold_days: Annotated[
        Annotated[StrictInt, Field(ge=1, le=HOLD_DAYS_MAX)] | None,
        Field(
            description="Days from the recording of an order on for which its points are held, but "
            "not beyond their last day; only with `hold`."
        ),
    ] = None
