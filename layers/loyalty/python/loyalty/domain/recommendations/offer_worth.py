"""What offers of campaigns are worth beside each other, by what earlier ones brought.

A campaign that few members were offered is taken to be like the others, the more so the fewer they
are. So a new campaign has its chance, and a lucky first week decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Final, NamedTuple

# The worth of a campaign like the others.
WORTH_USUAL: Final = 1000
_WORTH_MIN: Final = WORTH_USUAL // 10
_WORTH_MAX: Final = WORTH_USUAL * 10
# This many members without the offer are added to those who got it.
_SHRINKAGE: Final = 100


class OfferOutcome(NamedTuple):
    """What offers of a campaign led to: how many members were offered it, and how many used it.

    `revenue_minor` is what their orders brought, less refunds; `cost_minor` is what the points that
    are left are worth, None if that is not known.
    """

    members: int
    used: int
    revenue_minor: int = 0
    cost_minor: int | None = 0

    def with_more(self, other: OfferOutcome) -> OfferOutcome:
        """Both together; the members are other ones."""
        is_known = self.cost_minor is not None and other.cost_minor is not None
        return OfferOutcome(
            self.members + other.members,
            self.used + other.used,
            self.revenue_minor + other.revenue_minor,
            (self.cost_minor or 0) + (other.cost_minor or 0) if is_known else None,
        )


NO_OUTCOME: Final = OfferOutcome(0, 0)


def worth_of(
    campaigns: Iterable[str],
    outcomes: Mapping[str, OfferOutcome],
    *,
    margin_percent: int | None,
) -> dict[str, int]:
    """What an offer of each campaign is worth, in thousandths of what one of any is.

    With a margin it is what orders bring less what their points cost; without, or where points have
    no worth, it is how many members use it. It is at least a tenth and at most ten times the usual.
    """
    counts_money = margin_percent is not None and all(
        each.cost_minor is not None for each in outcomes.values()
    )

    def brought(outcome: OfferOutcome) -> Fraction:
        if not counts_money:
            return Fraction(outcome.used)
        margin = Fraction(outcome.revenue_minor * (margin_percent or 0), 100)
        return margin - (outcome.cost_minor or 0)

    members = sum(each.members for each in outcomes.values())
    usual = sum(map(brought, outcomes.values()), Fraction()) / members if members else Fraction()
    if usual <= 0:
        return dict.fromkeys(campaigns, WORTH_USUAL)
    found = {}
    for campaign_id in campaigns:
        outcome = outcomes.get(campaign_id, NO_OUTCOME)
        shrunk = (brought(outcome) + _SHRINKAGE * usual) / (outcome.members + _SHRINKAGE)
        worth = round(WORTH_USUAL * shrunk / usual)
        found[campaign_id] = min(_WORTH_MAX, max(_WORTH_MIN, worth))
    return found
