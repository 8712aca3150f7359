"""Why a campaign gives points for an order, and why not: condition by condition, in values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from loyalty.domain.campaigns import member_facts, order_facts
from loyalty.domain.campaigns.purchases import Purchase, amount_of, units_of
from loyalty.domain.program.campaign_effects import (
    Effect,
    PerUnitEffect,
    RateEffect,
    StepsEffect,
)
from loyalty.domain.program.member_conditions import AllOfMember, NotOfMember
from loyalty.domain.program.order_conditions import AllOfOrder, Measure, NotOfOrder

if TYPE_CHECKING:
    from loyalty.domain.campaigns.member_facts import MemberFacts
    from loyalty.domain.campaigns.planning import AwardContext, CompiledCampaign, CompiledProgram
    from loyalty.domain.program.campaigns import Campaign
    from loyalty.domain.program.conditions import ConditionPart
    from loyalty.domain.program.member_conditions import MemberCount, MemberStatement
    from loyalty.domain.program.order_conditions import OrderCircumstance, OrderMeasure


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionFinding:
    """What is known about one fact of an order or of its member.

    `details` are the fields of the condition, what the fact `is`, and how much is `missing`.
    `negated`: the condition must not hold. `matters`: the campaign gives nothing because of it.
    """

    fact: str
    holds: bool
    details: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    negated: bool = False
    matters: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFindings:
    """What a campaign gives for an order, and what was found about each of its conditions."""

    campaign: Campaign
    points: int
    findings: tuple[ConditionFinding, ...]

    @property
    def why_not(self) -> tuple[ConditionFinding, ...]:
        """The findings because of which it gives nothing."""
        return tuple(each for each in self.findings if each.matters)


def findings(
    program: CompiledProgram,
    bought: Purchase,
    context: AwardContext,
    *,
    facts: MemberFacts | None = None,
    short: Mapping[str, ConditionFinding] = MappingProxyType({}),
) -> tuple[CampaignFindings, ...]:
    """What every campaign of a program gives for an order as it was bought, and why.

    `facts` are those of the member, while they are known: only the decision is kept with an order.
    `short` names the limit that left a campaign less than the order would have got.
    """
    planned = program.plan(bought, context)
    candidates = program.candidates(bought, context)
    losers = program.outdone(candidates)
    found = []
    for each in program.campaigns:
        conditions = [
            _of_window(each.campaign, bought),
            *_of_member(each.campaign, context, facts),
            *_of_order(each.campaign, program, bought),
        ]
        if each.id not in planned and not any(one.matters for one in conditions):
            if each.id in losers:
                winner = {"winner": losers[each.id]}
                conditions.append(_reason("group", winner))
            elif each.id in candidates:
                conditions.append(_reason("campaign_points_per_order_max", {"left": 0}))
            elif each.worth(bought):
                conditions.append(short.get(each.id) or _reason("limit", {"left": 0}))
            else:
                conditions.append(_too_little(each, bought))
        found.append(
            CampaignFindings(
                campaign=each.campaign,
                points=planned.get(each.id, 0),
                findings=tuple(conditions),
            )
        )
    return tuple(found)


def _reason(fact: str, details: Mapping[str, Any]) -> ConditionFinding:
    return ConditionFinding(fact=fact, holds=False, details=details, matters=True)


def _of_window(campaign: Campaign, bought: Purchase) -> ConditionFinding:
    runs = campaign.when.holds_at(bought.occurred_at)
    return ConditionFinding(fact="when", holds=runs, matters=not runs)


def _of_member(
    campaign: Campaign, context: AwardContext, facts: MemberFacts | None
) -> Iterable[ConditionFinding]:
    if not campaign.is_decided_of_member:
        return
    is_open = campaign.id in context.opened
    if facts is None:
        yield ConditionFinding(fact="for", holds=is_open, matters=not is_open)
        return
    if campaign.activation == "join":
        joined = member_facts.has_joined(campaign, facts)
        yield ConditionFinding(fact="joined", holds=joined, matters=not joined)
    if campaign.members is not None:
        met, found = _walked(campaign.members, lambda leaf: _member_leaf(leaf, facts))
        # Something unknown shuts a campaign whatever its conditions would say of it.
        unknown = met and not is_open and campaign.activation == "auto"
        yield from (replace(each, matters=True) for each in found) if unknown else found


def _of_order(
    campaign: Campaign, program: CompiledProgram, bought: Purchase
) -> Iterable[ConditionFinding]:
    if campaign.orders is None:
        return ()
    lists = program.program.lists
    return _walked(campaign.orders, lambda leaf: _order_leaf(leaf, lists, bought))[1]


def _walked(
    condition: ConditionPart,
    leaf_of: Callable[[Any], ConditionFinding],
    *,
    must_hold: bool = True,
) -> tuple[bool, list[ConditionFinding]]:
    """Whether a condition is as it must be, and the findings about its leaves.

    Leaves matter where the condition around them fails because of them: all alternatives that
    fail, but none if another one holds.
    """
    if isinstance(condition, NotOfOrder | NotOfMember):
        return _walked(condition.negated, leaf_of, must_hold=not must_hold)
    parts = [_walked(part, leaf_of, must_hold=must_hold) for _, part in condition.nested()]
    if not parts:
        leaf = leaf_of(condition)
        is_met = leaf.holds == must_hold
        return is_met, [replace(leaf, negated=not must_hold, matters=not is_met)]
    needs_all = isinstance(condition, AllOfOrder | AllOfMember) == must_hold
    is_met = (all if needs_all else any)(met for met, _ in parts)
    found = [each for _, leaves in parts for each in leaves]
    return is_met, [replace(each, matters=False) for each in found] if is_met else found


def _order_leaf(
    leaf: OrderMeasure | OrderCircumstance, lists: order_facts.Lists, bought: Purchase
) -> ConditionFinding:
    is_true = order_facts.compiled(leaf, lists)(bought)
    if isinstance(leaf, Measure):
        value = order_facts.measured(leaf, lists)(bought)
        return _about(leaf, int(value), holds=is_true, missing=_missing(leaf, value))
    return _about(leaf, sorted(order_facts.stated(leaf, bought.bought)), holds=is_true)


def _member_leaf(leaf: MemberCount | MemberStatement, facts: MemberFacts) -> ConditionFinding:
    """What is found about a member; of their profile only whether it fits, and not what it is."""
    is_true = member_facts.holds(leaf, facts)
    match leaf.fact:
        case "first_order" | "order_number" | "days_since_order" | "member_days":
            number = member_facts.number_of(leaf, facts)
            return _about(leaf, number, holds=is_true, missing=_missing(leaf, number))
        case "tier":
            return _about(leaf, facts.tier, holds=is_true)
        case _:
            return ConditionFinding(fact=leaf.fact, holds=is_true, details=_fields(leaf))


def _about(
    leaf: OrderMeasure | OrderCircumstance | MemberCount | MemberStatement,
    value: object,
    *,
    holds: bool,
    missing: int | None = None,
) -> ConditionFinding:
    details = {**_fields(leaf), "is": value}
    if missing is not None:
        details["missing"] = missing
    return ConditionFinding(fact=leaf.fact, holds=holds, details=details)


def _missing(leaf: ConditionPart, value: int | Fraction | None) -> int | None:
    """How much a number is below its lower bound; None if it is not."""
    lowest, _ = leaf.bounds
    return (
        ceil(lowest - value)
        if lowest is not None and value is not None and value < lowest
        else None
    )


def _fields(leaf: ConditionPart) -> dict[str, Any]:
    """The fields of a condition that were given, as in the document."""
    fields = leaf.model_dump(mode="json", exclude_defaults=True)
    del fields["fact"]
    return fields


def _too_little(each: CompiledCampaign, bought: Purchase) -> ConditionFinding:
    """Why a campaign whose conditions hold gives nothing: too few goods that it covers."""
    lines = bought.lines(each.covers)
    amount_minor, units = amount_of(lines), units_of(lines)
    least = _least(each.campaign.effect)
    if least is None or not (amount_minor or units):
        return _reason("lines", {"is": units})
    fact, needed = least
    value = units if fact == "units" else amount_minor
    bound = "at_least" if fact == "units" else "at_least_minor"
    return _reason(fact, {bound: needed, "is": value, "missing": max(0, needed - value)})


def _least(effect: Effect) -> tuple[str, int] | None:
    """The least amount or number of units that an effect gives points for."""
    match effect:
        case PerUnitEffect(every=every):
            return "units", every
        case StepsEffect(steps=steps):
            return "amount", min(step.at_least_minor for step in steps)
        case RateEffect(tenders=(), rounding="floor"):
            return "amount", -(-effect.per_minor // effect.points)
        case _:
            return None
