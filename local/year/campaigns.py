"""The campaigns of the year, by its own days: what is over, what runs, and what is to come."""

from datetime import date, timedelta
from typing import Any, Final

_WEEK: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)

# How long before the end of the year each begins, and for how long it runs.
_FLASH_BEGINS: Final = 10 * _WEEK
_FLASH_LASTS: Final = 5 * _WEEK
_AFTERNOONS_BEGIN: Final = 16 * _WEEK
_COMES_IN: Final = 2 * _WEEK
_OFFERS_BEGIN: Final = 12 * _WEEK


def campaigns(last: date) -> list[dict[str, Any]]:
    """Return the campaigns of a year that ends on this day."""
    flash = last - _FLASH_BEGINS
    holidays = last + _COMES_IN
    return [
        {
            "id": "bean-weeks",
            "name": "Double stars on beans",
            "when": _days(flash, flash + _FLASH_LASTS - _DAY),
            "lines": {"categories": ["whole_bean"]},
            "effect": {"kind": "multiply", "percent": 200},
            "limits": {"budget": {"points": 40_000, "per": "campaign"}},
        },
        {
            "id": "slow-afternoons",
            "name": "Slow afternoons",
            "when": {
                **_days(last - _AFTERNOONS_BEGIN, None),
                "weekdays": ["mon", "tue", "wed", "thu"],
                "hours": [{"from": "14:00", "until": "17:00"}],
            },
            "if": {"fact": "channel", "is_in": ["pos"]},
            "effect": {"kind": "multiply", "percent": 200},
            "group": "one-of",
            "limits": {
                "per_member": {"points": 300, "per": "week"},
                "budget": {"points": 25_000, "per": "month"},
            },
            "holdout": {"percent": 20},
        },
        {
            "id": "third-visit",
            "name": "Every third visit",
            "when": _days(last - _AFTERNOONS_BEGIN, None),
            "for": {"fact": "order_number", "every": 3},
            "if": {"fact": "channel", "is_in": ["pos"]},
            "effect": {"kind": "fixed", "points": 30},
            "group": "one-of",
        },
        {
            "id": "beans-for-you",
            "name": "60 stars for a bag of beans",
            "when": _days(last - _OFFERS_BEGIN, None),
            "activation": "offer",
            "lines": {"categories": ["whole_bean"]},
            "if": {"fact": "units", "at_least": 1, "of": {"categories": ["whole_bean"]}},
            "effect": {"kind": "fixed", "points": 60},
            "limits": {"per_member": {"orders": 1, "per": "month"}},
        },
        {
            "id": "early-bird",
            "name": "Early bird",
            "when": {
                **_days(last - _OFFERS_BEGIN, None),
                "hours": [{"from": "06:00", "until": "09:30"}],
            },
            "activation": "offer",
            "effect": {"kind": "fixed", "points": 15},
            "limits": {"per_member": {"orders": 3, "per": "month"}},
        },
        {
            "id": "holidays",
            "name": "Spend 40, get 200",
            "when": _days(holidays, holidays + 3 * _WEEK),
            "if": {"fact": "amount", "at_least_minor": 4000},
            "effect": {"kind": "fixed", "points": 200},
            "limits": {"per_member": {"orders": 1, "per": "week"}},
        },
    ]


def _days(first: date, last: date | None) -> dict[str, str | None]:
    return {"starts_on": first.isoformat(), "ends_on": last.isoformat() if last else None}
