"""What a sample of people says of all of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

from loyalty.domain.campaigns.limits import budget_of
from loyalty.domain.kernel.limits import BUDGET

if TYPE_CHECKING:
    from loyalty.domain.campaigns.limits import CampaignBudget
    from loyalty.domain.program.document import Program
    from loyalty.domain.trials.sums import TrialSums, WorldName

# Of a normal distribution, the part within this many deviations is 95 %.
_DEVIATIONS: Final = 1.96


class Estimate(NamedTuple):
    """A number of points, and the interval around it that covers the truth in 95 of 100 samples."""

    points: int
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetDemand:
    """What orders would take of a budget of `points`, and the day on which that would be all.

    Trials do not shut a campaign whose budget ends, so `taken` may be more than there is.
    """

    campaign_id: str
    period: str
    points: int
    taken: int
    ends_on: date | None


def gain_of_all(sums: TrialSums, *, tried: int, people_all: int) -> Estimate:
    """How many points more all people would earn, net of refunds, by what those tried would.

    The interval vanishes if everybody was tried. With a few people it is wide, and it cannot know
    of a member who is unlike all others.
    """
    if not tried:
        return Estimate(0, 0, 0)
    mean = sums.gain_points / tried
    half = 0.0
    if 1 < tried < people_all:
        variance = max(0.0, (sums.gain_squares - tried * mean * mean) / (tried - 1))
        half = _DEVIATIONS * people_all * sqrt(variance / tried * (1 - tried / people_all))
    middle = people_all * mean
    return Estimate(round(middle), round(middle - half), round(middle + half))


def budget_demands(
    sums: TrialSums, world: WorldName, program: Program, *, tried: int, people_all: int
) -> tuple[BudgetDemand, ...]:
    """What all people's orders would take of each budget of a document, in its order."""
    by_day: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for cell, points in sums.cells.items():
        if cell.world == world and cell.dimension == "budget":
            by_day[cell.value][cell.month] += points
    demands: list[BudgetDemand] = []
    for campaign in program.campaigns:
        # How much a budget has does not depend on the day.
        budget = budget_of(campaign, program.point_value, date.min)
        prefix = f"{BUDGET}{campaign.id}#"
        if budget is None:
            continue
        for name in sorted(each for each in by_day if each.startswith(prefix)):
            of_period = budget._replace(period=name.removeprefix(prefix))
            demands.append(_demand(of_period, by_day[name], scale=Fraction(people_all, tried)))
    return tuple(demands)


def _demand(budget: CampaignBudget, by_day: Mapping[str, int], *, scale: Fraction) -> BudgetDemand:
    taken = Fraction()
    ends_on: date | None = None
    for day in sorted(by_day):
        taken += by_day[day] * scale
        if ends_on is None and taken >= budget.points:
            ends_on = date.fromisoformat(day)
    return BudgetDemand(
        campaign_id=budget.campaign_id,
        period=budget.period,
        points=budget.points,
        taken=round(taken),
        ends_on=ends_on,
    )
