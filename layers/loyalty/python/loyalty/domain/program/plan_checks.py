"""What must hold of a program's plans before they are published."""

from collections.abc import Iterator, Sequence

from loyalty.domain.kernel.errors import Fault
from loyalty.domain.program.document import Program
from loyalty.domain.program.plans import Plan


def checks(document: Program, plans: Sequence[Plan]) -> Iterator[Iterator[Fault]]:
    """The checks of plans. `plans` are those that could be read."""
    for index, plan in enumerate(plans):
        yield _level(plan, document, f"/plans/{index}")
        yield _prices(plan, plans[:index], f"/plans/{index}")


def _level(plan: Plan, document: Program, place: str) -> Iterator[Fault]:
    level = plan.benefits.level
    if level is not None and (document.tiers is None or document.tiers.level(level) is None):
        detail = f"There is no level “{level}”"
        yield Fault(f"{place}/benefits/level", "unknown_level", detail)


def _prices(plan: Plan, before: Sequence[Plan], place: str) -> Iterator[Fault]:
    """A price that also another plan has would give the member the first one."""
    taken = {
        (billing.storefront, price): other.id
        for other in before
        for billing in other.billing
        for price in billing.prices
    }
    for index, billing in enumerate(plan.billing):
        for number, price in enumerate(billing.prices):
            if (billing.storefront, price) in taken:
                detail = f"“{taken[billing.storefront, price]}” is sold under this name already"
                yield Fault(f"{place}/billing/{index}/prices/{number}", "duplicate_price", detail)
