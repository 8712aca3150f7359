"""The goals of the year, by its own days: one that is within reach, and one that is at risk."""

from datetime import date, timedelta
from typing import Any, Final

_BEGAN: Final = timedelta(days=90)
_LEFT: Final = timedelta(days=45)


def goals(last: date) -> list[dict[str, Any]]:
    """Return the goals of a program whose year ends on this day."""
    days = {
        "starts_on": (last - _BEGAN).isoformat(),
        "by": (last + _LEFT).isoformat(),
    }
    return [
        {
            "id": "half-spent",
            "name": "Half of the stars are spent",
            "column": "redemption_rate",
            "target": 50,
            **days,
        },
        {
            "id": "more-members",
            "name": "5,000 members",
            "column": "members",
            "target": 5000,
            **days,
        },
    ]
