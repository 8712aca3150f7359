"""The program: one document that holds everything a program manager decides.

The models say what a document may contain and are frozen, so they are also what the rules are
evaluated over. What no single field can tell is checked when a document is published
(`publication`), and never when it is read: a check that is added later must not make an old
version unreadable.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    model_validator,
)

from loyalty.domain.kernel.calendar import NEVER, add_months, midnight
from loyalty.domain.kernel.fields import (
    AMOUNT_MINOR_MAX,
    LINES,
    POINTS_MAX,
    AmountMinor,
    CurrencyCode,
    Day,
    ExternalId,
    Label,
    Moment,
    Points,
)
from loyalty.domain.program.messages import Messages, Reminders
from loyalty.domain.program.parts import DocumentPart
from loyalty.domain.program.surveys import ProgramSurvey

DOCUMENT_BYTES_MAX: Final = 300 * 1024
LOTS_MAX: Final = 60

# Lines of these categories earn only under a rule that names them in `also_earn_on`.
CHARGES: Final = ("gift_card", "shipping", "tax", "tip")

Charge = Literal["gift_card", "shipping", "tax", "tip"]
Clawback = Literal["unlimited", "within_balance", "only_pending"]
Rounding = Literal["floor", "half_up", "ceil"]
RoundTo = Literal["month", "week", "none"]
RewardKind = Literal[
    "amount_off",
    "percent_off",
    "free_product",
    "free_shipping",
    "gift_card",
    "experience",
    "donation",
]

TierBasis = Literal["qualifying_points", "spend", "orders"]

Rate = Annotated[StrictInt, Field(ge=1, le=AMOUNT_MINOR_MAX)]


class PointsName(DocumentPart):
    one: Annotated[Label, Field(description="What one point is called: “bean”.")]
    many: Annotated[Label, Field(description="What several are called: “beans”.")]


class AfterEarningExpiry(DocumentPart):
    """Each lot lives so many months or days from the day its points became available."""

    model: Literal["after_earning"]
    months: Annotated[StrictInt, Field(ge=1, le=LOTS_MAX)] | None = None
    days: Annotated[StrictInt, Field(ge=1, le=31 * LOTS_MAX)] | None = None
    round_to: Annotated[
        RoundTo,
        Field(description="Points live on to the end of that month or week (Sunday)."),
    ] = "month"


class FixedDateExpiry(DocumentPart):
    """All points expire at the end of one day of every year."""

    model: Literal["fixed_date"]
    month: Annotated[StrictInt, Field(ge=1, le=12)]
    day: Annotated[StrictInt, Field(ge=1, le=31)]


class InactivityExpiry(DocumentPart):
    """All points expire together, so many months after the member's last activity."""

    model: Literal["inactivity"]
    months: Annotated[StrictInt, Field(ge=1, le=120)]


class NeverExpiry(DocumentPart):
    model: Literal["never"]


Expiry = Annotated[
    AfterEarningExpiry | FixedDateExpiry | InactivityExpiry | NeverExpiry, Discriminator("model")
]

# What a rule or a level may have for its own points: inactivity is the account's, not a point's.
DatedExpiry = Annotated[AfterEarningExpiry | FixedDateExpiry | NeverExpiry, Discriminator("model")]


class RuleConditions(DocumentPart):
    """Days in the program's time zone, both included; an order counts by when it occurred."""

    starts_on: Day | None = None
    ends_on: Day | None = None
    tiers: Annotated[
        tuple[ExternalId, ...],
        Field(max_length=20, description="The levels that the rule is for; none: everybody."),
    ] = ()


class EarningRule(DocumentPart):
    """A rate: `points` for every `per_minor` spent on the lines that the rule covers.

    The rule covers a line unless its category or SKU is excluded. Where an include list is given,
    it covers only lines that one of the include lists names.
    """

    id: ExternalId
    on: Annotated[Literal["order"], Field(description="What earns.")]
    points: Annotated[StrictInt, Field(ge=1, le=1_000_000)]
    per_minor: Annotated[Rate, Field(description="In minor units: 100 is one euro.")]
    whole_steps: Annotated[
        StrictBool,
        Field(
            description="Count only full steps of `per_minor`: 5 points for every full 2.50, and "
            "nothing for a step that is begun."
        ),
    ] = False
    rounding: Annotated[
        Rounding,
        Field(description="How the points of a whole order round under this rule."),
    ] = "floor"
    level_multiplies: Annotated[
        StrictBool,
        Field(description="Whether a level's `multiplier_percent` applies to this rule."),
    ] = True
    include_categories: Annotated[tuple[Label, ...], Field(max_length=500)] = ()
    exclude_categories: Annotated[tuple[Label, ...], Field(max_length=500)] = ()
    include_skus: Annotated[tuple[Label, ...], Field(max_length=1000)] = ()
    exclude_skus: Annotated[tuple[Label, ...], Field(max_length=1000)] = ()
    also_earn_on: Annotated[
        tuple[Charge, ...],
        Field(
            max_length=len(CHARGES),
            description="Lines of these categories never earn unless they are named here.",
        ),
    ] = ()
    when: RuleConditions = RuleConditions()
    pending_days: (
        Annotated[
            StrictInt,
            Field(ge=0, le=90, description="Instead of the program's, for points of this rule."),
        ]
        | None
    ) = None
    expiry: Annotated[
        DatedExpiry | None,
        Field(
            description="When points of this rule expire; null: as the member's level or the "
            "program says."
        ),
    ] = None


class TierLevel(DocumentPart):
    """A level of the tiers; who has none of them has no level."""

    id: ExternalId
    name: Label
    reached_at: Annotated[
        StrictInt,
        Field(ge=1, le=POINTS_MAX, description="How much must count in one period."),
    ]
    multiplier_percent: Annotated[
        StrictInt,
        Field(ge=100, le=1000, description="What orders earn at this level: 150 is half more."),
    ] = 100
    perks: Annotated[
        tuple[Label, ...],
        Field(max_length=50, description="What else it brings, to be shown."),
    ] = ()
    expiry: Annotated[
        DatedExpiry | None,
        Field(
            description="When points of orders expire that are earned at this level; null: as the "
            "program says. A rule's own expiry comes first."
        ),
    ] = None


class Tiers(DocumentPart):
    """Levels by what counts in a period; one that is reached holds to the end of the next."""

    basis: TierBasis
    period: Literal["calendar_year", "rolling_12_months", "membership_year"]
    levels: Annotated[tuple[TierLevel, ...], Field(min_length=1, max_length=20)]

    def level(self, level_id: str | None) -> TierLevel | None:
        return next((level for level in self.levels if level.id == level_id), None)


class PayWithPoints(DocumentPart):
    """Points as a means of payment: the member chooses how many, from `cost_points` upward."""

    amount_minor: Annotated[
        AmountMinor, Field(ge=1, description="What `per_points` points are worth.")
    ]
    per_points: Annotated[Points, Field(description="How many points are worth that.")]
    order_percent_max: Annotated[
        StrictInt, Field(ge=1, le=100, description="How much of an order points may pay.")
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


class AdjustmentLimits(DocumentPart):
    """The most points that one caller adds and takes by hand in a day, by their role.

    0: none, null: no limit.
    """

    cashier: Annotated[StrictInt, Field(ge=0, le=POINTS_MAX)] | None = 0
    manager: Annotated[StrictInt, Field(ge=0, le=POINTS_MAX)] | None = None
    service: Annotated[StrictInt, Field(ge=0, le=POINTS_MAX)] | None = 0


class Transfers(DocumentPart):
    """Members may give points to each other; the lots keep their expiry."""

    points_min: Points = 1
    points_max: Annotated[Points, Field(description="The most that one transfer may move.")]
    per_month_max: Annotated[
        StrictInt,
        Field(ge=1, le=1000, description="How many a member may make in a calendar month."),
    ] = 10
    min_age_days: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=90,
            description="Days that points of an order must have been available before they can be "
            "given away. Together with `pending_days`, choose at least your return window.",
        ),
    ] = 30


class Reward(DocumentPart):
    """Something that points buy. The window's days are in the program's time zone."""

    id: ExternalId
    name: Label
    kind: RewardKind
    cost_points: Points
    description: Annotated[StrictStr, Field(max_length=2000), LINES] | None = None
    amount_minor: Annotated[AmountMinor, Field(description="What it is worth.")] | None = None
    percent: Annotated[StrictInt, Field(ge=1, le=100)] | None = None
    skus: Annotated[tuple[Label, ...], Field(max_length=200)] = ()
    available_from: Moment | None = None
    available_until: Annotated[
        Moment | None,
        Field(description="A day is included whole; a time is the first moment off."),
    ] = None
    pay: Annotated[
        PayWithPoints | None,
        Field(description="Of a reward whose points the member chooses; the cost is the minimum."),
    ] = None
    tiers: Annotated[
        tuple[ExternalId, ...],
        Field(max_length=20, description="The levels that it is for; none: everybody."),
    ] = ()
    tier_costs: Annotated[
        dict[ExternalId, Points],
        Field(max_length=20, description="What it costs at a level, where that is less."),
    ] = {}  # noqa: RUF012  # the model is frozen
    stock: Annotated[StrictInt, Field(ge=0, le=10**9)] | None = None
    per_member_max: Annotated[StrictInt, Field(ge=1, le=10**6)] | None = None
    voucher_days: Annotated[
        StrictInt | None,
        Field(ge=1, le=3660, description="How long a voucher is good for; null: for ever."),
    ] = None

    def is_open(self, *, now: datetime, zone: ZoneInfo) -> bool:
        """Whether `now` lies in the reward's window."""
        opens_at, closes_at = self.window(zone)
        return (opens_at is None or opens_at <= now) and (closes_at is None or now < closes_at)

    def window(self, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
        """The first moment of the window and the first one after it, where it has them."""
        opens_at = _first_moment(self.available_from, zone) if self.available_from else None
        closes_at = _last_moment(self.available_until, zone) if self.available_until else None
        return opens_at, closes_at


class PointValue(DocumentPart):
    """What points are worth to the books: reports tell liability in money by it, and no more."""

    amount_minor: Annotated[
        AmountMinor, Field(ge=1, description="What `per_points` points are worth.")
    ]
    per_points: Annotated[Points, Field(description="How many points are worth that.")] = 1


_SCHEMA_ADDRESS: Final = {
    "type": "string",
    "description": "Where an editor finds the schema of this document. It is not kept.",
}


class Program(DocumentPart):
    """The document as it is published."""

    model_config = ConfigDict(
        json_schema_extra=lambda schema: schema["properties"].update({"$schema": _SCHEMA_ADDRESS})
    )

    schema_version: Annotated[StrictInt, Field(ge=1, le=1, description="The document's form: 1.")]
    name: Label
    time_zone: Annotated[
        StrictStr,
        Field(
            max_length=64,
            description="An IANA name. Days begin and end there, points too.",
        ),
    ]
    currency: CurrencyCode
    points: PointsName
    earning_rules: Annotated[tuple[EarningRule, ...], Field(max_length=200)]
    expiry: Expiry
    rewards: Annotated[tuple[Reward, ...], Field(max_length=500)] = ()
    pending_days: Annotated[
        StrictInt,
        Field(ge=0, le=90, description="How long earned points wait to be available."),
    ] = 0
    clawback: Annotated[
        Clawback,
        Field(
            description="What a refund may take when the points were spent already: "
            "a debt paid by later earnings, no more than the balance, or pending points only."
        ),
    ] = "within_balance"
    reinstate_days: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=366,
            description="Days that points stay valid after their last day when a cancellation or "
            "the end of a hold returns them expired. Points get these days once; a member who "
            "cancels their own redemption does not get them.",
        ),
    ] = 0
    reinstate_vouchers: Annotated[
        StrictBool,
        Field(
            description="Whether a cancelled order gives back the vouchers that it used, "
            "as far as they have not expired."
        ),
    ] = True
    claim_days: Annotated[
        StrictInt,
        Field(ge=0, le=366, description="How far back a guest's orders are claimed."),
    ] = 30
    hold_minutes: Annotated[
        StrictInt,
        Field(ge=1, le=7 * 24 * 60, description="How long a held redemption waits."),
    ] = 15

    tiers: Annotated[Tiers | None, Field(description="Null: a program without levels.")] = None
    point_value: Annotated[
        PointValue | None, Field(description="Null: reports tell points, and no money for them.")
    ] = None
    adjustments: AdjustmentLimits = AdjustmentLimits()
    transfers: Annotated[
        Transfers | None, Field(description="Null: members cannot give points to each other.")
    ] = None
    reminders: Reminders = Reminders()
    messages: Messages = Messages()
    surveys: Annotated[tuple[ProgramSurvey, ...], Field(max_length=50)] = ()

    @model_validator(mode="before")
    @classmethod
    def _without_schema_address(cls, document: object) -> object:
        """`$schema` is for editors: it is accepted and is no part of what is published."""
        if isinstance(document, dict) and isinstance(document.get("$schema"), str):
            return {name: part for name, part in document.items() if name != "$schema"}
        return document

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def today(self, now: datetime) -> date:
        """The program's own calendar day at `now`."""
        return now.astimezone(self.zone).date()

    def reward(self, reward_id: str) -> Reward | None:
        return next((reward for reward in self.rewards if reward.id == reward_id), None)

    def survey(self, survey_id: str) -> ProgramSurvey | None:
        return next((survey for survey in self.surveys if survey.id == survey_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedProgram:
    """One immutable version of a program, as it is in force or once was."""

    program_id: str
    version: int
    published_at: datetime
    document: Program
    inactivity_since: date | None = None
    """The day since which the document's inactivity policy is in force, unchanged."""

    def undated_until(self, active_on: date | None) -> date:
        """The last day of points without a date of their own, by the member's last activity.

        Switching inactivity on, or changing its months, starts a full period anew for everyone.
        """
        policy = self.document.expiry
        if not isinstance(policy, InactivityExpiry) or self.inactivity_since is None:
            return NEVER
        quiet_since = max(active_on or self.inactivity_since, self.inactivity_since)
        return add_months(quiet_since, policy.months)


def _first_moment(moment: date, zone: ZoneInfo) -> datetime:
    return moment if isinstance(moment, datetime) else midnight(moment, zone)


def _last_moment(moment: date, zone: ZoneInfo) -> datetime:
    """The first moment after the window."""
    if isinstance(moment, datetime):
        return moment
    return midnight(moment + timedelta(days=1), zone)
