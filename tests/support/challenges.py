"""Challenges of a program document."""

from typing import Any


def challenge(**parts: Any) -> dict[str, Any]:
    """A challenge that three orders complete once, for 50 points; what is given replaces parts."""
    return {
        "id": "three",
        "name": "Three visits",
        "counts": {"what": "orders"},
        "target": 3,
        "gives": [{"points": 50}],
    } | parts
