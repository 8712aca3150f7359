"""Examples of campaigns: how they stand, and what a member sees of them."""

from typing import Any, Final

from tools.api_examples.story import EARNED_AT, Json, eur, page

_WIN_BACK: Final[Json] = {
    "id": "win-back",
    "name": "We missed you",
    "state": "running",
    "activation": "join",
    "group": None,
    "starts_on": "2026-11-01",
    "ends_on": "2026-12-31",
    "budget": {
        "per": "campaign",
        "points": 100_000,
        "used": 1_200,
        "left": 98_800,
        "money": {"amount": eur(100_000), "used": eur(1_200), "left": eur(98_800)},
    },
}
_TUESDAY: Final[Json] = {
    "id": "double-tuesday",
    "name": "Double beans on Tuesdays",
    "state": "running",
    "activation": "auto",
    "group": "weekday",
    "starts_on": None,
    "ends_on": None,
    "budget": None,
}
_JOINED: Final[Json] = {
    "id": "win-back",
    "name": "We missed you",
    "joined": True,
    "joined_at": EARNED_AT,
    "can_join": False,
    "eligible": True,
    "caps": [{"per": "month", "points": 300, "orders": None, "used": 120}],
    "starts_on": "2026-11-01",
    "ends_on": "2026-12-31",
}

REQUESTS: Final[dict[str, Json]] = {}

ANSWERS: Final[dict[str, Any]] = {
    "join_campaign": _JOINED,
    "list_campaigns": page(_WIN_BACK, _TUESDAY),
    "list_member_campaigns": page(_JOINED),
    "read_campaign": _WIN_BACK,
}
