"""Watches: what is looked for in the lake after each day, and reviewed by a person if it is found.

A watch never holds points and never refuses anything: it sees what happened only the next day.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Field, StrictInt

from loyalty.domain.kernel.fields import ExternalId, Label, Points, TimeOfDay
from loyalty.domain.program.parts import DocumentPart

WATCHES_MAX: Final = 20
WATCHED_DAYS_MAX: Final = 90

_Days = Annotated[
    StrictInt,
    Field(ge=1, le=WATCHED_DAYS_MAX, description="How many days it looks back, up to yesterday."),
]
_Times = Annotated[StrictInt, Field(ge=1, le=100_000)]
_Sources = Annotated[
    tuple[Label, ...],
    Field(min_length=1, max_length=50, description="The tills, by the `source` of their orders."),
]


class Watch(DocumentPart):
    """What every watch has."""

    id: Annotated[ExternalId, Field(description="The watch's id, unique among them.")]

    @property
    def looks_back_days(self) -> int:
        """How many days, up to yesterday, it reads."""
        raise NotImplementedError

    @property
    def at_least(self) -> int:
        """The number from which on something is found."""
        raise NotImplementedError

    def parameters(self) -> dict[str, Any]:
        """The thresholds by the names that the watch's SQL binds."""
        return {name: getattr(self, name) for name in type(self).model_fields}


class RefundsWatch(Watch):
    """Members who return much of what they buy."""

    kind: Annotated[Literal["refunds"], Field(description="Many refunds for a member's orders.")]
    days: _Days = 30
    orders_at_least: Annotated[
        _Times, Field(description="Members with fewer orders in these days are not looked at.")
    ] = 4
    percent_at_least: Annotated[
        StrictInt,
        Field(ge=1, le=100, description="Refunded orders for each 100 orders of these days."),
    ] = 50

    @property
    def looks_back_days(self) -> int:
        return self.days

    @property
    def at_least(self) -> int:
        return self.percent_at_least


class ForgivenWatch(Watch):
    """Members who spent points before the order that earned them was refunded."""

    kind: Annotated[
        Literal["forgiven"],
        Field(description="Refunds of a member whose points were spent, and are forgiven."),
    ]
    days: _Days = 90
    times_at_least: Annotated[_Times, Field(description="How many orders of a member.")] = 2

    @property
    def looks_back_days(self) -> int:
        return self.days

    @property
    def at_least(self) -> int:
        return self.times_at_least


class OneTillWatch(Watch):
    """Many orders of one member that one person recorded: perhaps with a card of their own."""

    kind: Annotated[
        Literal["one_till"], Field(description="Many orders of a member by one person at a till.")
    ]
    sources: _Sources
    days: _Days = 30
    orders_at_least: Annotated[_Times, Field(description="How many orders.")] = 20

    @property
    def looks_back_days(self) -> int:
        return self.days

    @property
    def at_least(self) -> int:
        return self.orders_at_least


class EvenAmountsWatch(Watch):
    """Members whose orders cost round amounts, as made-up orders do."""

    kind: Annotated[
        Literal["even_amounts"], Field(description="Orders of a member that cost round amounts.")
    ]
    sources: _Sources
    multiple_of_minor: Annotated[
        StrictInt,
        Field(ge=2, le=10**9, description="An amount is round if this divides it, in minor units."),
    ]
    days: _Days = 30
    orders_at_least: Annotated[_Times, Field(description="How many orders.")] = 5

    @property
    def looks_back_days(self) -> int:
        return self.days

    @property
    def at_least(self) -> int:
        return self.orders_at_least


class OutOfHoursWatch(Watch):
    """Orders that a person recorded at a till while the shop was closed."""

    kind: Annotated[
        Literal["out_of_hours"], Field(description="Orders at a till while the shop was closed.")
    ]
    sources: _Sources
    opens_at: Annotated[TimeOfDay, Field(description="When the shop opens, in the program's zone.")]
    closes_at: Annotated[
        TimeOfDay, Field(description="When it closes, on the same day; orders then are outside.")
    ]
    orders_at_least: Annotated[
        _Times, Field(description="How many orders of one person on a day.")
    ] = 1

    @property
    def looks_back_days(self) -> int:
        return 1

    @property
    def at_least(self) -> int:
        return self.orders_at_least

    def parameters(self) -> dict[str, Any]:
        """The hours are minutes of the day."""
        hours = {
            "opens_minute": self.opens_at.hour * 60 + self.opens_at.minute,
            "closes_minute": self.closes_at.hour * 60 + self.closes_at.minute,
        }
        return super().parameters() | hours


class NearLimitWatch(Watch):
    """People who adjust balances by numbers just below what would be noticed."""

    kind: Annotated[
        Literal["near_limit"],
        Field(description="Adjustments of a person just below the limit of their role."),
    ]
    points_from: Annotated[Points, Field(description="The fewest points, added or taken.")]
    points_to: Annotated[Points, Field(description="The most points: your limit.")]
    days: _Days = 30
    times_at_least: Annotated[_Times, Field(description="How many adjustments.")] = 5

    @property
    def looks_back_days(self) -> int:
        return self.days

    @property
    def at_least(self) -> int:
        return self.times_at_least


class FewMembersWatch(Watch):
    """People who adjust the balances of the same few members again and again."""

    kind: Annotated[
        Literal["few_members"],
        Field(description="Adjustments of a person that go to the same few members."),
    ]
    members_at_most: Annotated[_Times, Field(description="How many members are few.")] = 2
    days: _Days = 30
    times_at_least: Annotated[
        _Times, Field(description="People with fewer adjustments in these days are not looked at.")
    ] = 5
    percent_at_least: Annotated[
        StrictInt,
        Field(ge=1, le=100, description="Of each 100 adjustments, how many go to these members."),
    ] = 80

    @property
    def looks_back_days(self) -> int:
        return self.days

    @property
    def at_least(self) -> int:
        return self.percent_at_least


class QuickRedemptionWatch(Watch):
    """Redemptions right after a member got many points at once."""

    kind: Annotated[
        Literal["quick_redemption"],
        Field(description="A redemption within minutes of many points at once."),
    ]
    minutes: Annotated[
        StrictInt, Field(ge=1, le=1440, description="How soon after the points.")
    ] = 10
    points_at_least: Annotated[Points, Field(description="How many points at once.")]

    @property
    def looks_back_days(self) -> int:
        # A redemption after midnight may follow points of the day before.
        return 2

    @property
    def at_least(self) -> int:
        return self.points_at_least


AnyWatch = Annotated[
    RefundsWatch
    | ForgivenWatch
    | OneTillWatch
    | EvenAmountsWatch
    | OutOfHoursWatch
    | NearLimitWatch
    | FewMembersWatch
    | QuickRedemptionWatch,
    Discriminator("kind"),
]
WatchKind = Literal[
    "refunds",
    "forgiven",
    "one_till",
    "even_amounts",
    "out_of_hours",
    "near_limit",
    "few_members",
    "quick_redemption",
]
