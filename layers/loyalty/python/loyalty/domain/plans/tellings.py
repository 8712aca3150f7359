"""Tellings of a member's plans: by hand, by services and by shops, late, twice or out of order.

Only the latest telling of each source counts, so the sequence in which tellings arrive changes
nothing. All days are local days of the program: the state of a plan on a day follows from the days
alone, with or without a telling on that day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from loyalty.domain.plans.held_plan import HeldPlan
from loyalty.domain.plans.purchases import PlanPurchase, bought_until

if TYPE_CHECKING:
    from loyalty.domain.plans.given_gifts import GivenGift
    from loyalty.domain.program.plans import Plan

# The source of tellings by staff and services, through the API.
BY_HAND: Final = "hand"
# The source of the telling that follows from products.
ORDERS: Final = "orders"
# If there are more sources, the one with the oldest telling is dropped.
SOURCES_MAX: Final = 20

# Products that a member bought; if there are more, the oldest are dropped.
PURCHASES_MAX: Final = 100

# Gifts that can still be taken back; if there are more, the oldest are kept for good.
GIFTS_MAX: Final = 60

type PlanState = Literal["trialing", "active", "grace", "paused", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTelling:
    """The latest telling of a member's plan by one source; `told_at` is its time there.

    The plan began on the day `since`. It is free until `trial_until` and paid until `paid_until`;
    each is the last such day. `ends_on` is its last day, if it does not renew. It is paused from
    `paused_from` until `paused_until` (None: until the next telling).
    """

    plan_id: str
    since: date
    told_at: datetime
    trial_until: date | None = None
    paid_until: date | None = None
    paused_from: date | None = None
    paused_until: date | None = None
    ends_on: date | None = None
    reason: str | None = None

    def held(self, *, grace_days: int, day: date) -> HeldPlan:
        """The plan that follows, with its state of a day announced.

        `grace_days` follow what is paid, unless it ends before.
        """
        nothing = self.since - timedelta(days=1)
        covered = max(filter(None, (self.trial_until, self.paid_until)), default=nothing)
        until = covered + timedelta(days=grace_days)
        if self.ends_on is not None:
            until = min(until, self.ends_on)
        return HeldPlan(
            plan_id=self.plan_id,
            since=self.since,
            until=until,
            announced="active",
            grace_days=max(0, (until - covered).days),
            paused_from=self.paused_from,
            paused_until=self.paused_until,
        ).announced_on(day)

    def state_on(self, day: date, *, grace_days: int) -> PlanState:
        """The state on a day. A trial is over once more than it is paid."""
        state = self.held(grace_days=grace_days, day=day).announced
        is_trial = (
            self.trial_until is not None
            and day <= self.trial_until
            and (self.paid_until is None or self.paid_until <= self.trial_until)
        )
        return "trialing" if is_trial and state == "active" else state

    def outdates(self, other: PlanTelling | None) -> bool:
        """Whether this is the later of two tellings of one source."""
        return other is None or _rank(self) > _rank(other)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPlans:
    """The latest telling of each source about one member's plans. `revision` counts the changes.

    `purchases` are products that are plans, by the order and the plan. `given` are the gifts of
    plans that stand.
    """

    member_id: str
    tellings: Mapping[str, PlanTelling] = field(default_factory=lambda: MappingProxyType({}))
    purchases: Mapping[str, PlanPurchase] = field(default_factory=lambda: MappingProxyType({}))
    given: Mapping[str, GivenGift] = field(default_factory=lambda: MappingProxyType({}))
    revision: int = 0

    def with_gift(self, name: str, gift: GivenGift) -> MemberPlans:
        """The same after a gift was given."""
        given = {**self.given, name: gift}
        by_day = sorted(given, key=lambda each: (given[each].on, each))
        latest = {each: given[each] for each in by_day[-GIFTS_MAX:]}
        return replace(self, given=latest, revision=self.revision + 1)

    def without_gift(self, name: str) -> MemberPlans:
        """The same after a gift was taken back."""
        given = {each: gift for each, gift in self.given.items() if each != name}
        return replace(self, given=given, revision=self.revision + 1)

    def with_purchases(self, found: Mapping[str, PlanPurchase]) -> MemberPlans:
        """The same after a look at an order; unchanged if a later look found it as it is now."""
        after = dict(self.purchases)
        for name, purchase in found.items():
            before = after.get(name)
            if before is None or purchase.counter > before.counter:
                after[name] = replace(purchase, closed_on=before.closed_on if before else None)
        if after == self.purchases:
            return self
        return replace(self, purchases=_newest(after), revision=self.revision + 1)

    def with_telling(self, source: str, telling: PlanTelling) -> MemberPlans:
        """The same after a telling; unchanged if the source has a later telling already."""
        if not telling.outdates(self.tellings.get(source)):
            return self
        after = {**self.tellings, source: telling}
        return replace(self, tellings=_latest(after), revision=self.revision + 1)

    def ended(self, *, on: date, told_at: datetime) -> MemberPlans:
        """The same after all plans that do not end sooner ended with a day."""
        after = {
            source: each
            if each.ends_on is not None and each.ends_on <= on
            else replace(each, ends_on=on, told_at=max(told_at, each.told_at))
            for source, each in self.tellings.items()
        }
        closed = {
            name: replace(each, closed_on=min(on, each.closed_on or on))
            for name, each in self.purchases.items()
        }
        return replace(self, tellings=after, purchases=closed, revision=self.revision + 1)

    def united(self, other: MemberPlans) -> MemberPlans:
        """The tellings of two merged members: for each source the plan that lasts longer."""
        together = dict(self.tellings)
        for source, telling in other.tellings.items():
            own = together.get(source)
            if own is None or _end(telling) > _end(own):
                together[source] = telling
        bought = dict(self.purchases)
        for name, theirs in other.purchases.items():
            ours = bought.get(name)
            if ours is None or theirs.counter > ours.counter:
                bought[name] = theirs
        return replace(
            self,
            tellings=_latest(together),
            purchases=_newest(bought),
            given={**other.given, **self.given},
            revision=self.revision + 1,
        )

    def all_tellings(self) -> Mapping[str, PlanTelling]:
        """The tellings of all sources, with the one that follows from products."""
        plan_ids = sorted({each.plan_id for each in self.purchases.values()})
        bought = {
            f"{ORDERS}/{plan_id}": telling
            for plan_id in plan_ids
            if (telling := telling_of_purchases(plan_id, self.purchases.values()))
        }
        return {**self.tellings, **bought}

    def current(self, plans: Sequence[Plan], *, day: date) -> tuple[str, HeldPlan] | None:
        """The plan that the member has on a day, or had last, and the source that reported it.

        Of several it is the one that lasts longest, and of those that last equally long the one
        that comes first in `plans`, the document's. None: there is no telling.
        """
        ranks = {plan.id: (number, plan.grace_days) for number, plan in enumerate(plans)}
        held = {
            source: each.held(grace_days=ranks.get(each.plan_id, (0, 0))[1], day=day)
            for source, each in self.all_tellings().items()
        }
        if not held:
            return None
        last = len(plans)

        def preference(source: str) -> tuple[date, int, str]:
            plan = held[source]
            return plan.until, -ranks.get(plan.plan_id, (last, 0))[0], source

        source = max(held, key=preference)
        return source, held[source]


def _rank(telling: PlanTelling) -> tuple[datetime, tuple[str, ...]]:
    """Later tellings come after earlier ones, and two of one moment in a fixed sequence."""
    days = (
        telling.since,
        telling.trial_until,
        telling.paid_until,
        telling.paused_from,
        telling.paused_until,
        telling.ends_on,
    )
    written = (day.isoformat() if day else "" for day in days)
    return telling.told_at, (telling.plan_id, *written, telling.reason or "")


def _end(telling: PlanTelling) -> tuple[date, datetime]:
    return telling.held(grace_days=0, day=telling.since).until, telling.told_at


def _latest(tellings: Mapping[str, PlanTelling]) -> dict[str, PlanTelling]:
    by_time = sorted(tellings, key=lambda source: (tellings[source].told_at, source))
    return {source: tellings[source] for source in sorted(by_time[-SOURCES_MAX:])}


def telling_of_purchases(plan_id: str, purchases: Iterable[PlanPurchase]) -> PlanTelling | None:
    """The telling that follows from the products of a plan that a member kept; None: none."""
    run = bought_until(each for each in purchases if each.plan_id == plan_id)
    if run is None:
        return None
    return PlanTelling(
        plan_id=plan_id,
        since=run.since,
        told_at=run.bought_at,
        paid_until=run.until,
        ends_on=run.until,
    )


def _newest(purchases: Mapping[str, PlanPurchase]) -> dict[str, PlanPurchase]:
    by_time = sorted(purchases, key=lambda name: (purchases[name].bought_at, name))
    return {name: purchases[name] for name in sorted(by_time[-PURCHASES_MAX:])}
