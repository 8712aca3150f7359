"""Plans that members buy as a product: how long the units that a member kept last.

It is computed from all purchases that are kept, so refunds and edits of their orders are exact in
whatever sequence they arrive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from loyalty.domain.kernel.calendar import add_months

if TYPE_CHECKING:
    from loyalty.domain.orders.order import Order
    from loyalty.domain.program.document import Program

# No order's source or id contains it.
_SEPARATOR: Final = "#"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPurchase:
    """The months of a plan that are left of an order; 0: all units were returned.

    It counts from the day `on` of the order.

    `counter` counts the changes of the order, so that an earlier look at it changes nothing. If the
    plan was ended since, it ended with the day `closed_on`.
    """

    plan_id: str
    on: date
    bought_at: datetime
    months: int
    counter: int = 0
    closed_on: date | None = None


class PlanRun(NamedTuple):
    """The days of a plan without a gap, both included, and when the last of it was bought."""

    since: date
    until: date
    bought_at: datetime


def purchases_of(
    left: Order,
    program: Program,
    *,
    counter: int,
    recorded: Mapping[str, PlanPurchase],
) -> Mapping[str, PlanPurchase]:
    """The plans among what is left of an order, by order and plan.

    `program` is the version that decided the order's accrual. Of what is `recorded` of the order
    and not left, nothing is kept.
    """
    order_name = _SEPARATOR.join((left.source, left.order_id, ""))
    found = {
        name: replace(each, months=0, counter=counter)
        for name, each in recorded.items()
        if name.startswith(order_name)
    }
    for plan in program.plans:
        months_of = {sku: each.months or 0 for each in plan.billing for sku in each.skus}
        months = sum(
            line.quantity * months_of[line.sku] for line in left.lines if line.sku in months_of
        )
        if months:
            found[f"{order_name}{plan.id}"] = PlanPurchase(
                plan_id=plan.id,
                on=program.today(left.occurred_at),
                bought_at=left.occurred_at,
                months=months,
                counter=counter,
            )
    return found


def bought_until(purchases: Iterable[PlanPurchase]) -> PlanRun | None:
    """The last run of days that purchases of one plan amount to; None if nothing was kept.

    A purchase while it runs extends its end, and a purchase after it was ended starts a new run.
    Months count from its first day, so a run that begins on the 31st ends on the last days of
    shorter months.
    """
    run: PlanRun | None = None
    months, closed_on = 0, None
    in_order = sorted(
        (each for each in purchases if each.months > 0),
        key=lambda each: (each.closed_on is None, each.on, each.bought_at),
    )
    for purchase in in_order:
        is_apart = run is None or purchase.on > run.until + timedelta(days=1)
        if run is None or is_apart or purchase.closed_on != closed_on:
            run, months = PlanRun(purchase.on, purchase.on, purchase.bought_at), 0
        closed_on = purchase.closed_on
        months += purchase.months
        until = add_months(run.since, months) - timedelta(days=1)
        if purchase.closed_on is not None:
            until = min(until, purchase.closed_on)
        run = PlanRun(run.since, until, max(run.bought_at, purchase.bought_at))
    return run
