"""What must hold of a program's activities before they are published."""

from collections.abc import Iterator, Sequence

from loyalty.domain.kernel.errors import Fault
from loyalty.domain.kernel.limits import POINTS_MAX
from loyalty.domain.program.activities import RewardedActivity


def checks(activities: Sequence[RewardedActivity]) -> Iterator[Iterator[Fault]]:
    """The checks of activities. `activities` are those that could be read."""
    for index, activity in enumerate(activities):
        place = f"/activities/{index}"
        yield _points(activity, place)
        yield _limits(activity, place)


def _points(activity: RewardedActivity, place: str) -> Iterator[Fault]:
    if activity.worth(frozenset(activity.more)) > POINTS_MAX:
        detail = f"With all of its attributes it earns more than {POINTS_MAX} points"
        yield Fault(f"{place}/more", "out_of_range", detail)


def _limits(activity: RewardedActivity, place: str) -> Iterator[Fault]:
    per_day, ever = activity.per_day_max, activity.ever_max
    if per_day is not None and ever is not None and ever < per_day:
        detail = f"A day cannot have more than the {ever} that count in total"
        yield Fault(f"{place}/per_day_max", "contradiction", detail)
