"""The program: one document that holds everything a program manager decides.

The models define what a document can contain. They are frozen, and the rules are evaluated over
them. Checks across fields (`publication`) run when a document is published, and never when it is
read: a check that is added later must not make an old version unreadable.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import chain
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    model_validator,
)

from loyalty.domain.kernel.calendar import NEVER, add_months, local_day
from loyalty.domain.kernel.fields import (
    AmountMinor,
    CurrencyCode,
    ExternalId,
    Label,
    Points,
)
from loyalty.domain.kernel.limits import POINTS_MAX
from loyalty.domain.program.activities import ACTIVITIES_MAX, RewardedActivity
from loyalty.domain.program.boards import BOARDS_MAX, Board
from loyalty.domain.program.campaigns import Campaign, CampaignGroup
from loyalty.domain.program.challenges import BADGES_MAX, CHALLENGES_MAX, Badge, Challenge
from loyalty.domain.program.earning_rules import EarningRule
from loyalty.domain.program.expiry_policies import Expiry, Inactivity
from loyalty.domain.program.goals import GOALS_MAX, Goal
from loyalty.domain.program.holdouts import UniversalHoldout
from loyalty.domain.program.households import Households
from loyalty.domain.program.kinds import CAMPAIGNS_MAX, PointSource
from loyalty.domain.program.levels import Tiers
from loyalty.domain.program.locales import best_locale
from loyalty.domain.program.member_conditions import conditions_on_segments
from loyalty.domain.program.messages import Messages, Reminders
from loyalty.domain.program.offers import OfferRules
from loyalty.domain.program.parts import DocumentPart
from loyalty.domain.program.plans import PLANS_MAX, Plan
from loyalty.domain.program.presents import Presents
from loyalty.domain.program.referrals import Referrals
from loyalty.domain.program.rewards import LocaleTag, Reward
from loyalty.domain.program.safeguards import SAFEGUARDS_MAX, Safeguard
from loyalty.domain.program.segments import SEGMENTS_MAX, Segment, definitions
from loyalty.domain.program.surveys import ProgramSurvey
from loyalty.domain.program.watches import WATCHES_MAX, AnyWatch

Clawback = Literal["unlimited", "within_balance", "only_pending"]


class PointsWords(DocumentPart):
    """What points are called in one language."""

    one: Annotated[Label, Field(description="The name of one point: “bean”.")]
    many: Annotated[Label, Field(description="The name of several points: “beans”.")]


class PointsName(PointsWords):
    """What points are called."""

    translations: Annotated[
        dict[LocaleTag, PointsWords],
        Field(max_length=50, description="Names in other languages, by BCP 47 tag: fr, fr-CA."),
    ] = {}  # noqa: RUF012  # the model is frozen

    def in_locale(self, locale: str | None) -> PointsWords:
        """The name for a member's locale, or else the program's own."""
        tag = best_locale(self.translations, locale)
        return self.translations[tag] if tag else self


class AdjustmentLimit(DocumentPart):
    """How many points one person or service may add and take by hand."""

    each: Annotated[
        Annotated[StrictInt, Field(ge=0, le=POINTS_MAX)] | None,
        Field(description="Points of one adjustment; 0: none, null: no limit."),
    ] = None
    per_day: Annotated[
        Annotated[StrictInt, Field(ge=0, le=POINTS_MAX)] | None,
        Field(
            description="Points added and taken together in a day of the program; 0: none, null: "
            "no limit."
        ),
    ] = None

    @property
    def allows_none(self) -> bool:
        return 0 in (self.each, self.per_day)


_NO_ADJUSTMENTS: Final = AdjustmentLimit(each=0, per_day=0)


class AdjustmentRules(DocumentPart):
    """How many points each role may add and take by hand."""

    cashier: Annotated[AdjustmentLimit, Field(description="The limits of each cashier.")] = (
        _NO_ADJUSTMENTS
    )
    manager: Annotated[AdjustmentLimit, Field(description="The limits of each manager.")] = (
        AdjustmentLimit()
    )
    service: Annotated[AdjustmentLimit, Field(description="The limits of each service.")] = (
        _NO_ADJUSTMENTS
    )
    approval_above: Annotated[
        Points | None,
        Field(
            description="An adjustment by a person of more points than this, added or taken, waits "
            "until a second manager approves it; so does a reward that is given and costs more. "
            "null: none waits."
        ),
    ] = None
    approval_days: Annotated[
        StrictInt,
        Field(ge=1, le=90, description="Days after which what waits expires."),
    ] = 14


class Transfers(DocumentPart):
    """Members can give points to each other; the points keep their expiry."""

    points_min: Annotated[Points, Field(description="The fewest points of one transfer.")] = 1
    points_max: Annotated[Points, Field(description="The most points of one transfer.")]
    per_month_max: Annotated[
        StrictInt,
        Field(
            ge=1, le=1000, description="How many transfers a member can make in a calendar month."
        ),
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


class PointValue(DocumentPart):
    """What points are worth in accounting; only reports use it, for the liability in money."""

    amount_minor: Annotated[
        AmountMinor, Field(ge=1, description="What `per_points` points are worth, in minor units.")
    ]
    per_points: Annotated[
        Points, Field(description="The number of points that are worth `amount_minor`.")
    ] = 1


class Economics(DocumentPart):
    """What the merchant earns on sales; only reports use it, to say whether campaigns pay."""

    gross_margin_percent: Annotated[
        StrictInt,
        Field(
            ge=1,
            le=100,
            description="How much of 100 of revenue is left after buying or making the goods.",
        ),
    ]


_SCHEMA_ADDRESS: Final = {
    "type": "string",
    "description": "The address of this schema, for editors. It is not stored.",
}


class Program(DocumentPart):
    """The document as it is published."""

    model_config = ConfigDict(
        json_schema_extra=lambda schema: schema["properties"].update({"$schema": _SCHEMA_ADDRESS})
    )

    schema_version: Annotated[
        StrictInt, Field(ge=1, le=1, description="The version of the document's form: 1.")
    ]
    name: Annotated[Label, Field(description="The program's name, as members see it.")]
    time_zone: Annotated[
        StrictStr,
        Field(
            max_length=64,
            description="An IANA time zone. Days begin and end in it, and points expire in it.",
        ),
    ]
    currency: CurrencyCode
    points: Annotated[PointsName, Field(description="What the program calls its points.")]
    earning_rules: Annotated[
        tuple[EarningRule, ...],
        Field(
            max_length=200, description="How orders earn points; the points of all rules add up."
        ),
    ]
    campaigns: Annotated[
        tuple[Campaign, ...],
        Field(
            max_length=CAMPAIGNS_MAX,
            description="What orders earn beside the rules. Keep a campaign that has ended for 90 "
            "days: orders may arrive that late.",
        ),
    ] = ()
    campaign_groups: Annotated[
        tuple[CampaignGroup, ...],
        Field(max_length=50, description="Groups of campaigns of which an order gets one."),
    ] = ()
    campaign_points_per_order_max: Annotated[
        Points | None,
        Field(
            description="The most points of all campaigns together for one order, handed out in "
            "the order of the campaigns; null: no limit."
        ),
    ] = None
    universal_holdout: Annotated[
        UniversalHoldout | None,
        Field(
            description="Members from whom all campaigns are withheld, so that reports can say "
            "what they bring together; null: nobody."
        ),
    ] = None
    offers: Annotated[
        OfferRules,
        Field(
            description="How the program offers campaigns with the activation `offer` to members."
        ),
    ] = OfferRules()
    lists: Annotated[
        dict[ExternalId, Annotated[tuple[Label, ...], Field(max_length=5000)]],
        Field(max_length=50, description="Lists of SKUs by name, for several campaigns."),
    ] = {}  # noqa: RUF012  # the model is frozen
    segments: Annotated[
        tuple[Segment, ...],
        Field(
            max_length=SEGMENTS_MAX,
            description="Groups of members, which campaigns and rewards can name.",
        ),
    ] = ()
    activities: Annotated[
        tuple[RewardedActivity, ...],
        Field(
            max_length=ACTIVITIES_MAX,
            description="What members do besides buying, such as reviews, and what it earns.",
        ),
    ] = ()
    challenges: Annotated[
        tuple[Challenge, ...],
        Field(
            max_length=CHALLENGES_MAX,
            description="What members collect by their orders, and what that gives. Orders that "
            "were recorded before a challenge was published do not count.",
        ),
    ] = ()
    badges: Annotated[
        tuple[Badge, ...],
        Field(max_length=BADGES_MAX, description="Signs that members wear; challenges give them."),
    ] = ()
    referrals: Annotated[
        Referrals | None,
        Field(description="What members and the friends they bring get; null: nothing."),
    ] = None
    boards: Annotated[
        tuple[Board, ...],
        Field(
            max_length=BOARDS_MAX,
            description="Rankings of members by what challenges count, and prizes for the first "
            "places.",
        ),
    ] = ()
    expiry: Annotated[Expiry, Field(description="When points expire.")]
    expiry_by_source: Annotated[
        dict[PointSource, Expiry],
        Field(
            description="When points that do not come from orders expire, by what they were given "
            "for; others expire as `expiry` says. Transferred points keep their dates, or expire "
            "as `transfer` says if that is sooner."
        ),
    ] = {}  # noqa: RUF012  # the model is frozen
    inactivity: Annotated[
        Inactivity | None,
        Field(
            description="Whether all points of a member also lapse after some months without "
            "activity, whichever is sooner; null: they do not."
        ),
    ] = None
    rewards: Annotated[
        tuple[Reward, ...], Field(max_length=500, description="What points buy.")
    ] = ()
    pending_days: Annotated[
        StrictInt,
        Field(ge=0, le=90, description="Days until earned points are available."),
    ] = 0
    clawback: Annotated[
        Clawback,
        Field(
            description="What a refund can take back if the points were spent: `unlimited` makes a "
            "debt that later points pay, `within_balance` takes no more than the balance, and "
            "`only_pending` takes pending points only."
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
            description="Whether vouchers that have not expired can be used again when the order "
            "that used them is cancelled."
        ),
    ] = True
    claim_days: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=366,
            description="How many days back a new member can claim their guest orders.",
        ),
    ] = 30
    hold_minutes: Annotated[
        StrictInt,
        Field(
            ge=1,
            le=7 * 24 * 60,
            description="Minutes that a held redemption waits to be completed.",
        ),
    ] = 15
    late_redemption_minutes: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=7 * 24 * 60,
            description="How many minutes ago a redemption may have been made that a till reports "
            "late, because it was offline; 0: it must be reported at once.",
        ),
    ] = 0

    tiers: Annotated[Tiers | None, Field(description="The program's levels; null: none.")] = None
    plans: Annotated[
        tuple[Plan, ...],
        Field(max_length=PLANS_MAX, description="Memberships that members pay for."),
    ] = ()
    point_value: Annotated[
        PointValue | None,
        Field(description="What points are worth in reports; null: reports show points only."),
    ] = None
    economics: Annotated[
        Economics | None,
        Field(description="What sales leave; null: reports do not say whether campaigns pay."),
    ] = None
    adjustments: Annotated[
        AdjustmentRules, Field(description="How many points staff and services can add and take.")
    ] = AdjustmentRules()
    households: Annotated[
        Households | None,
        Field(
            description="Whether members can spend each other's points, and how many; null: "
            "they cannot."
        ),
    ] = None
    transfers: Annotated[
        Transfers | None,
        Field(description="Points that members give to each other; null: they cannot."),
    ] = None
    presents: Annotated[
        Presents, Field(description="What members get without buying anything.")
    ] = Presents()
    reminders: Annotated[Reminders, Field(description="Which messages members get, and when.")] = (
        Reminders()
    )
    messages: Annotated[
        Messages, Field(description="How members are written to: words, look, quiet hours.")
    ] = Messages()
    surveys: Annotated[
        tuple[ProgramSurvey, ...],
        Field(max_length=50, description="Questions that members answer."),
    ] = ()
    safeguards: Annotated[
        tuple[Safeguard, ...],
        Field(
            max_length=SAFEGUARDS_MAX,
            description="Limits beyond which a person looks at an order.",
        ),
    ] = ()
    watches: Annotated[
        tuple[AnyWatch, ...],
        Field(
            max_length=WATCHES_MAX,
            description="What is looked for after each day, and reviewed by a person if it is "
            "found.",
        ),
    ] = ()
    goals: Annotated[
        tuple[Goal, ...],
        Field(max_length=GOALS_MAX, description="Figures that are to reach a target by a day."),
    ] = ()

    @model_validator(mode="before")
    @classmethod
    def _without_schema_address(cls, document: object) -> object:
        """`$schema` is for editors: it is accepted, and not published."""
        if isinstance(document, dict) and isinstance(document.get("$schema"), str):
            return {name: part for name, part in document.items() if name != "$schema"}
        return document

    @model_validator(mode="after")
    def _bind_segments(self) -> Self:
        bind_segments(self)
        return self

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def today(self, now: datetime) -> date:
        """The program's own calendar day at `now`."""
        return local_day(now, self.zone)

    def reward(self, reward_id: str) -> Reward | None:
        return next((reward for reward in self.rewards if reward.id == reward_id), None)

    @cached_property
    def plan_skus(self) -> frozenset[str]:
        """The SKUs of products that are plans."""
        return frozenset(
            sku for plan in self.plans for billing in plan.billing for sku in billing.skus
        )

    @cached_property
    def plans_need_a_look(self) -> bool:
        """Whether a plan is a product, or gives something: then the relay reports changes."""
        return bool(self.plan_skus) or any(plan.benefits.gives for plan in self.plans)

    def plan(self, plan_id: str | None) -> Plan | None:
        return next((plan for plan in self.plans if plan.id == plan_id), None)

    def activity(self, activity_id: str) -> RewardedActivity | None:
        return next((each for each in self.activities if each.id == activity_id), None)

    def canonical(self) -> str:
        """The document with all defaults written out, so that later defaults do not change it."""
        return json.dumps(self.model_dump(mode="json"), separators=(",", ":"), ensure_ascii=False)

    def survey(self, survey_id: str) -> ProgramSurvey | None:
        return next((survey for survey in self.surveys if survey.id == survey_id), None)


def bind_segments(document: Program) -> None:
    """Let the conditions of a document find what the segments that they name mean."""
    meanings = definitions(document.segments)
    of_parts = (
        *(campaign.members for campaign in document.campaigns),
        *(condition for reward in document.rewards for condition in reward.conditions),
    )
    for condition in chain.from_iterable(map(conditions_on_segments, of_parts)):
        condition.bind(meanings)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedProgram:
    """One immutable version of a program, as it is in force or once was."""

    program_id: str
    version: int
    published_at: datetime
    document: Program
    inactivity_since: date | None = None
    """The day since which the document's months of inactivity have been in force, unchanged."""
    published_by: str | None = None
    """The token subject of the person who published it, if it was a person."""
    note: str | None = None
    """Why it was published, in their words."""
    counts_since: int | None = None
    """The first version that had challenges, referrals or activities; None: none yet."""
    refers_since: int | None = None
    """The first version that had referrals; None: no version had any yet."""

    def lapses_after(self, active_on: date | None) -> date:
        """The last day before all points lapse by inactivity, by the member's last activity.

        Turning inactivity on, or changing its months, starts a new full period for all members.
        """
        policy = self.document.inactivity
        if policy is None or self.inactivity_since is None:
            return NEVER
        inactive_since = max(active_on or self.inactivity_since, self.inactivity_since)
        return add_months(inactive_since, policy.months)
