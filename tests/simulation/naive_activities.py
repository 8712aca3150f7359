"""A second, naive implementation of activities, to compare what members are given with.

It imports none of the product's rules, and reads items as they are in the table.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from loyalty.domain.program.document import Program

# A limit's use and how many of it a member may have.
type Place = tuple[str, int]


def terms_of(item: Any, program: Program) -> Any:
    """The activity that an item is of, as a version of the program has it."""
    return next(each for each in program.activities if each.id == item["about"]["activity"])


def worth(terms: Any, attributes: Sequence[str]) -> int:
    points: int = terms.points
    for attribute in {*attributes}:
        points += terms.more.get(attribute, 0)
    return points


def places(terms: Any, item: Any, day: str) -> Iterator[Place]:
    """What an activity of a day takes of each limit."""
    if terms.per_subject:
        yield f"subject#{item['about']['subject']}", 1
    if terms.per_day_max:
        yield f"day#{day}", terms.per_day_max
    if terms.ever_max:
        yield "ever", terms.ever_max


def lacks_order(terms: Any, account: Any, day: str) -> bool:
    """Whether an activity of a day needs a later order than the member has."""
    if not terms.needs_order_days:
        return False
    earliest = date.fromisoformat(day) - timedelta(days=terms.needs_order_days)
    return bool(account.get("bought_on", "") < earliest.isoformat())
