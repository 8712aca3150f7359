"""Rewards: what points buy, for whom, when and how often."""

from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, StrictBool, StrictInt, StrictStr

from loyalty.domain.kernel.calendar import midnight
from loyalty.domain.kernel.fields import (
    LINES,
    AmountMinor,
    ExternalId,
    Label,
    Moment,
    Points,
)
from loyalty.domain.kernel.limits import POINTS_MAX
from loyalty.domain.program.kinds import RewardKind
from loyalty.domain.program.locales import best_locale
from loyalty.domain.program.member_conditions import MemberCondition
from loyalty.domain.program.messages import LOCALE
from loyalty.domain.program.parts import DocumentPart

LocaleTag = Annotated[StrictStr, Field(pattern=LOCALE)]


class PayWithPoints(DocumentPart):
    """Points as a means of payment: the member chooses how many, at least `cost_points`."""

    amount_minor: Annotated[
        AmountMinor, Field(ge=1, description="What `per_points` points are worth, in minor units.")
    ]
    per_points: Annotated[
        Points, Field(description="The number of points that are worth `amount_minor`.")
    ]
    order_percent_max: Annotated[
        StrictInt,
        Field(ge=1, le=100, description="The percentage of an order that points can pay."),
    ] = 100
    order_minor_min: Annotated[
        AmountMinor,
        Field(description="Minor units that an order must cost for points to pay part of it."),
    ] = 0
    amount_minor_max: Annotated[
        AmountMinor | None,
        Field(ge=1, description="Minor units that points may pay of one order; null: no limit."),
    ] = None

    def worth_minor(self, points: int) -> int:
        """What points are worth, rounded down to whole minor units."""
        return points * self.amount_minor // self.per_points

    def points_for(self, amount_minor: int) -> int:
        """The fewest points that are worth an amount of minor units."""
        return -(-amount_minor * self.per_points // self.amount_minor)


class RewardWords(DocumentPart):
    """What a reward is called in one language."""

    name: Annotated[Label, Field(description="The reward's name, as members see it.")]
    description: Annotated[
        Annotated[StrictStr, Field(max_length=2000), LINES] | None,
        Field(description="A text to show to members; null: the reward's own."),
    ] = None


class RewardOpening(DocumentPart):
    """A moment from which some members can redeem a reward, or all of them."""

    opens_at: Annotated[
        Moment,
        Field(
            alias="at", description="When it opens: a time, or a day in the program's time zone."
        ),
    ]
    members: Annotated[
        MemberCondition | None,
        Field(alias="for", description="The members that it opens for then; null: everyone."),
    ] = None


class Reward(DocumentPart):
    """Something that points buy. Days are in the program's time zone."""

    id: Annotated[ExternalId, Field(description="The reward's id, unique among the rewards.")]
    name: Annotated[Label, Field(description="The reward's name, as members see it.")]
    kind: Annotated[RewardKind, Field(description="What the reward gives.")]
    cost_points: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=POINTS_MAX,
            description="What it costs; with `pay`, the fewest points to pay. 0 only if it is not "
            "`offered`, or gives `access`.",
        ),
    ]
    offered: Annotated[
        StrictBool,
        Field(
            description="Whether members can redeem it; `false`: it is only given, as a present or "
            "by a manager."
        ),
    ] = True
    description: Annotated[
        Annotated[StrictStr, Field(max_length=2000), LINES] | None,
        Field(description="A text to show to members."),
    ] = None
    translations: Annotated[
        dict[LocaleTag, RewardWords],
        Field(max_length=50, description="Names in other languages, by BCP 47 tag: fr, fr-CA."),
    ] = {}  # noqa: RUF012  # the model is frozen
    amount_minor: Annotated[
        AmountMinor | None, Field(description="The discount or value, in minor units.")
    ] = None
    cost_minor: Annotated[
        AmountMinor | None,
        Field(
            description="What one costs you, in minor units, such as the price at which you buy "
            "it; only reports use it. null: its `amount_minor`, or what a `percent_off` takes off "
            "its order."
        ),
    ] = None
    percent: Annotated[
        Annotated[StrictInt, Field(ge=1, le=100)] | None,
        Field(description="The discount of a `percent_off` reward, in percent."),
    ] = None
    skus: Annotated[
        tuple[Label, ...],
        Field(max_length=200, description="The products that it is valid for; empty: any."),
    ] = ()
    available_from: Annotated[
        Moment | None,
        Field(description="When it becomes available: a day or a time; null: at once."),
    ] = None
    available_until: Annotated[
        Moment | None,
        Field(
            description="The last day, or the time at which it stops being available; null: no end."
        ),
    ] = None
    opens: Annotated[
        tuple[RewardOpening, ...],
        Field(
            max_length=10,
            description="When it opens, and for which members, instead of `available_from`. It "
            "opens for a member at the earliest step that includes them, and never if no step "
            "does; empty: it opens for everyone at once.",
        ),
    ] = ()
    pay: Annotated[
        PayWithPoints | None,
        Field(description="For a reward whose points the member chooses, starting at the cost."),
    ] = None
    tiers: Annotated[
        tuple[ExternalId, ...],
        Field(
            max_length=20, description="The ids of the levels that it is for; empty: all members."
        ),
    ] = ()
    members: Annotated[
        MemberCondition | None,
        Field(alias="for", description="The members that it is for; null: everybody."),
    ] = None
    tier_costs: Annotated[
        dict[ExternalId, Points],
        Field(max_length=20, description="Lower costs in points, by level id."),
    ] = {}  # noqa: RUF012  # the model is frozen
    stock: Annotated[
        Annotated[StrictInt, Field(ge=0, le=10**9)] | None,
        Field(description="How many can be redeemed in all; null: no limit."),
    ] = None
    per_member_max: Annotated[
        Annotated[StrictInt, Field(ge=1, le=10**6)] | None,
        Field(description="How many a member can redeem; null: no limit."),
    ] = None
    voucher_days: Annotated[
        StrictInt | None,
        Field(ge=1, le=3660, description="Days that a voucher is valid; null: for ever."),
    ] = None

    def name_in(self, locale: str | None) -> str:
        """The name for a member's locale, or else the program's own."""
        tag = best_locale(self.translations, locale)
        return self.translations[tag].name if tag else self.name

    def is_open(self, *, now: datetime, zone: ZoneInfo) -> bool:
        """Whether `now` lies in the reward's window."""
        opens_at, closes_at = self.window(zone)
        return (opens_at is None or opens_at <= now) and (closes_at is None or now < closes_at)

    def window(self, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
        """The first moment of the window and the first one after it; None where it is open.

        A reward that opens in steps has the first moment of the step that is for everyone, or of
        the earliest step if no step is.
        """
        opens_at = _first_moment(self.available_from, zone) if self.available_from else None
        if self.opens:
            moments = self.moments(zone)
            opens_at = min(
                (moment for moment, condition in moments if condition is None),
                default=min(moment for moment, _ in moments),
            )
        closes_at = _last_moment(self.available_until, zone) if self.available_until else None
        return opens_at, closes_at

    def moments(self, zone: ZoneInfo) -> list[tuple[datetime, MemberCondition | None]]:
        """When it opens, and for which members, step by step; None: for everyone."""
        return [(_first_moment(each.opens_at, zone), each.members) for each in self.opens]

    @property
    def conditions(self) -> tuple[MemberCondition, ...]:
        """All its conditions on members: its own `for`, and those of its steps."""
        conditions = (self.members, *(step.members for step in self.opens))
        return tuple(each for each in conditions if each is not None)


def _first_moment(moment: date, zone: ZoneInfo) -> datetime:
    return moment if isinstance(moment, datetime) else midnight(moment, zone)


def _last_moment(moment: date, zone: ZoneInfo) -> datetime:
    """The first moment after the window."""
    if isinstance(moment, datetime):
        return moment
    return midnight(moment + timedelta(days=1), zone)
