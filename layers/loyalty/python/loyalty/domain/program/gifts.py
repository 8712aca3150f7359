"""What the document gives for no points: points, a reward, or both."""

from typing import Annotated

from pydantic import Field

from loyalty.domain.kernel.fields import ExternalId, Points
from loyalty.domain.program.parts import DocumentPart

GivenPoints = Annotated[Points | None, Field(description="Points.")]
GivenRewardId = Annotated[
    ExternalId | None,
    Field(
        description="The id of a reward that costs the member nothing. It must have no stock, no "
        "limit per member, and no payment with points."
    ),
]


class PointsOrReward(DocumentPart):
    """Points, a reward for no points, or both."""

    points: GivenPoints = None
    reward_id: GivenRewardId = None
