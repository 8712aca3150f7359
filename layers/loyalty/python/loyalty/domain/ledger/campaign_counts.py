"""What orders count besides points: in the limits of campaigns, and as orders of their member.

Both are written on the account in the order's own transaction, which relies on exactly what was
decided from them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from loyalty.domain.campaigns.limits import (
    ORDERS,
    LimitRoom,
    LimitUse,
    is_limited,
    member_cap,
    outstanding,
    rooms,
    uses,
)
from loyalty.domain.campaigns.member_facts import (
    Interval,
    MemberFacts,
    is_for,
    relied_on,
    sources,
)
from loyalty.domain.campaigns.planning import AwardContext, compiled, freeze
from loyalty.domain.earning.awarding import points_by_giver
from loyalty.domain.earning.qualifying import qualifies
from loyalty.domain.kernel.limits import BUDGET
from loyalty.domain.ledger.account import campaign_counter, used_of_campaigns

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.entries import Accrual
    from loyalty.domain.ledger.refunds import OrderState, Remainder
    from loyalty.domain.orders.order import Order
    from loyalty.domain.program.campaigns import Campaign
    from loyalty.domain.program.document import Program


def _none() -> Mapping[str, int]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignCounting:
    """What a write counts on an account for campaigns, and what that was decided from.

    `used` are changes to counters of limits; those in `at_most` and `exactly` must be so. `orders`
    changes the number of orders, which must lie within `orders_within`; if it `is_unknown`, it must
    still be so. `bought_on` is a later day of the latest order. `bought_on_seen`, if there is one,
    holds the day that must be unchanged, None for no day.
    """

    used: Mapping[str, int] = field(default_factory=_none)
    at_most: Mapping[str, int] = field(default_factory=_none)
    exactly: Mapping[str, int] = field(default_factory=_none)
    orders: int = 0
    orders_within: Interval | None = None
    is_unknown: bool = False
    bought_on: date | None = None
    bought_on_seen: tuple[date | None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignDecision:
    """What was decided of an order and its member: the context in which it earns for ever.

    `relied` are the campaigns whose decision depends on the member's orders. `facts` are what was
    known of the member, and `rooms` what limits left each campaign.
    """

    context: AwardContext
    relied: tuple[Campaign, ...] = ()
    facts: MemberFacts | None = None
    rooms: Mapping[str, LimitRoom] = MappingProxyType({})


def decide(
    order: Order,
    account: Account,
    program: Program,
    *,
    tier: str | None,
    plan: str | None = None,
    today: date,
    about: MemberFacts | None = None,
    held_out: Collection[str] = (),
    left: Mapping[str, int] = MappingProxyType({}),
) -> CampaignDecision:
    """Decide which campaigns are for the member of an order, and what their limits leave.

    `held_out` are the campaigns that the member is held out of, whatever else is decided. `about`
    has what is known of the member beside their account. `left` is what budgets have left, as far
    as they were read.
    """
    if not program.campaigns:
        return CampaignDecision(context=AwardContext(tier=tier, plan=plan))
    occurred_at = order.occurred_at.astimezone(program.zone)
    facts = facts_of(
        account,
        program,
        occurred_at=occurred_at,
        tier=tier,
        about=about,
        counts=has_goods(order),
    )
    running = [each for each in program.campaigns if each.when.holds_at(occurred_at)]
    of_member = [each for each in running if is_for(each, facts)]
    context = AwardContext(
        tier=tier,
        plan=plan,
        opened=frozenset(
            each.id for each in of_member if each.is_decided_of_member and each.id not in held_out
        ),
        held_out=frozenset(each.id for each in of_member if each.id in held_out),
    )
    every = compiled(program)
    room = rooms(program, facts.day, today=today, used=used_of_campaigns(account), left=left)
    purchase = every.purchase(order, tier=tier, plan=plan)
    ceilings = freeze(every, purchase, context, rooms=room)
    return CampaignDecision(
        context=replace(context, ceilings=ceilings),
        relied=tuple(each for each in running if sources(each) & {"orders", "bought_on"}),
        facts=facts,
        rooms=room,
    )


def decide_of_guest(
    order: Order,
    program: Program,
    *,
    today: date,
    held_out: Collection[str] = (),
    left: Mapping[str, int] = MappingProxyType({}),
) -> CampaignDecision:
    """What would be decided of an order of nobody known: no campaign that asks for the member.

    `held_out` are campaigns that are withheld.
    """
    every, context = compiled(program), AwardContext(held_out=frozenset(held_out))
    room = rooms(program, program.today(order.occurred_at), today=today, used={}, left=left)
    ceilings = freeze(every, every.purchase(order, tier=None), context, rooms=room)
    return CampaignDecision(context=replace(context, ceilings=ceilings), rooms=room)


def facts_of(
    account: Account,
    program: Program,
    *,
    occurred_at: datetime,
    tier: str | None,
    about: MemberFacts | None,
    counts: bool = True,
) -> MemberFacts:
    """What is known of a member, for an order of a local time at a level.

    `about` has what is known beside the account, `counts` whether the order's goods cost something.
    """
    enrolled_at = account.enrolled_at
    return replace(
        about or MemberFacts(occurred_at=occurred_at),
        occurred_at=occurred_at,
        counts=counts,
        orders=account.orders,
        bought_on=account.bought_on,
        enrolled_on=program.today(enrolled_at) if enrolled_at else None,
        tier=tier,
    )


def counting_of_order(
    order: Order,
    account: Account,
    program: Program,
    decision: CampaignDecision,
    *,
    counted: Iterable[LimitUse],
    returned: Iterable[LimitUse] = (),
) -> CampaignCounting:
    """What an order counts on its member's account, and what its decision relied on.

    `counted` is what it used of limits, `returned` what refunds that waited for it gave back.
    """
    day = program.today(order.occurred_at)
    net = Counter(dict(counted))
    counting = _counting_of_limits(
        account, program, day, ceilings=decision.context.ceilings, taken=Counter(net)
    )
    for limit, amount in returned:
        net[limit] += amount
    counting = replace(counting, used=_on_account(net))
    if account.orders is None:
        return replace(counting, is_unknown=True)
    within = Interval(lowest=0)
    for campaign in decision.relied:
        within = within.within(relied_on(campaign, account.orders))
    reads_days = any("bought_on" in sources(each) for each in decision.relied)
    return replace(
        counting,
        orders=int(has_goods(order)) + net[ORDERS],
        orders_within=within,
        bought_on=_later(account, day) if has_goods(order) else None,
        bought_on_seen=(account.bought_on,) if reads_days else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CountsMoved:
    """What a refund or an edit moved: what the order now counts by campaign, and each limit.

    `counted` is None in a program without campaigns. `campaign_points` is how much more each
    campaign has given the member by it; negative: what was taken back. `has_goods` says whether
    goods that cost something are left of the order.
    """

    counted: Mapping[str, int] | None = None
    uses: tuple[LimitUse, ...] = ()
    campaign_points: Mapping[str, int] = field(default_factory=_none)
    has_goods: bool = False


def moved(
    accrual: Accrual,
    program: Program,
    *,
    before: Remainder,
    after: Remainder,
    forgiven: int,
    today: date,
) -> CountsMoved:
    """What changes in limits with what is left of an order, once it is known what was forgiven.

    `forgiven` are all points of the order that are forgiven by now. A limit gets back what was
    really taken back from the member. The order counts as one as long as goods that cost something
    are left of it, or points of it were forgiven.
    """
    order_change = counts_as_order(after.order, forgiven) - counts_as_order(
        before.order, before.state.forgiven
    )
    orders = (LimitUse(ORDERS, order_change),) if order_change else ()
    if not program.campaigns:
        return CountsMoved(uses=orders, has_goods=has_goods(after.order))
    was, now = before.award, after.award
    fallen = sum((points_by_giver(was.shares) - points_by_giver(now.shares)).values())
    newly_forgiven = max(0, forgiven - before.state.forgiven)
    counted = counted_of(accrual, before.state)
    counts = outstanding(
        program,
        before=was.campaign_points,
        after=now.campaign_points,
        counted=counted,
        taken_back=(fallen - newly_forgiven, fallen) if fallen else (1, 1),
    )
    day = program.today(accrual.order.occurred_at)
    changes = uses(program, day, today=today, before=counted, after=counts)
    change = Counter(counts)
    change.subtract({each.id: counted.get(each.id, 0) for each in program.campaigns})
    return CountsMoved(
        counted=counts,
        uses=(*changes, *orders),
        campaign_points={campaign_id: points for campaign_id, points in change.items() if points},
        has_goods=has_goods(after.order),
    )


def counting_of_step(
    account: Account,
    accrual: Accrual,
    program: Program,
    step: CountsMoved,
    *,
    ceilings: Mapping[str, int] | None = None,
) -> CampaignCounting:
    """What a refund or an edit counts on an account; `ceilings` are those that it decided anew.

    An order becomes one by an edit that adds goods to it.
    """
    net = Counter(dict(step.uses))
    day = program.today(accrual.order.occurred_at)
    counting = _counting_of_limits(
        account,
        program,
        day,
        ceilings=ceilings or {},
        taken=+net,
    )
    counting = replace(counting, used=_on_account(net))
    change = net[ORDERS]
    if account.orders is None or account.orders + change < 0:
        return counting
    return replace(
        counting,
        orders=change,
        orders_within=Interval(lowest=max(0, -change)) if change else None,
        bought_on=_later(account, day) if step.has_goods else None,
    )


def counted_of(accrual: Accrual, state: OrderState) -> Mapping[str, int]:
    """What an order counts of each campaign, in limits and as a cost: at first, its points."""
    return points_by_giver(accrual.shares) if state.counted is None else state.counted


def ceilings_of_edit(
    order: Order,
    account: Account,
    program: Program,
    accrual: Accrual,
    *,
    before: OrderState,
    today: date,
    left: Mapping[str, int] = MappingProxyType({}),
) -> Mapping[str, int] | None:
    """The ceilings of a new version of an order: what it counted in limits, and what they leave.

    None where no campaign has a limit.
    """
    if not any(map(is_limited, program.campaigns)):
        return None
    had = counted_of(accrual, before)
    every = compiled(program)
    room = rooms(
        program,
        program.today(order.occurred_at),
        today=today,
        used=used_of_campaigns(account),
        left=left,
        had=had,
    )
    context = AwardContext(
        tier=accrual.tier,
        plan=accrual.plan,
        opened=frozenset(accrual.opened),
        held_out=frozenset(accrual.held_out),
    )
    purchase = every.purchase(order, tier=accrual.tier, plan=accrual.plan)
    return freeze(every, purchase, context, rooms=room, had=had)


def has_goods(order: Order) -> bool:
    """Whether an order counts as one of its member: its goods cost something."""
    return qualifies(order, points=0, basis="orders") > 0


def counts_as_order(left: Order, forgiven: int) -> int:
    """1 if an order counts as one of its member, by what is left of it and what was forgiven."""
    return int(has_goods(left) or forgiven > 0)


def _later(account: Account, day: date) -> date | None:
    """A day on which the member bought, if it is later than the latest one."""
    return day if account.bought_on is None or account.bought_on < day else None


def _counting_of_limits(
    account: Account,
    program: Program,
    day: date,
    *,
    ceilings: Mapping[str, int],
    taken: Counter[str],
) -> CampaignCounting:
    """What taking from limits relies on: room for it, or what left less than was wanted."""
    used = used_of_campaigns(account)
    at_most: dict[str, int] = {}
    exactly: dict[str, int] = {}
    for campaign in program.campaigns:
        cap = member_cap(campaign, day)
        for name, most in cap.maxima if cap else ():
            if campaign.id in ceilings:
                exactly[campaign_counter(name)] = used.get(name, 0)
            elif taken[name] > 0:
                at_most[campaign_counter(name)] = most - taken[name]
    return CampaignCounting(at_most=at_most, exactly=exactly)


def _on_account(net: Counter[str]) -> dict[str, int]:
    """Changes to a member's counters; budgets and the number of orders are elsewhere."""
    return {
        campaign_counter(name): amount
        for name, amount in net.items()
        if amount and name != ORDERS and not name.startswith(BUDGET)
    }
