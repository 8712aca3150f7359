"""Boards: rankings of members by what a challenge counts of their orders."""

from typing import Annotated, Final

from pydantic import Field, StrictInt

from loyalty.domain.kernel.fields import ExternalId, Label
from loyalty.domain.program.gifts import GivenPoints, GivenRewardId
from loyalty.domain.program.parts import DocumentPart

BOARDS_MAX: Final = 10
SHOWS_MAX: Final = 100
PRIZES_MAX: Final = 10


class Prize(DocumentPart):
    """What the members in the first places get once a window is settled."""

    to_place: Annotated[
        StrictInt,
        Field(
            ge=1,
            le=SHOWS_MAX,
            description="The last place that gets it. A member gets the prize with the smallest "
            "`to_place` that includes their place; members who share a place get the same "
            "prize.",
        ),
    ]
    points: GivenPoints = None
    reward_id: GivenRewardId = None


class Board(DocumentPart):
    """A ranking of the members in each window of a challenge, by what it counts of their orders.

    Nobody is named who has not agreed: only members with the consent `community` are, by their
    attribute `nickname`.
    """

    id: Annotated[ExternalId, Field(max_length=40, description="The board's id.")]
    name: Annotated[Label, Field(description="What members see.")]
    challenge: Annotated[
        ExternalId,
        Field(
            description="The id of the challenge that ranks the members, in each of its "
            "windows. It counts orders, units or spending, and has a target."
        ),
    ]
    shows: Annotated[
        StrictInt,
        Field(
            ge=1,
            le=SHOWS_MAX,
            description="The last place that the board shows. Members below it see only their "
            "percentage from the top.",
        ),
    ] = 10
    prizes: Annotated[
        tuple[Prize, ...],
        Field(max_length=PRIZES_MAX, description="What the first places get; empty: nothing."),
    ] = ()
    settles_after_days: Annotated[
        StrictInt,
        Field(
            ge=1,
            le=60,
            description="For how many days after a window refunds and late orders still change "
            "it. Then it is final and gives its prizes; choose your return window.",
        ),
    ] = 14
