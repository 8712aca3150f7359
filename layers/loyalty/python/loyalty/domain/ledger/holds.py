"""Held orders: their points stay pending until a day, unless a review decides sooner.

An order's parts keep the dates that its rules give them. A hold only moves where they lie in the
account: no part is available before the hold ends, nor later than on its own last day. So a refund
finds them where they are, and points that are released are as if they had never been held.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loyalty.domain.earning.awarding import Part


def placed(parts: Iterable[Part], *, held_until: date | None) -> tuple[Part, ...]:
    """Where the parts of an order lie: they become available when its hold ends, or later.

    They never wait beyond their last day. Their order stays; two of them may have the same dates.
    """
    if held_until is None:
        return tuple(parts)
    return tuple(
        part._replace(available_on=max(part.available_on, min(held_until, part.expires_on)))
        for part in parts
    )
