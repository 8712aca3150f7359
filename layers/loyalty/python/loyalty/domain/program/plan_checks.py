"""What must hold of a program's plans before they are published."""

from collections.abc import Iterator, Sequence

from loyalty.domain.kernel.errors import Fault
from loyalty.domain.program.document import Program
from loyalty.domain.program.given_rewards import given_gift
from loyalty.domain.program.plans import Plan


def checks(document: Program, plans: Sequence[Plan]) -> Iterator[Iterator[Fault]]:
    """The checks of plans. `plans` are those that could be read."""
    for index, plan in enumerate(plans):
        yield _level(plan, document, f"/plans/{index}")
        yield _gifts(plan, document, f"/plans/{index}")
        yield _billing(plan, f"/plans/{index}")
        yield _prices(plan, plans[:index], f"/plans/{index}")


def _level(plan: Plan, document: Program, place: str) -> Iterator[Fault]:
    level = plan.benefits.level
    if level is not None and (document.tiers is None or document.tiers.level(level) is None):
        detail = f"There is no level “{level}”"
        yield Fault(f"{place}/benefits/level", "unknown_level", detail)


def _gifts(plan: Plan, document: Program, place: str) -> Iterator[Fault]:
    for name in ("on_start", "monthly"):
        given = getattr(plan.benefits, name)
        if given is not None:
            yield from given_gift(given, document, f"{place}/benefits/{name}")


def _billing(plan: Plan, place: str) -> Iterator[Fault]:
    for index, billing in enumerate(plan.billing):
        pointer = f"{place}/billing/{index}"
        if bool(billing.prices) == bool(billing.skus):
            detail = "Name either the prices of a shop's subscriptions, or the SKUs of products"
            yield Fault(pointer, "billing_unclear", detail)
        elif billing.prices and billing.storefront is None:
            yield Fault(f"{pointer}/storefront", "missing", "Say which shop has these prices")
        elif billing.skus and billing.months is None:
            yield Fault(
                f"{pointer}/months", "missing", "Say how many months of the plan a unit pays"
            )
        if (billing.storefront and billing.skus) or (billing.months and billing.prices):
            detail = "Use `storefront` with `prices`, and `months` with `skus`"
            yield Fault(pointer, "contradiction", detail)


def _prices(plan: Plan, before: Sequence[Plan], place: str) -> Iterator[Fault]:
    """If two plans have the same price, the member gets the first one."""
    taken = {
        (billing.storefront, name): other.id
        for other in before
        for billing in other.billing
        for name in (*billing.prices, *billing.skus)
    }
    for index, billing in enumerate(plan.billing):
        for field, names in (("prices", billing.prices), ("skus", billing.skus)):
            for number, name in enumerate(names):
                if (billing.storefront, name) in taken:
                    detail = f"“{taken[billing.storefront, name]}” is sold under this name already"
                    pointer = f"{place}/billing/{index}/{field}/{number}"
                    yield Fault(pointer, "duplicate_price", detail)
