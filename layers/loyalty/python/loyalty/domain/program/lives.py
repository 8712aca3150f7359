"""How long points live under the policies of a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.expiry_policies import Expiry


def placed_policies(document: Program) -> Iterator[tuple[str, Expiry]]:
    """Every expiry policy of points, with its place; the program's own comes first."""
    yield "/expiry", document.expiry
    for index, rule in enumerate(document.earning_rules):
        if rule.expiry is not None:
            yield f"/earning_rules/{index}/expiry", rule.expiry
    for index, campaign in enumerate(document.campaigns):
        if campaign.expiry is not None:
            yield f"/campaigns/{index}/expiry", campaign.expiry
    for index, level in enumerate(document.tiers.levels if document.tiers else ()):
        if level.expiry is not None:
            yield f"/tiers/levels/{index}/expiry", level.expiry
    for source, policy in document.expiry_by_source.items():
        yield f"/expiry_by_source/{source}", policy


def expiry_policies(document: Program) -> tuple[Expiry, ...]:
    """Every expiry policy that applies to points; the program's own comes first."""
    return tuple(policy for _, policy in placed_policies(document))


def months_days_min(months: int) -> int:
    """How many days so many months have at least."""
    return 28 * months


def life_days_min(policy: Expiry) -> int | None:
    """The shortest life of points in days; None for fixed dates, and if points never expire."""
    if policy.model != "after_earning":
        return None
    return policy.days if policy.months is None else months_days_min(policy.months)
