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
    "search_program": {
        "items": [
            {"kind": "member", "member_id": ANA, "found_by": "card", "claim": "claimed"},
            {"kind": "order", **ORDER, "member_id": ANA},
        ]
    },
}
