"""What a sample of people says of all of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fractions import Fraction
from math import sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

from loyalty.domain.campaigns.limits import budget_of
from loyalty.domain.kernel.limits import BUDGET

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from loyalty.domain.campaigns.limits import CampaignBudget
    from loyalty.domain.trials.sums import TrialSums
    from loyalty.domain.trials.trial import Trial

# Of a normal distribution, the part within this many deviations is 95 %.
_DEVIATIONS: Final = 1.96


class Estimate(NamedTuple):
    """A number of points, and the interval around it that covers the truth in 95 of 100 samples."""

    points: int
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetUse:
    """What orders take of a budget of `points`, and the minute in which it is used up.

    What one minute takes is not cut short, so `taken` may be a little more than there is.
    """

    budget: CampaignBudget
    taken: int
    ends: int | None

    def ends_on(self, zone: ZoneInfo) -> date | None:
        """The local day on which it is used up; None: never."""
        if self.ends is None:
            return None
        return datetime.fromtimestamp(self.ends * 60, UTC).astimezone(zone).date()


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


def budget_uses(
    sums: TrialSums, trial: Trial, *, tried: int, people_all: int
) -> tuple[BudgetUse, ...]:
    """What all people's orders take of each budget of the proposed document, in its order.

    Where the trial knew in which minute a budget ends, that stays so.
    """
    program = trial.proposed.document
    by_minute: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for (name, minute), points in sums.taken.items():
        by_minute[name][minute] += points
    found: list[BudgetUse] = []
    for campaign in program.campaigns:
        # How much a budget has does not depend on the day.
        budget = budget_of(campaign, program.point_value, date.min)
        prefix = f"{BUDGET}{campaign.id}#"
        if budget is None:
            continue
        for name in sorted(each for each in by_minute if each.startswith(prefix)):
            of_period = budget._replace(period=name.removeprefix(prefix))
            use = _use(of_period, by_minute[name], scale=Fraction(people_all, tried))
            found.append(replace(use, ends=trial.ends.get(name, use.ends)))
    return tuple(found)


def with_ends(trial: Trial, sums: TrialSums, *, tried: int, people_all: int) -> Trial:
    """The trial as it is to be tried again, if a budget ends of which that was not known."""
    uses = budget_uses(sums, trial, tried=tried, people_all=people_all) if tried else ()
    ends = {use.budget.name: use.ends for use in uses if use.ends is not None}
    return replace(trial, ends={**ends, **trial.ends})


def _use(budget: CampaignBudget, by_minute: Mapping[int, int], *, scale: Fraction) -> BudgetUse:
    taken = Fraction()
    ends: int | None = None
    for minute in sorted(by_minute):
        taken += by_minute[minute] * scale
        if ends is None and taken >= budget.points:
            ends = minute
    return BudgetUse(budget=budget, taken=round(taken), ends=ends)
