"""Activities: what members do besides buying, such as writing a review, and what it earns."""

from typing import Annotated, Final, Literal

from pydantic import Field, StrictBool, StrictInt

from loyalty.domain.kernel.fields import ExternalId, Label, Points
from loyalty.domain.kernel.limits import POINTS_MAX
from loyalty.domain.program.parts import DocumentPart

ACTIVITIES_MAX: Final = 50
ATTRIBUTES_MAX: Final = 20


class RewardedActivity(DocumentPart):
    """Something that members do, and what it earns.

    An activity is judged by the version in force when it first counted.
    """

    id: Annotated[
        ExternalId,
        Field(max_length=40, description="The activity's id, by which it is reported."),
    ]
    name: Annotated[Label, Field(description="What members see.")]
    points: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=POINTS_MAX,
            description="What it earns; 0: nothing by itself, but challenges can count it.",
        ),
    ] = 0
    more: Annotated[
        dict[ExternalId, Points],
        Field(
            max_length=ATTRIBUTES_MAX,
            description="What it earns in addition, by attribute, such as the `photo` of a review.",
        ),
    ] = {}  # noqa: RUF012  # the model is frozen
    per_subject: Annotated[
        StrictBool,
        Field(
            description="Whether it counts once for each subject, such as one review of a "
            "product. Reports of it must then name the subject."
        ),
    ] = False
    per_day_max: Annotated[
        StrictInt | None,
        Field(
            ge=1,
            le=1000,
            description="How many count for a member in a day, by the day on which they "
            "occurred; null: all.",
        ),
    ] = None
    ever_max: Annotated[
        StrictInt | None,
        Field(ge=1, le=10**6, description="How many count for a member in total; null: all."),
    ] = None
    needs_order_days: Annotated[
        StrictInt | None,
        Field(
            ge=1,
            le=3660,
            description="How many days before the activity the member's latest order may be. "
            "Without such an order, the activity waits. null: it needs no order.",
        ),
    ] = None
    wait_days: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=90,
            description="Days until its points are available. A removal in that time takes "
            "pending points and never leaves a debt.",
        ),
    ] = 0
    if_undone: Annotated[
        Literal["take_back", "keep"],
        Field(
            description="What happens to its points when it is removed: the member loses them, "
            "as after a refund of an order, or keeps them."
        ),
    ] = "take_back"

    def worth(self, attributes: frozenset[str]) -> int:
        """The points of an activity with these attributes."""
        return self.points + sum(
            points for attribute, points in self.more.items() if attribute in attributes
        )

    @property
    def has_limits(self) -> bool:
        return self.per_subject or self.per_day_max is not None or self.ever_max is not None
