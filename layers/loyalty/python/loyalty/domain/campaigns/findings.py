"""Why a campaign gives points for an order, and why not: condition by condition, in values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from loyalty.domain.campaigns import member_facts, order_facts
from loyalty.domain.campaigns.planning import AwardContext
from loyalty.domain.campaigns.purchases import (
    Covering,
    Purchase,
    amount_of,
    covering_by,
    units_of,
)
from loyalty.domain.earning.awarding import paid_share

if TYPE_CHECKING:
    from datetime import datetime

    from loyalty.domain.campaigns.limits import LimitRoom
    from loyalty.domain.campaigns.member_facts import MemberFacts
    from loyalty.domain.campaigns.planning import CompiledCampaign, CompiledProgram
    from loyalty.domain.program.campaign_effects import Effect
    from loyalty.domain.program.campaigns import Campaign
    from loyalty.domain.program.member_conditions import (
        MemberCondition,
        MemberCount,
        MemberStatement,
    )
    from loyalty.domain.program.order_conditions import (
        OrderCircumstance,
        OrderCondition,
        OrderMeasure,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionFinding:
    """What is known about one fact of an order or of its member.

    `details` are the fields of the condition, what the fact `is`, and how much is `missing`.
    `negated`: the condition must not hold. `matters`: the campaign gives nothing because of it.
    `is_alternative`: it is one of several of which another one would do.
    """

    fact: str
    holds: bool
    details: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    negated: bool = False
    matters: bool = False
    is_alternative: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFindings:
    """What a campaign gives for an order, and what was found about each of its conditions.

    `could_give` are the points that it would give if nothing stood against it: for these goods, or
    for the fewest that are worth anything. More goods may give more.
    """

    campaign: Campaign
    points: int
    could_give: int
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
    rooms: Mapping[str, LimitRoom] = MappingProxyType({}),
) -> tuple[CampaignFindings, ...]:
    """What every campaign of a program gives for an order as it was bought, and why.

    `facts` are those of the member, while they are known: only the decision is kept with an order.
    `rooms` are what limits leave each campaign, while that is known.
    """
    candidates = program.candidates(bought, context)
    outcome = _Outcome(
        planned=program.plan(bought, context),
        candidates=candidates,
        losers=program.outdone(candidates),
        ceilings=context.ceilings,
        rooms=rooms,
    )
    found = []
    for each in program.campaigns:
        conditions = [
            _of_window(each.campaign, bought.occurred_at),
            *_of_holdout(each.campaign, context),
            *_of_member(each.campaign, context, facts),
            *_of_order(each.campaign, program, bought),
            *outcome.of_spent_limit(each),
        ]
        if not any(one.matters for one in conditions):
            conditions += outcome.of_choice(each, bought)
        found.append(
            CampaignFindings(
                campaign=each.campaign,
                points=outcome.planned.get(each.id, 0),
                could_give=outcome.most_of(each, bought),
                findings=tuple(conditions),
            )
        )
    return tuple(found)


def why_not_for(
    campaign: Campaign, facts: MemberFacts, *, cap_is_used_up: bool
) -> tuple[ConditionFinding, ...]:
    """Why no order that a member made at the time of these facts would get anything of a campaign.

    It is what stands against it of the time and of the member, whatever the order is.
    """
    opened = frozenset({campaign.id}) if member_facts.is_for(campaign, facts) else frozenset[str]()
    found = [
        _of_window(campaign, facts.occurred_at),
        *_of_member(campaign, AwardContext(opened=opened), facts),
    ]
    if cap_is_used_up:
        found.append(_reason("cap", {"left": 0}))
    return tuple(each for each in found if each.matters)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What was chosen for an order among campaigns, and within which limits."""

    planned: Mapping[str, int]
    candidates: Mapping[str, int]
    losers: Mapping[str, str]
    ceilings: Mapping[str, int]
    rooms: Mapping[str, LimitRoom]

    def of_spent_limit(self, each: CompiledCampaign) -> Iterator[ConditionFinding]:
        """The limit that leaves nothing, whatever the order is."""
        room = self.rooms.get(each.id)
        if room and not room.points:
            yield _reason(room.limit, {"left": 0})

    def of_choice(self, each: CompiledCampaign, bought: Purchase) -> Iterator[ConditionFinding]:
        """Why a campaign whose conditions hold gives nothing, or less than it is worth."""
        worth, chosen = each.worth(bought), self.candidates.get(each.id, 0)
        most = worth if each.order_max is None else min(worth, each.order_max)
        if not worth:
            yield _too_little(each, bought)
            return
        if each.order_max is not None and each.order_max < worth:
            yield _reason("per_order", {"at_most": each.order_max}, matters=False)
        if chosen < most:
            left = self.ceilings.get(each.id, 0)
            yield _reason(self._limit_of(each.campaign), {"left": left}, matters=not left)
        if each.id in self.losers:
            yield _reason("group", {"winner": self.losers[each.id]})
        elif (given := self.planned.get(each.id, 0)) < chosen:
            yield _reason("campaign_points_per_order_max", {"left": given}, matters=not given)

    def most_of(self, each: CompiledCampaign, bought: Purchase) -> int:
        """What a campaign would give if nothing but its limits stood against it."""
        worth = each.full_worth(bought) or _least_worth(each.campaign.effect)
        room = self.rooms.get(each.id)
        limits = (each.order_max, room and room.points)
        return min((worth, *(limit for limit in limits if limit is not None)))

    def _limit_of(self, campaign: Campaign) -> str:
        """The limit that cut a campaign: of two, an order does not remember which one."""
        if room := self.rooms.get(campaign.id):
            return room.limit
        has_cap = campaign.limits.per_member is not None
        if has_cap and campaign.limits.budget is not None:
            return "limit"
        return "cap" if has_cap else "budget"


def _reason(fact: str, details: Mapping[str, Any], *, matters: bool = True) -> ConditionFinding:
    """Something else than a condition that stands against a campaign; it may only make it less."""
    return ConditionFinding(fact=fact, holds=False, details=details, matters=matters)


def _of_window(campaign: Campaign, occurred_at: datetime) -> ConditionFinding:
    runs = campaign.when.holds_at(occurred_at)
    return ConditionFinding(fact="when", holds=runs, matters=not runs)


def _of_holdout(campaign: Campaign, context: AwardContext) -> Iterator[ConditionFinding]:
    if campaign.id in context.held_out:
        yield _reason("held_out", {})


def _of_member(
    campaign: Campaign, context: AwardContext, facts: MemberFacts | None
) -> Iterable[ConditionFinding]:
    if not campaign.is_decided_of_member:
        return
    is_open = campaign.id in context.opened or campaign.id in context.held_out
    if facts is None:
        yield ConditionFinding(fact="for", holds=is_open, matters=not is_open)
        return
    takes_part = member_facts.takes_part(campaign, facts)
    if campaign.activation != "auto":
        fact = "joined" if campaign.activation == "join" else "offered"
        yield ConditionFinding(fact=fact, holds=takes_part, matters=not takes_part)
    if campaign.members is not None:
        met, found = _walked(campaign.members, lambda leaf: _member_leaf(leaf, facts))
        # Something unknown shuts a campaign whatever its conditions would say of it.
        unknown = met and takes_part and not is_open
        yield from (replace(each, matters=True) for each in found) if unknown else found


def _of_order(
    campaign: Campaign, program: CompiledProgram, bought: Purchase
) -> Iterable[ConditionFinding]:
    if campaign.orders is None:
        return ()
    covering = covering_by(program.program.lists)
    return _walked(campaign.orders, lambda leaf: _order_leaf(leaf, covering, bought))[1]


def _walked(
    condition: OrderCondition | MemberCondition,
    leaf_of: Callable[[Any], ConditionFinding],
    *,
    must_hold: bool = True,
) -> tuple[bool, list[ConditionFinding]]:
    """Whether a condition is as it must be, and the findings about its leaves.

    Leaves matter where the condition around them fails because of them: all alternatives that
    fail, but none if another one holds.
    """
    within: Sequence[OrderCondition | MemberCondition]
    match condition.fact:
        case "(not)":
            return _walked(condition.negated, leaf_of, must_hold=not must_hold)
        case "(all)":
            within, needs_all = condition.all, must_hold
        case "(any)":
            within, needs_all = condition.any, not must_hold
        case _:
            leaf = leaf_of(condition)
            is_met = leaf.holds == must_hold
            return is_met, [replace(leaf, negated=not must_hold, matters=not is_met)]
    parts = [_walked(part, leaf_of, must_hold=must_hold) for part in within]
    is_met = (all if needs_all else any)(met for met, _ in parts)
    found = [each for _, leaves in parts for each in leaves]
    if is_met:
        return is_met, [replace(each, matters=False) for each in found]
    if not needs_all and len(parts) > 1:
        found = [replace(each, is_alternative=True) for each in found]
    return is_met, found


def _order_leaf(
    leaf: OrderMeasure | OrderCircumstance, covering: Covering, bought: Purchase
) -> ConditionFinding:
    is_true = order_facts.compiled(leaf, covering)(bought)
    match leaf.fact:
        case "channel" | "source" | "location" | "tender" | "code":
            return _about(leaf, sorted(order_facts.stated(leaf, bought.bought)), holds=is_true)
        case _:
            value = order_facts.measured(leaf, covering)(bought)
            return _about(leaf, int(value), holds=is_true, missing=_missing(leaf, value))


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


def _missing(leaf: OrderMeasure | MemberCount, value: int | Fraction | None) -> int | None:
    """How much a number is below what it has to be; None if it is not."""
    lowest, _ = leaf.bounds
    if leaf.fact == "order_number":
        lowest = max((each for each in (lowest, leaf.exactly) if each is not None), default=None)
        if leaf.every and value is not None:
            lowest = -(-max(ceil(value), lowest or 0) // leaf.every) * leaf.every
    return (
        ceil(lowest - value)
        if lowest is not None and value is not None and value < lowest
        else None
    )


def _fields(
    leaf: OrderMeasure | OrderCircumstance | MemberCount | MemberStatement,
) -> dict[str, Any]:
    """The fields of a condition that were given, as in the document.

    What an order's number has to be is `exactly`, because a finding says what it `is`.
    """
    fields = leaf.model_dump(mode="json", exclude_defaults=True)
    del fields["fact"]
    if "is" in fields:
        fields["exactly"] = fields.pop("is")
    return fields


def _too_little(each: CompiledCampaign, bought: Purchase) -> ConditionFinding:
    """Why a campaign whose conditions hold gives nothing: too few goods that it covers."""
    lines, effect = bought.lines(each.covers), each.campaign.effect
    amount_minor, units = amount_of(lines), units_of(lines)
    if (
        effect.kind == "rate"
        and effect.tenders
        and not paid_share(bought.bought, effect.tenders)[0]
    ):
        paid = sorted(tender.kind for tender in bought.bought.tenders)
        return _reason("tender", {"is_in": list(effect.tenders), "is": paid})
    least = _least(effect)
    if least is None or not (amount_minor or units):
        return _reason("lines", {"is": units})
    fact, needed, _ = least
    value = units if fact == "units" else amount_minor
    bound = "at_least" if fact == "units" else "at_least_minor"
    return _reason(fact, {bound: needed, "is": value, "missing": max(0, needed - value)})


class _Least(NamedTuple):
    """The least amount, or number of units, that an effect gives points for, and how many."""

    fact: Literal["amount", "units"]
    needed: int
    points: int


def _least(effect: Effect) -> _Least | None:
    match effect.kind:
        case "per_unit":
            return _Least("units", effect.every, effect.points)
        case "steps":
            step = min(effect.steps, key=lambda each: each.at_least_minor)
            return _Least("amount", step.at_least_minor, step.points)
        case "rate" if not effect.tenders and effect.rounding == "floor":
            return _Least("amount", -(-effect.per_minor // effect.points), 1)
        case _:
            return None


def _least_worth(effect: Effect) -> int:
    """The fewest points that an effect gives, if it gives any."""
    least = _least(effect)
    if effect.kind == "fixed":
        return effect.points
    return least.points if least else 0
