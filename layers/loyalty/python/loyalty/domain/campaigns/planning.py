"""Which campaigns count for an order, and what each gives.

Selection is read of what was bought: which campaigns hold, who wins a group, and the most that each
may ever give. Worth is computed of what is kept. So no refund makes any campaign give more, a full
refund leaves nothing of it, and it does not matter how a refund is split.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from loyalty.domain.campaigns import effects, order_facts
from loyalty.domain.campaigns.purchases import Covering, Covers, Purchase, covering_by
from loyalty.domain.earning.awarding import rates_of
from loyalty.domain.earning.fees import with_fees

if TYPE_CHECKING:
    from loyalty.domain.campaigns.limits import LimitRoom
    from loyalty.domain.orders.order import Order
    from loyalty.domain.program.campaigns import Campaign
    from loyalty.domain.program.document import Program

# A function serves a few versions of a few programs at a time.
_PROGRAMS_COMPILED: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardContext:
    """What only the moment knew at which an order was recorded, or a later version of it.

    `tier` and `plan` are the level and the paid plan by which it earns. `opened` are the campaigns
    that are decided of the member and are for them, `held_out` those that would count but for their
    holdout. `ceilings` are the most that campaigns may give whose limits left less than the order
    would have got.
    """

    tier: str | None = None
    plan: str | None = None
    opened: frozenset[str] = frozenset()
    held_out: frozenset[str] = frozenset()
    ceilings: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledCampaign:
    """A campaign with its functions: which lines it covers, whether it holds, what it is worth."""

    campaign: Campaign
    covers: Covers
    holds: Callable[[Purchase], bool]
    full_worth: Callable[[Purchase], int]
    order_max: int | None

    @property
    def id(self) -> str:
        return self.campaign.id

    def worth(self, purchase: Purchase) -> int:
        """What it gives for what is kept, without limits: less for less, nothing for nothing."""
        return self.full_worth(purchase) if self.holds(purchase) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledProgram:
    """A program's campaigns in the document's order, and the groups whose best one counts."""

    program: Program
    campaigns: tuple[CompiledCampaign, ...]
    best_of: frozenset[str]

    def purchase(
        self,
        bought: Order,
        remaining: Order | None = None,
        *,
        tier: str | None,
        plan: str | None = None,
    ) -> Purchase:
        """An order, and what is kept of it (all, if nothing is given)."""
        occurred_at = bought.occurred_at.astimezone(self.program.zone)
        rates = rates_of(self.program, day=occurred_at.date(), tier=tier, plan=plan)
        return Purchase(
            with_fees(bought, self.program),
            with_fees(remaining or bought, self.program),
            occurred_at=occurred_at,
            rates=rates,
        )

    def plan(self, bought: Purchase, context: AwardContext) -> dict[str, int]:
        """The most points that each campaign may give for an order, by id in their order.

        Campaigns that give nothing for it are left out.
        """
        most = self.candidates(bought, context)
        for loser in self.outdone(most):
            del most[loser]
        left = self.program.campaign_points_per_order_max
        if left is None:
            return most
        planned: dict[str, int] = {}
        for campaign_id, points in most.items():
            given = min(points, left)
            left -= given
            if given:
                planned[campaign_id] = given
        return planned

    def candidates(self, bought: Purchase, context: AwardContext) -> dict[str, int]:
        """The most that each campaign may give if it wins its group and nothing else limits it."""
        return {
            each.id: points
            for each in self._running(bought, context)
            if (points := self._ceiling(each, bought, context)) > 0
        }

    def values(self, purchase: Purchase, planned: Mapping[str, int]) -> dict[str, int]:
        """What each planned campaign gives for what is kept, without those that give nothing."""
        return {
            each.id: points
            for each in self.campaigns
            if each.id in planned and (points := min(each.worth(purchase), planned[each.id])) > 0
        }

    def outdone(self, most: Mapping[str, int]) -> dict[str, str]:
        """The campaigns that lose their group to another one, each with the winner."""
        winners: dict[str, str] = {}
        members: dict[str, list[str]] = {}
        for each in self.campaigns:
            group = each.campaign.group
            if group is None or each.id not in most:
                continue
            members.setdefault(group, []).append(each.id)
            winner = winners.setdefault(group, each.id)
            if group in self.best_of and most[each.id] > most[winner]:
                winners[group] = each.id
        return {
            campaign_id: winners[group]
            for group, ids in members.items()
            for campaign_id in ids
            if campaign_id != winners[group]
        }

    def _running(self, bought: Purchase, context: AwardContext) -> Iterator[CompiledCampaign]:
        for each in self.campaigns:
            campaign = each.campaign
            if campaign.is_decided_of_member and campaign.id not in context.opened:
                continue
            if campaign.id in context.held_out:
                continue
            if campaign.when.holds_at(bought.occurred_at):
                yield each

    def _ceiling(self, each: CompiledCampaign, bought: Purchase, context: AwardContext) -> int:
        limits = (each.order_max, context.ceilings.get(each.id))
        return min((each.worth(bought), *(limit for limit in limits if limit is not None)))


def compiled(program: Program) -> CompiledProgram:
    """The campaigns of a program with their functions, built once for each document."""
    return _compiled(_Same(program))


def freeze(
    program: CompiledProgram,
    bought: Purchase,
    context: AwardContext,
    *,
    rooms: Mapping[str, LimitRoom],
    had: Mapping[str, int] = MappingProxyType({}),
) -> dict[str, int]:
    """The ceilings of an order whose campaigns have less room in their limits than it would get.

    `rooms` are the points that each campaign with a limit may still give, `had` are those that
    the order has of it already. It follows from what was bought alone, so it does not matter
    whether refunds came first. A campaign with a ceiling may lose its group, so it is repeated
    until nothing changes: each round gives one campaign a ceiling.
    """
    ceilings: dict[str, int] = {}
    while True:
        planned = program.plan(bought, replace(context, ceilings=ceilings))
        short = {
            campaign_id: had.get(campaign_id, 0) + room.points
            for campaign_id, room in rooms.items()
            if planned.get(campaign_id, 0) > had.get(campaign_id, 0) + room.points
        }
        if not short:
            return ceilings
        ceilings |= short


class _Same:
    """A document as a key: equal to itself only, because comparing whole documents is slow."""

    __slots__ = ("program",)

    def __init__(self, program: Program) -> None:
        self.program = program

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.program is self.program

    def __hash__(self) -> int:
        return id(self.program)


@lru_cache(maxsize=_PROGRAMS_COMPILED)
def _compiled(key: _Same) -> CompiledProgram:
    program = key.program
    groups = program.campaign_groups
    covering = covering_by(program.lists)
    return CompiledProgram(
        program=program,
        campaigns=tuple(_campaign(campaign, program, covering) for campaign in program.campaigns),
        best_of=frozenset(group.id for group in groups if group.choose == "best"),
    )


def _campaign(campaign: Campaign, program: Program, covering: Covering) -> CompiledCampaign:
    covers = covering(campaign.lines)
    return CompiledCampaign(
        campaign=campaign,
        covers=covers,
        holds=_condition(campaign, covering),
        full_worth=effects.compiled(campaign.effect, covers, program.earning_rules),
        order_max=min(_order_limits(campaign), default=None),
    )


def _condition(campaign: Campaign, covering: Covering) -> Callable[[Purchase], bool]:
    if campaign.orders is None:
        return lambda _purchase: True
    holds = order_facts.compiled(campaign.orders, covering)
    effect = campaign.effect
    if effect.kind == "fixed" and effect.on_refund == "in_proportion":
        return lambda purchase: holds(purchase.keeping(purchase.bought))
    return holds


def _order_limits(campaign: Campaign) -> Iterator[int]:
    limits = campaign.limits
    if limits.per_order is not None:
        yield limits.per_order
    member = limits.per_member
    if member and member.per == "order" and member.points is not None:
        yield member.points
