"""Examples of orders, refunds and surveys."""

from typing import Any, Final

from tools.api_examples.story import (
    ANA,
    BREAKDOWN,
    EARNED_AT,
    EARNED_IN_FULL,
    EMAIL,
    HTML,
    NOW,
    ORDER,
    REFUNDED,
    REFUNDED_AT,
    Json,
    entry,
    eur,
    page,
)

# A bag of 29.80 was forgotten at the till.
_EDITED: Final = entry(
    "8f14e45fceea167a",
    "edit",
    59,
    REFUNDED_AT,
    order=ORDER,
    edit={"amount_minor": 2980, "clawed": 0, "owed": 0, "forgiven": 0, "excused": 0},
)

_ORDER_REQUEST: Final[Json] = {
    **ORDER,
    "identities": [EMAIL],
    "occurred_at": EARNED_AT,
    "lines": [
        {
            "line_id": "beans",
            "category": "whole_bean",
            "brand": "Fazenda Aurora",
            "tags": ["organic"],
            "quantity": 2,
            "amount": eur(3000),
        },
        {"line_id": "mug", "amount": eur(1500)},
    ],
    "location": "paris-11",
    "tenders": [
        {"kind": "card", "amount": eur(4000)},
        {"kind": "gift_card", "amount": eur(500)},
    ],
    "codes": ["FLYER"],
}

_SURVEY_RESPONSE: Final[Json] = {
    "id": "rsp_8f14e45fceea167a",
    "survey_id": "after-order",
    "member_id": ANA,
    "order": ORDER,
    "period": None,
    "score": 9,
    "is_low": False,
    "comment": "Fast, and the beans are fresh.",
    "answered_at": NOW,
    "bonus_points": 5,
}


REQUESTS: Final[dict[str, Json]] = {
    "answer_survey": {"order": ORDER, "score": 9, "comment": "Fast, and the beans are fresh."},
    "answer_survey_by_link": {"score": 9, "comment": "Fast, and the beans are fresh."},
    "make_survey_link": {"order": ORDER, "days": 14},
    "correct_order": {
        **{name: part for name, part in _ORDER_REQUEST.items() if name not in ORDER},
        "changed_at": REFUNDED_AT,
    },
    "quote_order": _ORDER_REQUEST,
    "record_order": _ORDER_REQUEST,
    "record_refund": {
        "refund_id": "r1",
        "occurred_at": REFUNDED_AT,
        "lines": [{"line_id": "beans", "quantity": 1}],
    },
}

ANSWERS: Final[dict[str, Any]] = {
    "answer_survey": _SURVEY_RESPONSE,
    "answer_survey_by_link": HTML,
    "list_survey_responses": page(_SURVEY_RESPONSE),
    "make_survey_link": {
        "path": "/v1/programs/bean-and-leaf/survey-links/WyJhZnRlci1vcmRlciJd.c2VhbGVk",
        "expires_at": "2026-12-08T17:00:00Z",
    },
    "open_survey": HTML,
    "quote_order": {
        "member_id": ANA,
        "tier": None,
        "balance": 0,
        "points": 75,
        "pending_points": 0,
        "breakdown": BREAKDOWN,
    },
    "read_order": {
        **ORDER,
        "status": "earned",
        "member_id": ANA,
        "entries": [EARNED_IN_FULL, REFUNDED],
        "refunds_waiting": [],
    },
    "correct_order": {
        "200": {"status": "edited", "entry": _EDITED, "vouchers": []},
        "202": {"status": "guest", "vouchers": []},
    },
    "record_order": {
        "200": {
            "status": "earned",
            "member_id": ANA,
            "entry": EARNED_IN_FULL,
            "vouchers": [],
        },
        "202": {"status": "guest", "vouchers": []},
    },
    "record_refund": {
        "200": {
            "status": "refunded",
            "entry": REFUNDED,
            "counted": eur(1500),
            "debt": 0,
            "vouchers": [],
        },
        "202": {"status": "waiting", "vouchers": []},
    },
}
