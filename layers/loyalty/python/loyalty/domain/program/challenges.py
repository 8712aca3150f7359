"""Challenges, stamp cards and streaks: what members collect by their orders, and what it gives."""

from typing import Annotated, Final, Literal

from pydantic import Field, StrictInt, StrictStr

from loyalty.domain.kernel.fields import AmountMinor, Day, ExternalId, Label, Points
from loyalty.domain.program.kinds import Activation
from loyalty.domain.program.line_selectors import EVERY_LINE, LineSelector
from loyalty.domain.program.parts import DocumentPart

CHALLENGES_MAX: Final = 50
BADGES_MAX: Final = 100
GIFTS_MAX: Final = 5
# A count of each category is kept for each window.
CATEGORIES_MAX: Final = 30
TIMES_MAX: Final = 1000

CountedThing = Literal["orders", "units", "spend_minor", "categories", "activities"]
CalendarWindow = Literal["ever", "day", "week", "month", "quarter", "year"]
StreakPeriod = Literal["day", "week", "month"]


class OrderCount(DocumentPart):
    """What a challenge counts of an order. Lines that cost nothing never count."""

    what: Annotated[
        CountedThing,
        Field(
            description="`orders` counts each order as one, `units` the units of its lines, "
            "`spend_minor` what they cost in minor units, `categories` the different ones of "
            "those that `of` names, and `activities` what members do besides buying."
        ),
    ]
    activity: Annotated[
        ExternalId | None,
        Field(description="With `activities`: the id of the activity that counts; null otherwise."),
    ] = None
    of: Annotated[LineSelector, Field(description="The lines that count; empty: all goods.")] = (
        EVERY_LINE
    )
    amount_minor_min: Annotated[
        AmountMinor | None,
        Field(
            ge=1,
            description="What these lines of an order must cost for the order to count; null: "
            "anything.",
        ),
    ] = None
    per_order_max: Annotated[
        StrictInt | None,
        Field(ge=1, le=10**9, description="The most that one order counts; null: no limit."),
    ] = None


class Streak(DocumentPart):
    """Periods in a row, each with something that counts."""

    every: Annotated[StreakPeriod, Field(description="The periods: days, weeks or months.")]
    in_a_row: Annotated[
        StrictInt, Field(ge=2, le=60, description="How many of them complete the streak.")
    ]
    freezes: Annotated[
        StrictInt,
        Field(ge=0, le=10, description="How many periods without anything a streak outlives."),
    ] = 0


class FixedWindow(DocumentPart):
    """The days of a window, both included."""

    starts_on: Annotated[Day, Field(description="The first day.")]
    ends_on: Annotated[Day, Field(description="The last day, included.")]


class Gift(DocumentPart):
    """What completing a challenge gives: points, a reward or a badge."""

    points: Annotated[Points | None, Field(description="Points.")] = None
    reward_id: Annotated[
        ExternalId | None,
        Field(
            description="The id of a reward that costs the member nothing; at most one. It must "
            "have no stock, no limit per member, and no payment with points."
        ),
    ] = None
    badge: Annotated[ExternalId | None, Field(description="The id of a badge.")] = None


class Badge(DocumentPart):
    """A sign that members wear."""

    id: Annotated[ExternalId, Field(description="The badge's id.")]
    name: Annotated[Label, Field(description="What members see.")]
    description: Annotated[Label | None, Field(description="What it is for.")] = None
    image_url: Annotated[
        StrictStr | None,
        Field(max_length=2000, pattern=r"^https://[^\s\x22'<>\\{}]+$", description="Its picture."),
    ] = None


class Challenge(DocumentPart):
    """Something that members collect by their orders until it gives something.

    Only orders that were recorded while the challenge was in the document count, each by the day on
    which it occurred. What a refund or an edit leaves of an order counts, and nothing else: so an
    order that is returned takes back what it completed.
    """

    id: Annotated[
        ExternalId,
        Field(
            max_length=40,
            description="The challenge's id. A member who has begun keeps the terms that were in "
            "force then, until the window ends; with another id everybody begins again.",
        ),
    ]
    name: Annotated[Label, Field(description="What members see.")]
    show: Annotated[
        Literal["progress", "stamps"],
        Field(description="How it is shown: as progress, or as a card with stamps."),
    ] = "progress"
    counts: Annotated[OrderCount, Field(description="What counts.")]
    target: Annotated[
        StrictInt | None,
        Field(ge=1, le=10**12, description="How much completes it; null: a streak does."),
    ] = None
    window: Annotated[
        CalendarWindow | FixedWindow,
        Field(
            description="When it starts over: with each day, week (from Monday), month, quarter or "
            "year, or never; or the days of which it counts orders."
        ),
    ] = "ever"
    streak: Annotated[
        Streak | None, Field(description="Periods in a row that complete it, instead of a target.")
    ] = None
    times_max: Annotated[
        StrictInt,
        Field(
            ge=1,
            le=TIMES_MAX,
            description="How often a member can complete it, in each window or by streaks.",
        ),
    ] = 1
    gives: Annotated[
        tuple[Gift, ...],
        Field(min_length=1, max_length=GIFTS_MAX, description="What completing it gives."),
    ]
    wait_days: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=90,
            description="Days until its points are available. A refund in that time takes pending "
            "points and never leaves a debt; choose your return window.",
        ),
    ] = 0
    if_undone: Annotated[
        Literal["take_back", "keep"],
        Field(
            description="What happens to what it gave when refunds leave too little: it is taken "
            "back, as after a refund of an order, or the member keeps it."
        ),
    ] = "take_back"
    starts_on: Annotated[
        Day | None, Field(description="The first day whose orders count; null: from the beginning.")
    ] = None
    ends_on: Annotated[
        Day | None, Field(description="The last day whose orders count, included; null: no end.")
    ] = None
    tiers: Annotated[
        tuple[ExternalId, ...],
        Field(
            max_length=20,
            description="The ids of levels: an order counts if the member had one of them on "
            "its day. Empty: all orders count.",
        ),
    ] = ()
    activation: Annotated[
        Activation,
        Field(
            description="`join`: members join it first, and only orders from the time that they "
            "take part count. `auto`: all members take part."
        ),
    ] = "auto"

    @property
    def points(self) -> int:
        """The points that completing it gives."""
        return sum(gift.points or 0 for gift in self.gives)

    @property
    def reward_id(self) -> str | None:
        """The id of the reward that completing it gives; None: none."""
        return next((gift.reward_id for gift in self.gives if gift.reward_id is not None), None)

    @property
    def counts_different(self) -> bool:
        """Whether it counts how many different things a member bought, not how much of them."""
        return self.counts.what == "categories"

    @property
    def badges(self) -> tuple[str, ...]:
        """The ids of the badges that completing it gives."""
        return tuple(gift.badge for gift in self.gives if gift.badge is not None)
