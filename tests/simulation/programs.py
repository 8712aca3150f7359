"""Programs to simulate: small numbers, early expiry, every policy that moves points."""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from loyalty.domain.program.campaigns import Campaign, CampaignGroup
from loyalty.domain.program.document import PointsName, Program, PublishedProgram, Transfers
from loyalty.domain.program.earning_rules import EarningRule
from loyalty.domain.program.expiry_policies import (
    AfterEarningExpiry,
    Expiry,
    FixedDateExpiry,
    Inactivity,
    NeverExpiry,
)
from loyalty.domain.program.kinds import PointSource
from loyalty.domain.program.levels import (
    Tiers,
)
from loyalty.domain.program.rewards import PayWithPoints, Reward
from loyalty.domain.program.surveys import ProgramSurvey
from tests.simulation.world import PROGRAM_ID

COSTS: Final = (1, 10, 30, 90)
STOCKED: Final = "scarce"
LIMITED: Final = "once"
PAYING: Final = "pay"
FOR_GOLD: Final = "for-gold"
LESS_FOR_GOLD: Final = "less-for-gold"


def _rule(rule_id: str, **fields: Any) -> EarningRule:
    return EarningRule.model_validate(
        {"id": rule_id, "on": "order", "points": 1, "per_minor": 1, **fields}
    )


RULES: Final[tuple[tuple[EarningRule, ...], ...]] = (
    (_rule("base"),),
    (_rule("base"),),
    (_rule("base", points=33, per_minor=100),),
    (_rule("base", points=37, per_minor=100, rounding="half_up"),),
    (_rule("base", points=3, per_minor=2, rounding="ceil"),),
    (_rule("base", pending_days=0), _rule("coffee", include_categories=["coffee"], points=2)),
    (
        _rule("base", exclude_categories=["tea"], pending_days=1),
        _rule("tea", include_categories=["tea"], points=33, per_minor=100, rounding="ceil"),
    ),
    (_rule("base", pending_days=2), _rule("again", points=1, per_minor=3, pending_days=1)),
)
TIERED: Final = (
    # Tax earns, and counts only where points do.
    _rule("base", also_earn_on=["tax"]),
    _rule("gold", when={"tiers": ["gold"]}, points=1, per_minor=4),
)


def tiers(basis: str, period: str, **policies: Any) -> Tiers:
    keeps_at = policies.pop("keeps_at", None)
    amounts = (1, 2, 3) if basis == "orders" else (30, 60, 90)
    levels: list[dict[str, Any]] = [
        {"id": "silver", "reached_at": amounts[0]},
        {"id": "friend", "reached_at": None},
        {"id": "gold", "reached_at": amounts[1], "multiplier_percent": 150, "keeps_at": keeps_at},
        {"id": "platinum", "reached_at": amounts[2]},
    ]
    named = [level | {"name": level["id"]} for level in levels]
    return Tiers.model_validate({"basis": basis, "period": period, "levels": named, **policies})


_BASES: Final = ("qualifying_points", "spend", "orders")
_PERIODS: Final = ("calendar_year", "rolling_months", "membership_year")
PLAIN_TIERS: Final = tuple(tiers(basis, period) for basis in _BASES for period in _PERIODS)
WHILE_ENOUGH: Final[dict[str, Any]] = {"holds": {"model": "while_enough"}}
FOR_LIFE: Final[dict[str, Any]] = {"holds": {"model": "for_life"}}
YEARLY_AND_ROLLING: Final = (
    *PLAIN_TIERS,
    *(
        tiers(basis, period, **policies, applies_at_once=at_once)
        for basis in _BASES
        for period in ("calendar_year", "membership_year")
        for policies in (
            {"one_step_down": True},
            {"keeps_at": 1 if basis == "orders" else 40, "one_step_down": True},
            FOR_LIFE,
            {"one_step_down": True, **WHILE_ENOUGH},
        )
        for at_once in (False, True)
    ),
    *(
        tiers(basis, "rolling_months", rolling_months=months, **policies, **WHILE_ENOUGH)
        for basis in _BASES
        for months in (1, 2)
        for policies in (
            {},
            {"keeps_at": 1 if basis == "orders" else 40},
            {"one_step_down": True, "applies_at_once": True},
        )
    ),
)
MONTHS: Final[dict[str, Any]] = {"holds": {"model": "months", "months": 1}}
TIERS: Final = (
    *YEARLY_AND_ROLLING,
    *(
        tiers(basis, period, one_step_down=steps, **MONTHS)
        for basis in _BASES
        for period in _PERIODS
        for steps in (False, True)
    ),
)
ROLLING: Final = next(each for each in PLAIN_TIERS if each.period == "rolling_months")

EXPIRIES: Final[tuple[Expiry, ...]] = (
    AfterEarningExpiry(model="after_earning", days=1, round_to="none"),
    AfterEarningExpiry(model="after_earning", days=1, round_to="none"),
    AfterEarningExpiry(model="after_earning", days=2, round_to="none"),
    AfterEarningExpiry(model="after_earning", days=4, round_to="none"),
    AfterEarningExpiry(model="after_earning", days=1, round_to="week"),
    AfterEarningExpiry(model="after_earning", days=1, round_to="month"),
    AfterEarningExpiry(model="after_earning", months=1, round_to="none"),
    FixedDateExpiry(model="fixed_date", month=2, day=29),
    FixedDateExpiry(model="fixed_date", month=10, day=31),
    NeverExpiry(model="never"),
)
# Where points lapse without activity too, many of them have no date of their own.
QUIET_EXPIRIES: Final = (EXPIRIES[-1], EXPIRIES[-1], *EXPIRIES[2:])
QUIET: Final = Inactivity(months=1)
QUIETS: Final = (
    QUIET,
    Inactivity(months=1, activities=("order",)),
    Inactivity(months=1, activities=("redemption", "survey")),
    Inactivity(months=1, activities=("order", "survey", "transfer")),
)
BY_SOURCE: Final[tuple[dict[PointSource, Expiry], ...]] = (
    {},
    {},
    {"survey": AfterEarningExpiry(model="after_earning", days=3, round_to="none")},
    {
        "bonus": NeverExpiry(model="never"),
        "transfer": AfterEarningExpiry(model="after_earning", days=1, round_to="none"),
        "adjustment": FixedDateExpiry(model="fixed_date", month=4, day=30),
    },
)

REWARDS: Final = (
    *(
        Reward(id=f"for-{cost}", name="A reward", kind="free_product", cost_points=cost)
        for cost in COSTS
    ),
    Reward(id=STOCKED, name="Scarce", kind="free_product", cost_points=5, stock=2),
    Reward(id=LIMITED, name="Once", kind="free_product", cost_points=5, per_member_max=1),
    Reward(id="dated", name="Dated", kind="free_product", cost_points=7, voucher_days=1),
    Reward(
        id=PAYING,
        name="Pay",
        kind="amount_off",
        cost_points=1,
        pay=PayWithPoints(amount_minor=1, per_points=1),
    ),
    Reward(id=FOR_GOLD, name="For gold", kind="free_product", cost_points=1, tiers=("gold",)),
    Reward(
        id=LESS_FOR_GOLD,
        name="Less for gold",
        kind="free_product",
        cost_points=25,
        tier_costs={"gold": 15},
    ),
)

CAMPAIGN_GROUPS: Final = tuple(
    CampaignGroup.model_validate({"id": choose, "choose": choose}) for choose in ("best", "first")
)

_POINTS: Final = PointsName(one="point", many="points")

# The same survey without and with a bonus.
ASKED_OF_ALL: Final = ProgramSurvey(id="visit", kind="csat", question="How was it?")
THANKED: Final = ASKED_OF_ALL.model_copy(update={"bonus_points": 5})


def campaign(
    campaign_id: str = "bonus",
    *,
    members: Mapping[str, Any] | None = None,
    orders: Mapping[str, Any] | None = None,
    **parts: Any,
) -> Campaign:
    """A campaign for these members and orders. It gives 10 points if its parts say nothing else."""
    effect = {"kind": "fixed", "points": 10}
    fields = {"id": campaign_id, "name": campaign_id, "effect": effect}
    return Campaign.model_validate(fields | {"for": members, "if": orders} | parts)


def document(
    zone_name: str,
    *,
    expiry: Expiry = EXPIRIES[0],
    rules: tuple[EarningRule, ...] = RULES[0],
    min_age_days: int = 0,
    **fields: Any,
) -> Program:
    """A document as it would be read, without validating it every time."""
    return Program.model_construct(
        schema_version=1,
        name="Simulated",
        time_zone=zone_name,
        currency="EUR",
        points=_POINTS,
        earning_rules=rules,
        expiry=expiry,
        rewards=REWARDS,
        transfers=Transfers(points_max=10**6, per_month_max=3, min_age_days=min_age_days),
        **fields,
    )


def published(
    document: Program,
    *,
    published_at: datetime,
    version: int = 1,
    inactivity_since: date | None = None,
) -> PublishedProgram:
    return PublishedProgram(
        program_id=PROGRAM_ID,
        version=version,
        published_at=published_at,
        document=document,
        inactivity_since=inactivity_since,
    )


def changed(document: Program, what: Mapping[str, Any] = MappingProxyType({})) -> Program:
    return document.model_copy(update=dict(what))
