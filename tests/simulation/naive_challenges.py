"""A second, naive implementation of challenges, to compare what members are given with.

It imports none of the product's rules, and reads items as they are in the table.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from loyalty.domain.program.document import Program
from tests.simulation.naive_campaigns import period, sale_of

# Amounts by window and, within it, by what is counted separately.
type Counts = dict[str, Counter[str]]
type ChallengeIn = Callable[[int], Any]


def counts_of(accrual: Any, state: Any, program: Program) -> dict[str, Counts]:
    """What is left of an order counts for each challenge of the version of its accrual."""
    if (state or {}).get("verdict") == "rejected":
        return {}
    sale = sale_of(accrual, state, program)
    found: dict[str, Counts] = {}
    for challenge in program.challenges:
        window = _window(challenge, sale.local.date())
        lines = [each for each in sale.covered(challenge.counts.of) if each.amount > 0]
        spent = sum(each.amount for each in lines)
        least = challenge.counts.amount_minor_min or 1
        if window is None or spent < least or challenge.counts.what == "activities":
            continue
        match challenge.counts.what:
            case "categories":
                named = set(challenge.counts.of.categories)
                tally = Counter({each.category or "": 1 for each in lines if each.category})
                tally = Counter({name: 1 for name in tally if name in named})
            case "orders":
                tally = Counter({"*": 1})
            case "units":
                tally = Counter({"*": sum(each.units for each in lines)})
            case _:
                tally = Counter({"*": spent})
        most = challenge.counts.per_order_max
        if most is not None and challenge.counts.what != "categories":
            tally["*"] = min(tally["*"], most)
        if tally.total():
            found[challenge.id] = {window: tally}
    return found


def counts_of_activity(item: Any, program: Program, day: str) -> dict[str, Counts]:
    """What an activity of a day counts for each challenge of the version that judges it."""
    if item["state"] != "awarded":
        return {}
    found: dict[str, Counts] = {}
    for challenge in program.challenges:
        window = _window(challenge, date.fromisoformat(day))
        if window is not None and challenge.counts.activity == item["about"]["activity"]:
            found[challenge.id] = {window: Counter({"*": 1})}
    return found


def given_for(
    windows: Mapping[str, tuple[int, Mapping[str, int]]], challenge_in: ChallengeIn
) -> Counter[str]:
    """How often each window is worth what its challenge gives.

    `windows` say the version whose terms judge them, and what counts in them.
    """
    due = Counter[str]()
    periods: list[tuple[int, Any]] = []
    for window, (version, tally) in windows.items():
        challenge = challenge_in(version)
        counted = [amount for amount in tally.values() if amount > 0]
        if challenge.streak:
            if counted:
                periods.append((_ordinal(window), challenge))
            continue
        amount = len(counted) if challenge.counts.what == "categories" else sum(counted)
        due[window] = min(amount // challenge.target, challenge.times_max)
    if periods:
        due["ever"] += _streaks(sorted(periods, key=lambda each: each[0]))
    return +due


def _streaks(periods: Iterable[tuple[int, Any]]) -> int:
    """How often enough periods lie close enough together, each period used once at most."""
    times, used_until, times_max = 0, -1, 0
    numbers: list[int] = []
    for number, challenge in periods:
        streak, times_max = challenge.streak, challenge.times_max
        numbers.append(number)
        first = max(used_until, number - streak.in_a_row - streak.freezes)
        if sum(first < each for each in numbers) >= streak.in_a_row:
            times, used_until = times + 1, number
    return min(times, times_max)


def _window(challenge: Any, day: date) -> str | None:
    if challenge.starts_on and day < challenge.starts_on:
        return None
    if challenge.ends_on and challenge.ends_on < day:
        return None
    kind = challenge.streak.every if challenge.streak else challenge.window
    if kind == "ever":
        return "ever"
    if kind == "quarter":
        return f"{day.year}-Q{1 + (day.month > 3) + (day.month > 6) + (day.month > 9)}"
    if isinstance(kind, str):
        return period(kind, day)
    days = [kind.starts_on + timedelta(days=number) for number in range(400)]
    inside = day in days[: days.index(kind.ends_on) + 1]
    return f"{kind.starts_on}/{kind.ends_on}" if inside else None


def _ordinal(window: str) -> int:
    """The number of a day or a week of a streak."""
    year, _, week = window.partition("-W")
    if week:
        return date.fromisocalendar(int(year), int(week), 1).toordinal() // 7
    return date.fromisoformat(window).toordinal()
