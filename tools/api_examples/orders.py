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

_REFUND_REQUEST: Final[Json] = {
    "refund_id": "r1",
    "occurred_at": REFUNDED_AT,
    "lines": [{"line_id": "beans", "quantity": 1}],
}

_SPEND_60: Final[Json] = {"id": "spend-60", "name": "Spend 60"}
_DOUBLE: Final[Json] = {"id": "double-days", "name": "Double days"}
_TOO_LITTLE: Final[Json] = {
    "fact": "amount",
    "at_least_minor": 6000,
    "is": 4500,
    "missing": 1500,
}
_RUNS: Final[Json] = {"fact": "when", "holds": True, "text": "It runs at that time."}

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


_REVIEW: Final[Json] = {
    "id": "rev_b1f6c4a0d2e87395a6c01f42",
    "state": "open",
    "member_id": ANA,
    "order": ORDER,
    "points": 75,
    "finding": None,
    "held_until": "2026-12-05",
    "excesses": [{"safeguard_id": "ten-a-day", "counts": "orders", "at_most": 10, "reached": 11}],
    "opened_at": EARNED_AT,
    "caused_by": "3f0c8a52-1d6e-4b1c-9d53-6f2f6c0f4a10",
    "caused_by_name": "Bea",
    "decided_by": None,
    "decided_by_name": None,
    "decided_at": None,
    "decision_reason": None,
    "entry_id": None,
}

REQUESTS: Final[dict[str, Json]] = {
    "decide_about_order": {"decision": "release", "reason": "A wedding; I called her"},
    "answer_survey": {"order": ORDER, "score": 9, "comment": "Fast, and the beans are fresh."},
    "answer_survey_by_link": {"score": 9, "comment": "Fast, and the beans are fresh."},
    "make_survey_link": {"order": ORDER, "days": 14},
    "correct_order": {
        **{name: part for name, part in _ORDER_REQUEST.items() if name not in ORDER},
        "changed_at": REFUNDED_AT,
    },
    "quote_order": _ORDER_REQUEST,
    "record_order": _ORDER_REQUEST,
    "quote_refund": _REFUND_REQUEST,
    "record_refund": _REFUND_REQUEST,
}

ANSWERS: Final[dict[str, Any]] = {
    "list_reviews": page(_REVIEW),
    "read_review": _REVIEW,
    "decide_about_order": _REVIEW
    | {
        "state": "released",
        "decided_by": "8a1f02c4-77be-4a41-9d0e-51c0f3a9d2b7",
        "decided_by_name": "Noor",
        "decided_at": NOW,
        "decision_reason": "A wedding; I called her",
        "entry_id": "ent_9b74c9897bac770f",
    },
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
        "plan": None,
        "balance": 0,
        "points": 120,
        "pending_points": 0,
        "breakdown": [
            *BREAKDOWN,
            {
                "rule_id": "double-days",
                "line_id": "beans",
                "points": 30,
                "eligible_minor": 3000,
                "rate": None,
            },
            {
                "rule_id": "double-days",
                "line_id": "mug",
                "points": 15,
                "eligible_minor": 1500,
                "rate": None,
            },
        ],
        "campaigns": [
            {
                **_SPEND_60,
                "applies": False,
                "points": 0,
                "could_give": 50,
                "why_not": [_TOO_LITTLE],
                "text": "15.00 EUR more for 50 beans.",
            },
            {
                **_DOUBLE,
                "applies": True,
                "points": 45,
                "could_give": 45,
                "why_not": [],
                "text": "45 beans: 2 times what the earning rules give.",
            },
        ],
    },
    "explain_order": {
        **ORDER,
        "status": "earned",
        "member_id": ANA,
        "program_version": 1,
        "tier": None,
        "plan": None,
        "points": 120,
        "kept": 75,
        "campaigns": [
            {
                **_SPEND_60,
                "applies": False,
                "points": 0,
                "kept": 0,
                "findings": [
                    _RUNS,
                    _TOO_LITTLE
                    | {
                        "holds": False,
                        "text": "The amount is not at least 60.00 EUR: it is 45.00 EUR.",
                    },
                ],
                "text": "The amount is not at least 60.00 EUR: it is 45.00 EUR.",
            },
            {
                **_DOUBLE,
                "applies": True,
                "points": 45,
                "kept": 30,
                "findings": [_RUNS],
                "text": "45 beans: 2 times what the earning rules give.",
            },
        ],
        "rules": [
            {
                "id": "base",
                "applies": True,
                "points": 45,
                "kept": 30,
                "eligible_minor": 4500,
                "rate": {
                    "points": 1,
                    "per_minor": 100,
                    "multiplier_percent": 100,
                    "plan_percent": 100,
                },
                "findings": [_RUNS],
                "text": "45 beans: 1 bean for each 1.00 EUR, on 45.00 EUR.",
            },
            {
                "id": "coffee-at-home",
                "applies": True,
                "points": 30,
                "kept": 15,
                "eligible_minor": 3000,
                "rate": {
                    "points": 1,
                    "per_minor": 100,
                    "multiplier_percent": 100,
                    "plan_percent": 100,
                },
                "findings": [_RUNS],
                "text": "30 beans: 1 bean for each 1.00 EUR, on 30.00 EUR.",
            },
        ],
    },
    "quote_refund": {
        "status": "new",
        "points": -45,
        "counted": eur(1500),
        "campaigns": [{"id": "double-days", "points": -15}],
        "rules": [{"id": "base", "points": -15}, {"id": "coffee-at-home", "points": -15}],
        "limits": [
            {
                "campaign_id": "double-days",
                "limit": "budget",
                "period": "2026-11",
                "points": 15,
                "orders": 0,
            }
        ],
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
