"""Examples of activities: Ana reviews the beans, and adds a photo."""

from typing import Any, Final

from tools.api_examples.story import ANA, EARNED_AT, NOW, Json, entry, page

_REQUEST: Final[Json] = {
    "source": "reviews",
    "activity_id": "r-81",
    "activity": "review",
    "member_id": ANA,
    "occurred_at": EARNED_AT,
    "changed_at": NOW,
    "subject": "SKU-1",
    "attributes": {"photo": True},
}
_REVIEW: Final[Json] = {
    "source": "reviews",
    "activity_id": "r-81",
    "activity": "review",
    "name": "A review",
    "member_id": ANA,
    "status": "awarded",
    "reason": None,
    "points": 30,
    "subject": "SKU-1",
    "attributes": ["photo"],
    "occurred_at": EARNED_AT,
    "changed_at": NOW,
    "recorded_at": NOW,
    "recorded_by": None,
}
_WAITING: Final[Json] = _REVIEW | {
    "activity_id": "r-80",
    "status": "waiting",
    "reason": "no_order",
    "points": 0,
    "subject": "SKU-2",
    "attributes": [],
}

REQUESTS: Final[dict[str, Json]] = {"record_activity": _REQUEST}

ANSWERS: Final[dict[str, Any]] = {
    "list_member_activities": page(_REVIEW, _WAITING),
    "record_activity": {
        "200": {
            "status": "awarded",
            "activity": _REVIEW,
            "entry": entry(
                "ent_6f2c0b1d9e3a4c58", "bonus", 10, NOW, given_for="activity", rule_id="review"
            ),
        },
        "202": {"status": "ignored", "reason": "no_member"},
    },
    "retract_activity": {
        "status": "retracted",
        "activity": _REVIEW | {"status": "retracted", "points": 0},
        "entry": entry(
            "ent_1c7e5a3f9b2d4e60",
            "clawback",
            -30,
            NOW,
            given_for="activity",
            rule_id="review",
            bonus_clawback={"clawed": 30, "owed": 0, "forgiven": 0, "excused": 0},
        ),
    },
}
