"""How campaigns are offered to members: how many, for how long, and how often."""

from typing import Annotated

from pydantic import Field, StrictInt

from loyalty.domain.program.parts import DocumentPart


class OfferRules(DocumentPart):
    """How campaigns are offered to members, after each day of the program."""

    at_most: Annotated[
        StrictInt, Field(ge=1, le=10, description="How many offers a member has at once.")
    ] = 3
    days: Annotated[
        StrictInt,
        Field(
            ge=1,
            le=90,
            description="Days that an offer lasts, with the one on which it is made; no longer "
            "than its campaign.",
        ),
    ] = 14
    again_after_days: Annotated[
        StrictInt,
        Field(
            ge=7,
            le=365,
            description="Days after its end in which a campaign is not offered again to the same "
            "member. Orders that arrive later than that do not count for the offer.",
        ),
    ] = 30
    by_lot_percent: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=50,
            description="For how many of 100 members offers are drawn by lot, so that it can be "
            "measured what choosing them brings.",
        ),
    ] = 5
