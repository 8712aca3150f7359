"""Campaigns: what orders earn beside the earning rules, for whom, when and how much at most.

`for` is decided of the member when the order is recorded, and stays. `when` and `if` are read of
the order, and which campaigns count is decided on what was bought. What a campaign is worth is
computed of what the member keeps. So a refund never makes a campaign give more.
"""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Final, Literal

from pydantic import Field, StrictBool, StrictInt

from loyalty.domain.kernel.fields import (
    AmountMinor,
    Day,
    ExternalId,
    Label,
    Points,
    TimeOfDay,
)
from loyalty.domain.program.campaign_effects import Effect
from loyalty.domain.program.expiry_policies import Expiry
from loyalty.domain.program.holdouts import CampaignHoldout
from loyalty.domain.program.kinds import Activation, BudgetPeriod, MemberPeriod
from loyalty.domain.program.line_selectors import EVERY_LINE, LineSelector
from loyalty.domain.program.member_conditions import MemberCondition
from loyalty.domain.program.order_conditions import OrderCondition
from loyalty.domain.program.parts import DocumentPart

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class DailyHours(DocumentPart):
    """Hours of the day. If they end before they begin, they last until the next morning."""

    starts_at: Annotated[TimeOfDay, Field(alias="from", description="When they begin, included.")]
    ends_at: Annotated[
        TimeOfDay,
        Field(
            alias="until",
            description="When they end, not included; earlier than `from`: on the next day.",
        ),
    ]

    @property
    def is_overnight(self) -> bool:
        return self.ends_at < self.starts_at


class CampaignWindow(DocumentPart):
    """When a campaign runs, by the time of the order in the program's time zone."""

    starts_on: Annotated[
        Day | None, Field(description="The first day; null: from the beginning.")
    ] = None
    ends_on: Annotated[Day | None, Field(description="The last day, included; null: no end.")] = (
        None
    )
    weekdays: Annotated[
        tuple[Weekday, ...],
        Field(max_length=7, description="The days of the week; empty: every day."),
    ] = ()
    hours: Annotated[
        tuple[DailyHours, ...],
        Field(
            max_length=10,
            description="Hours of these days; empty: all day. Hours after midnight belong to the "
            "day on which they began.",
        ),
    ] = ()

    def holds_on(self, day: date) -> bool:
        """Whether hours that begin on this local day count."""
        return (
            (self.starts_on is None or self.starts_on <= day)
            and (self.ends_on is None or day <= self.ends_on)
            and (not self.weekdays or WEEKDAYS[day.weekday()] in self.weekdays)
        )

    def holds_at(self, moment: datetime) -> bool:
        """Whether an order of this local time counts."""
        day, clock = moment.date(), moment.time()
        if not self.hours:
            return self.holds_on(day)
        return any(self._covers(hours, day, clock) for hours in self.hours)

    def _covers(self, hours: DailyHours, day: date, clock: time) -> bool:
        if not hours.is_overnight:
            return hours.starts_at <= clock < hours.ends_at and self.holds_on(day)
        if clock >= hours.starts_at:
            return self.holds_on(day)
        return clock < hours.ends_at and self.holds_on(day - timedelta(days=1))


class MemberLimit(DocumentPart):
    """The most that a campaign gives one member in a period, by the day of the order."""

    points: Annotated[Points | None, Field(description="Points; null: no limit.")] = None
    orders: Annotated[
        Annotated[StrictInt, Field(ge=1, le=10**6)] | None,
        Field(description="Orders that get points; null: no limit."),
    ] = None
    per: Annotated[
        MemberPeriod,
        Field(
            description="The period: an order, a calendar day, an ISO week, a month, a year, or "
            "the whole campaign."
        ),
    ] = "campaign"


class Budget(DocumentPart):
    """The most that a campaign gives all members together in a period, by the day of the order."""

    points: Annotated[Points | None, Field(description="The budget in points.")] = None
    amount_minor: Annotated[
        AmountMinor | None,
        Field(
            ge=1,
            description="The budget in minor units of money; points count by `point_value`.",
        ),
    ] = None
    per: Annotated[
        BudgetPeriod,
        Field(
            description="The period: a calendar day, an ISO week, a month, a year, or the whole "
            "campaign."
        ),
    ] = "campaign"


class CampaignLimits(DocumentPart):
    """The most that a campaign gives. What is left is given; the rest of an order gets nothing."""

    per_order: Annotated[
        Points | None, Field(description="The most points for one order; null: no limit.")
    ] = None
    per_member: Annotated[
        MemberLimit | None, Field(description="The most for one member; null: no limit.")
    ] = None
    budget: Annotated[
        Budget | None, Field(description="The most for all members together; null: no limit.")
    ] = None


class Campaign(DocumentPart):
    """Something that gives points for orders, within its window and its limits."""

    id: Annotated[
        ExternalId,
        Field(description="The campaign's id, unique among the campaigns and earning rules."),
    ]
    name: Annotated[Label, Field(description="The campaign's name, as members see it.")]
    when: Annotated[CampaignWindow, Field(description="When it runs.")] = CampaignWindow()
    members: Annotated[
        MemberCondition | None,
        Field(
            alias="for",
            description="The members it is for; null: everybody. This is decided when an order is "
            "recorded, and stays.",
        ),
    ] = None
    orders: Annotated[
        OrderCondition | None,
        Field(alias="if", description="The orders that it is for; null: all."),
    ] = None
    lines: Annotated[
        LineSelector, Field(description="The lines that it gives points for; empty: all goods.")
    ] = EVERY_LINE
    effect: Annotated[Effect, Field(description="What it gives.")]
    group: Annotated[
        ExternalId | None,
        Field(
            description="The id of its group in `campaign_groups`: an order gets points of one "
            "campaign of a group. null: beside all others."
        ),
    ] = None
    limits: Annotated[CampaignLimits, Field(description="The most that it gives.")] = (
        CampaignLimits()
    )
    activation: Annotated[
        Activation,
        Field(
            description="Whether it is for all members (`auto`), for members who joined it "
            "before the order (`join`), or for members who were offered it (`offer`); see "
            "`offers`."
        ),
    ] = "auto"
    qualifies: Annotated[
        StrictBool, Field(description="Whether its points count toward a level.")
    ] = False
    pending_days: Annotated[
        Annotated[StrictInt, Field(ge=0, le=90)] | None,
        Field(description="Days until its points are available; null: the program's."),
    ] = None
    expiry: Annotated[
        Expiry | None,
        Field(
            description="When its points expire; null: according to the member's level or the "
            "program."
        ),
    ] = None
    holdout: Annotated[
        CampaignHoldout | None,
        Field(
            description="Members from whom it is withheld, so that reports can say what it brings; "
            "null: nobody."
        ),
    ] = None

    @property
    def is_decided_of_member(self) -> bool:
        """Whether it depends on the member, so that an order must remember the decision."""
        return self.members is not None or self.activation != "auto"

    @property
    def salt(self) -> str:
        """What decides who is held out of it."""
        return (self.holdout.salt if self.holdout else None) or self.id


class CampaignGroup(DocumentPart):
    """Campaigns of which an order gets the points of one."""

    id: Annotated[ExternalId, Field(description="The group's id, unique among the groups.")]
    choose: Annotated[
        Literal["best", "first"],
        Field(
            description="Which one: the one that gives most, or the first in the document that "
            "gives anything. Of two that give the same, the first."
        ),
    ]
