"""Examples of the search."""

from typing import Any, Final

from tools.api_examples.story import ANA, ORDER, Json

REQUESTS: Final[dict[str, Json]] = {"search_program": {"text": "1001"}}

ANSWERS: Final[dict[str, Any]] = {
    "search_program": {
        "items": [
            {"kind": "member", "member_id": ANA, "found_by": "card", "claim": "claimed"},
            {"kind": "order", **ORDER, "member_id": ANA},
        ]
    },
}
