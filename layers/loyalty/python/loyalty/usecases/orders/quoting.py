"""What an order would earn, for a member or for one that is made up; nothing is written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from loyalty.domain.campaigns.awards import full_award
from loyalty.domain.campaigns.budgets import budgets_on, left_of
from loyalty.domain.campaigns.findings import findings
from loyalty.domain.campaigns.holdouts import experiments, held_out_of
from loyalty.domain.campaigns.member_facts import MemberFacts, has_offer
from loyalty.domain.campaigns.offers import Offer, OfferReason
from loyalty.domain.campaigns.planning import compiled
from loyalty.domain.kernel.calendar import midnight
from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.ledger.account import Account, lapse_of, settlement
from loyalty.domain.ledger.campaign_counts import decide, decide_of_guest
from loyalty.domain.ledger.entries import Accrual
from loyalty.domain.ledger.member_plans import plan_on
from loyalty.domain.ledger.order_explaining import quote_refund
from loyalty.domain.ledger.refunds import state_of
from loyalty.domain.ledger.tiers import level_of_order
from loyalty.usecases.campaigns.budgets import shards_of
from loyalty.usecases.ledger.participants import needs_at, open_earner
from loyalty.usecases.orders.accrual import NamedCustomer, check_time

if TYPE_CHECKING:
    from loyalty.domain.campaigns.findings import CampaignFindings
    from loyalty.domain.earning.awarding import Award
    from loyalty.domain.ledger.campaign_counts import CampaignDecision
    from loyalty.domain.ledger.entries import RequestedRefund
    from loyalty.domain.ledger.order_explaining import RefundQuote
    from loyalty.domain.orders.order import Order
    from loyalty.domain.program.document import Program
    from loyalty.usecases.ports import Desk, Directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What an order would earn, and for whom; without a member, as a guest's.

    `campaigns` says of every campaign what it would give, and why not more; those that the member
    is held out of, or that were not offered to them, are left out. A guest may be anybody, so for
    them all with a holdout are. `balance` is what the member can spend now, before this order.
    """

    award: Award
    campaigns: tuple[CampaignFindings, ...] = ()
    member_id: str | None = None
    tier: str | None = None
    plan: str | None = None
    balance: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleMember:
    """A member who is made up to try a program: what campaigns may ask of a member.

    `orders` counts the orders before this one, the latest of them on the day `bought_on`. `tier` is
    the level at which the order earns, `plan` the paid plan. `joined` and `offered` are ids of
    campaigns, and `segments` those of segments that are computed.
    """

    orders: int = 0
    bought_on: date | None = None
    enrolled_on: date | None = None
    tier: str | None = None
    plan: str | None = None
    birthday: date | None = None
    locale: str | None = None
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    consents: frozenset[str] = frozenset()
    joined: frozenset[str] = frozenset()
    offered: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """An order that is made up, its member (None: a guest) and a refund of it, if there is one."""

    order: Order
    member: SampleMember | None = None
    refund: RequestedRefund | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleQuote:
    """What a sample would earn, and what its refund would take."""

    quote: Quote
    refund: RefundQuote | None = None


def quote(order: Order, *, customer: NamedCustomer, directory: Directory, desk: Desk) -> Quote:
    """What the order would earn its member now, at the level of its day.

    Budgets may have less left by the time it is recorded.

    Raises:
        NotFound: the customer is named, and is no member.
        ValidationFailed: an order from too long ago, or from the future.
    """
    check_time(order, desk=desk)
    document = desk.program.document
    budgets = budgets_on(document, document.today(order.occurred_at))
    left = left_of(budgets, shards_of(document, order, desk=desk))
    member_id = customer.member_id
    if member_id is None and not customer.identities:
        withheld = experiments(document)
        decision = decide_of_guest(order, document, today=desk.today, held_out=withheld, left=left)
        return _quoted(order, decision, document, withheld=withheld | _not_offered(document))
    if member_id is None:
        member_id = directory.earner_of(customer.identities)
    if member_id is None:
        raise NotFound("There is no such member")
    earner = open_earner(
        member_id,
        needs=needs_at(document, order.occurred_at),
        occurred_at=order.occurred_at,
        strong=False,
        desk=desk,
    )
    account = earner.account
    lapses_after = lapse_of(account, desk.program)
    level = level_of_order(order, account, document)
    plan = plan_on(account, document, day=document.today(order.occurred_at))
    withheld = held_out_of(desk.program, account.member_id)
    decision = decide(
        order,
        account,
        document,
        tier=level.id if level else None,
        plan=plan.id if plan else None,
        today=desk.today,
        about=earner.about,
        held_out=withheld,
        left=left,
    )
    withheld |= _not_offered(document, decision.facts)
    return replace(
        _quoted(order, decision, document, withheld=withheld),
        member_id=account.member_id,
        balance=settlement(account, today=desk.today, lapses_after=lapses_after).after.balance,
    )


def quote_sample(sample: Sample, *, document: Program) -> SampleQuote:
    """What an order would earn by a document that need not be in force, and a refund would take.

    Nothing is used of any limit yet, nobody is held out, and the order may be of any time.
    """
    order = sample.order
    decision = _decide_of_sample(sample, document)
    quoted = _quoted(order, decision, document)
    if sample.refund is None:
        return SampleQuote(quote=quoted)
    accrual = Accrual(
        order=order,
        shares=quoted.award.shares,
        parts=quoted.award.parts,
        tier=decision.context.tier,
        plan=decision.context.plan,
        opened=tuple(decision.context.opened),
        ceilings=decision.context.ceilings,
    )
    refund = quote_refund(
        sample.refund,
        accrual,
        state_of(accrual, None),
        document,
        today=document.today(order.occurred_at),
    )
    return SampleQuote(quote=quoted, refund=refund)


def _decide_of_sample(sample: Sample, document: Program) -> CampaignDecision:
    order, member = sample.order, sample.member
    today = document.today(order.occurred_at)
    if member is None:
        return decide_of_guest(order, document, today=today)
    enrolled_on = member.enrolled_on
    account = Account(
        member_id="",
        orders=member.orders,
        bought_on=member.bought_on,
        enrolled_at=midnight(enrolled_on, document.zone) if enrolled_on else None,
    )
    about = _about(member, document, order.occurred_at)
    return decide(
        order,
        account,
        document,
        tier=member.tier,
        plan=member.plan,
        today=today,
        about=about,
    )


def _about(member: SampleMember, document: Program, occurred_at: datetime) -> MemberFacts:
    return MemberFacts(
        occurred_at=occurred_at,
        segments={
            each.id: each.fingerprint for each in document.segments if each.id in member.segments
        },
        joined=dict.fromkeys(member.joined, occurred_at),
        offered=dict.fromkeys(member.offered, _offer_of(document.today(occurred_at), occurred_at)),
        birthday=member.birthday,
        locale=member.locale,
        attributes=member.attributes,
        consents=member.consents,
    )


def _offer_of(day: date, occurred_at: datetime) -> Offer:
    """An offer that a made-up order of a day uses."""
    return Offer(offered_at=occurred_at, until=day, because=OfferReason("in_turn"), chosen_of=1)


def _not_offered(document: Program, facts: MemberFacts | None = None) -> frozenset[str]:
    """The campaigns that are offered to members, and not to the one of an order."""
    return frozenset(
        each.id
        for each in document.campaigns
        if each.activation == "offer" and not (facts and has_offer(each, facts))
    )


def _quoted(
    order: Order,
    decision: CampaignDecision,
    document: Program,
    *,
    withheld: Collection[str] = (),
) -> Quote:
    """What an order earns by a decision that was not recorded, without campaigns to withhold."""
    context, every = decision.context, compiled(document)
    found = findings(
        every,
        every.purchase(order, tier=context.tier, plan=context.plan),
        context,
        facts=decision.facts,
        rooms=decision.rooms,
    )
    return Quote(
        award=full_award(order, bought=order, program=document, context=context),
        campaigns=tuple(each for each in found if each.campaign.id not in withheld),
        tier=context.tier,
        plan=context.plan,
    )
