"""How the program offers campaigns to members: how many, for how long, and how often."""

from typing import Annotated

from pydantic import Field, StrictInt

from loyalty.domain.program.parts import DocumentPart


class OfferRules(DocumentPart):
    """How the program offers campaigns to members, after each of its days."""

    at_most: Annotated[
        StrictInt, Field(ge=1, le=10, description="How many offers a member has at once.")
    ] = 3
    days: Annotated[
        StrictInt,
        Field(
            ge=1,
            le=90,
            description="Days that an offer lasts, its first day included; no longer than its "
            "campaign.",
        ),
    ] = 14
    again_after_days: Annotated[
        StrictInt,
        Field(
            ge=7,
            le=365,
            description="For how many days after an offer's end the program does not offer its "
            "campaign to the same member again. Orders that arrive later than that do not count "
            "for the offer.",
        ),
    ] = 30
    by_lot_percent: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=50,
            description="How many of 100 members get offers by lot, to measure what choosing "
            "brings.",
        ),
    ] = 5
