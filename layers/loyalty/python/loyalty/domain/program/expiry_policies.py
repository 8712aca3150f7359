"""The policies by which points expire."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, StrictInt

from loyalty.domain.program.kinds import LOTS_MAX, Activity
from loyalty.domain.program.parts import DocumentPart

RoundTo = Literal["month", "week", "none"]


class AfterEarningExpiry(DocumentPart):
    """Points expire a number of months or days after the day on which they became available."""

    model: Annotated[
        Literal["after_earning"],
        Field(description="Points expire some time after they were earned."),
    ]
    months: Annotated[
        Annotated[StrictInt, Field(ge=1, le=LOTS_MAX)] | None,
        Field(description="How many months points are valid; give either months or days."),
    ] = None
    days: Annotated[
        Annotated[StrictInt, Field(ge=1, le=31 * LOTS_MAX)] | None,
        Field(description="How many days points are valid; give either months or days."),
    ] = None
    round_to: Annotated[
        RoundTo,
        Field(
            description="Points stay valid to the end of that month or week (Sunday); `none`: no."
        ),
    ] = "month"


class FixedDateExpiry(DocumentPart):
    """All points expire at the end of the same day of every year."""

    model: Annotated[
        Literal["fixed_date"], Field(description="Points expire on the same day of every year.")
    ]
    month: Annotated[StrictInt, Field(ge=1, le=12, description="The month of that day, 1 to 12.")]
    day: Annotated[
        StrictInt, Field(ge=1, le=31, description="The day of that month, the last valid one.")
    ]


class NeverExpiry(DocumentPart):
    """Points never expire."""

    model: Annotated[Literal["never"], Field(description="Points never expire.")]


Expiry = Annotated[AfterEarningExpiry | FixedDateExpiry | NeverExpiry, Discriminator("model")]


class Inactivity(DocumentPart):
    """All points of a member lapse together, some months after the member's last activity."""

    months: Annotated[
        StrictInt, Field(ge=1, le=120, description="Months without activity until points lapse.")
    ]
    activities: Annotated[
        tuple[Activity, ...],
        Field(
            min_length=1,
            max_length=5,
            description="What counts as activity: an order, a redemption, points that staff or a "
            "service add, a transfer (for both members), the answer to a survey. Enrolling always "
            "does.",
        ),
    ] = ("order", "redemption", "adjustment", "transfer")
