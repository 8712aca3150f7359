"""Examples of home and of the search."""

from typing import Any, Final

from tools.api_examples.story import ANA, NOW, ORDER, Json

REQUESTS: Final[dict[str, Json]] = {"search_program": {"text": "1001"}}

ANSWERS: Final[dict[str, Any]] = {
    "read_home": {
        "as_of": NOW,
        "items": [
            {
                "kind": "deliveries_parked",
                "severity": "error",
                "count": 3,
                "is_more": False,
                "subject": "online-shop",
                "path": "/storefronts/online-shop/deliveries",
                "latest_at": NOW,
                "due_at": None,
            }
        ],
        "unavailable": [],
    },
    "list_goals": {
        "items": [
            {
                "id": "more-members",
                "name": "2,500 members by the end of the year",
                "report": "summary",
                "column": "members",
                "kind": "level",
                "direction": "at_least",
                "starts_on": "2026-07-01",
                "by": "2026-12-31",
                "target": 2500,
                "day": "2026-11-20",
                "value": 1840,
                "expected": 2320,
                "forecast": 1960,
                "forecast_by": "even",
                "per_day": 17,
                "state": "at_risk",
                "evaluated_at": NOW,
            }
        ]
    },
    "search_program": {
        "items": [
            {"kind": "member", "member_id": ANA, "found_by": "card", "claim": "claimed"},
            {"kind": "order", **ORDER, "member_id": ANA},
        ]
    },
}
