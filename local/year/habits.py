"""The customers of a coffee shop in a year: who they are, when they come, what they buy."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from math import exp
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from loyalty.domain.orders.order import Line
from loyalty.domain.people.identity import Identity

TILLS: Final = ("till-elm-street", "till-station")
SHOP: Final = "web-shop"

_FIRST_NAMES: Final = (
    "Ada", "Amir", "Beth", "Caleb", "Dina", "Elio", "Fay", "Grace", "Hugo", "Ines", "Jonas", "Kira",
    "Leon", "Mara", "Nils", "Olga", "Priya", "Quinn", "Rosa", "Sami", "Tess", "Uma", "Vera", "Wes",
    "Xenia", "Yara", "Zoe",
)  # fmt: skip
_LAST_NAMES: Final = (
    "Adler", "Brooks", "Castillo", "Dawson", "Ellis", "Fischer", "Garcia", "Hale", "Ito", "Jensen",
    "Khan", "Lopez", "Moreau", "Novak", "Okafor", "Patel", "Reyes", "Silva", "Tran", "Weber",
)  # fmt: skip

# Of the year, by month: people travel in summer, and give presents in December.
_SEASON: Final = (0.85, 0.92, 1.0, 1.0, 1.02, 0.95, 0.82, 0.8, 1.05, 1.08, 1.12, 1.3)
# Of the week, from Monday on.
_WEEKDAY: Final = (0.95, 0.9, 0.95, 1.0, 1.1, 1.15, 0.7)
_HOURS: Final = tuple(range(7, 20))
_WORKDAY: Final = (9, 14, 10, 5, 4, 6, 8, 5, 5, 6, 4, 2, 1)
_WEEKEND: Final = (1, 3, 7, 11, 11, 8, 6, 7, 8, 6, 3, 2, 1)
_ONLINE_HOURS: Final = (8, 12, 13, 17, 19, 20, 21, 22)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How often a customer comes, and how likely they still come a month later."""

    name: str
    share: float
    days_between: float
    stays: float
    online: float
    keen: float
    """How readily they redeem a reward that they can afford."""


HABITS: Final = (
    Habit(name="daily", share=0.03, days_between=3.6, stays=0.97, online=0.04, keen=0.22),
    Habit(name="weekly", share=0.13, days_between=9, stays=0.94, online=0.12, keen=0.35),
    Habit(name="monthly", share=0.44, days_between=27, stays=0.86, online=0.3, keen=0.4),
    Habit(name="once", share=0.4, days_between=45, stays=0.45, online=0.45, keen=0.3),
)


@dataclass(slots=True, kw_only=True)
class Person:
    """A customer, who is a member once `member_id` is set."""

    number: int
    name: str
    email: Identity
    habit: Habit
    till: str
    birthday: date | None
    reads_mail: bool
    liking: float
    """How much they like the place: 0 is average, 1 is a lot."""
    member_id: str = ""
    is_gone: bool = False
    vouchers: list[str] = field(default_factory=list)


def person(rng: Random, *, number: int) -> Person:
    first, last = rng.choice(_FIRST_NAMES), rng.choice(_LAST_NAMES)
    (habit,) = rng.choices(HABITS, [each.share for each in HABITS])
    born = date(1955, 1, 1) + timedelta(days=rng.randrange(365 * 50))
    return Person(
        number=number,
        name=f"{first} {last}",
        email=Identity("email", f"{first}.{last}.{number}@example.com".lower()),
        habit=habit,
        till=rng.choice(TILLS),
        birthday=born if rng.random() < 0.6 else None,
        reads_mail=rng.random() < 0.75,
        liking=rng.gauss(0, 1),
    )


def newcomers(rng: Random, *, count: int, first: date, last: date) -> list[date]:
    """Return the day on which each joins: many when the program opens, then in waves."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    weights = [
        _SEASON[day.month - 1] * _WEEKDAY[day.weekday()] * (2.5 if (day - first).days < 30 else 1)
        for day in days
    ]
    return sorted(rng.choices(days, weights, k=count))


def moment(rng: Random, day: date, *, online: bool, zone: ZoneInfo) -> datetime:
    """Return a time of that day at which people buy."""
    if online:
        hour = rng.choice(_ONLINE_HOURS)
    else:
        (hour,) = rng.choices(_HOURS, _WEEKEND if day.weekday() > 4 else _WORKDAY)
    time_of_day = time(hour, rng.randrange(60), rng.randrange(60))
    return datetime.combine(day, time_of_day, zone)


def next_visit(rng: Random, who: Person, *, after: date) -> date:
    """Return the day of the next visit: sooner for those who like the place."""
    gap = who.habit.days_between * exp(-0.3 * who.liking) / _SEASON[after.month - 1]
    day = after + timedelta(days=max(1, round(rng.gammavariate(1.6, gap / 1.6))))
    while rng.random() > _WEEKDAY[day.weekday()] / max(_WEEKDAY):
        day += timedelta(days=1)
    return day


def stays(rng: Random, who: Person) -> bool:
    """Whether a customer comes again: few do who do not like the place."""
    monthly = min(0.99, who.habit.stays + 0.06 * who.liking)
    return rng.random() < float(monthly ** (who.habit.days_between / 30))


def score(rng: Random, who: Person, *, mean: float, spread: float, least: int, most: int) -> int:
    """Return a customer's answer to a survey, on its scale."""
    felt = mean + spread * (0.7 * who.liking + rng.gauss(0, 0.7))
    return max(least, min(most, round(felt)))


def basket(rng: Random, *, online: bool) -> Sequence[Line]:
    """Return the lines of one purchase."""
    chances = (
        ("drink", "DRINK", 0.1 if online else 0.95, 375, 695, 2),
        ("pastry", "PASTRY", 0.05 if online else 0.34, 295, 475, 2),
        ("whole_bean", "BEANS", 0.75 if online else 0.06, 1450, 2250, 3),
        ("merch", "MERCH", 0.2 if online else 0.02, 1200, 3200, 1),
        ("machine", "MACHINE", 0.015 if online else 0.002, 12900, 34900, 1),
        ("gift_card", "GIFT", 0.04 if online else 0.006, 2500, 5000, 1),
    )
    lines: list[Line] = []
    for category, sku, chance, least, most, units in chances:
        is_last = category == "gift_card" and not lines
        if rng.random() >= chance and not is_last:
            continue
        quantity = 1 if rng.random() < 0.8 else rng.randint(1, units)
        # Prices end in 5.
        price = rng.randrange(least, most + 1, 10)
        lines.append(
            Line(
                line_id=str(len(lines) + 1),
                sku=sku,
                category=category,
                quantity=quantity,
                amount_minor=price * quantity,
            )
        )
    return lines
