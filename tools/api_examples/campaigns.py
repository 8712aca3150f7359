"""Examples of campaigns and challenges: how they stand, and what a member sees of them."""

from typing import Any, Final

from tools.api_examples.story import ANA, DOCUMENT, EARNED_AT, NOW, Json, eur, page

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
    "eligible": False,
    "why_not": [{"fact": "days_since_order", "at_least": 60, "is": 52, "missing": 8}],
    "text": "The days since the last order is not at least 60: it is 52. 8 days are missing.",
    "caps": [{"per": "month", "points": 300, "orders": None, "used": 120}],
    "starts_on": "2026-11-01",
    "ends_on": "2026-12-31",
}
_OAT_WEEK: Final[Json] = {
    "id": "oat-week",
    "name": "More beans for oat drinks",
    "state": "open",
    "offered_at": EARNED_AT,
    "until": "2026-12-05",
    "because": {"kind": "you_bought", "thing": {"kind": "category", "id": "oat_drinks"}},
    "orders": 0,
    "points": 0,
    "eligible": True,
    "why_not": [],
    "text": "",
    "caps": [{"per": "campaign", "points": None, "orders": 1, "used": 0}],
}
_REGULAR: Final[Json] = {
    "id": "regular",
    "name": "Regular",
    "description": "Four weeks in a row",
    "image_url": None,
}
_TEN_DRINKS: Final[Json] = {
    "id": "ten-drinks",
    "name": "Ten drinks",
    "state": "running",
    "show": "stamps",
    "counts": "units",
    "progress": 7,
    "target": 10,
    "missing": 3,
    "until": None,
    "completed": 2,
    "times_max": 1_000,
    "activation": "auto",
    "joined_at": None,
    "completed_ever": 2,
    "gives": {"points": 0, "reward": {"id": "free-coffee", "name": "Free coffee"}, "badges": []},
    "card": {"stamps": 7, "of": 10, "cards": 2},
    "streak": None,
    "starts_on": None,
    "ends_on": None,
}
_FOUR_WEEKS: Final[Json] = {
    "id": "regulars",
    "name": "Four weeks in a row",
    "state": "running",
    "show": "progress",
    "counts": "periods",
    "progress": 2,
    "target": 4,
    "missing": 2,
    "until": "2026-11-22",
    "completed": 1,
    "times_max": 100,
    "activation": "join",
    "joined_at": EARNED_AT,
    "completed_ever": 1,
    "gives": {"points": 100, "reward": None, "badges": [_REGULAR]},
    "card": None,
    "streak": {"every": "week", "freezes_left": 1, "has_counted": False},
    "starts_on": None,
    "ends_on": None,
}

_SPEND_60: Final[Json] = {
    "id": "spend-60",
    "name": "Spend 60, get 150",
    "if": {"fact": "amount", "at_least_minor": 6_000},
    "effect": {"kind": "fixed", "points": 150},
}
_SPEND_40: Final[Json] = {
    "id": "spend-40",
    "name": "Spend 40, get 50",
    "if": {"fact": "amount", "at_least_minor": 4_000},
    "effect": {"kind": "fixed", "points": 50},
}

REQUESTS: Final[dict[str, Json]] = {
    "approve_referral": {"reason": "They live together"},
    "claim_referral": {
        "code": "K5TXQ2M7BD",
        "member_id": None,
        "signals": {"device": "8d0c1f0e-installation"},
    },
    "refuse_referral": {"reason": "It is the same person"},
    "change_segment_list": {"add": [ANA]},
    "replace_segment_list": {"members": [ANA], "after": None, "up_to": "mem_01K"},
    "quote_sample_order": {
        "document": DOCUMENT | {"campaigns": [_SPEND_60, _SPEND_40]},
        "order": {
            "occurred_at": NOW,
            "channel": "app",
            "lines": [{"line_id": "1", "category": "whole_bean", "amount": eur(4_999)}],
        },
        "member": {"orders": 2, "last_ordered_on": "2026-09-30", "tier": None},
        "refund": {"amount": eur(1_000)},
    },
}
_NOVEMBER: Final[Json] = {
    "id": "most-cups",
    "name": "Most cups",
    "challenge": "ten-drinks",
    "counts": "units",
    "window": "2026-11",
    "shows": 10,
    "settles_after_days": 14,
    "prizes": [{"to_place": 3, "points": 100, "reward_id": None, "reward_name": None}],
}

_BROUGHT: Final[Json] = {
    "state": "claimed",
    "claimed_at": "2026-11-21T10:00:00Z",
    "points": 100,
    "reward_id": None,
    "orders": 0,
    "orders_needed": 1,
    "until": "2027-01-20",
}
_HELD: Final[Json] = {
    "member_id": "mem_01KB3Z9V5W8D2N4RQ6T7XYE0AB",
    "referrer_id": "mem_01KAPYDD40V2B1FSQ3HZYXBJVC",
    "state": "held",
    "reason": None,
    "signals": ["device"],
    "claimed_at": "2026-11-21T10:00:00Z",
    "decided_by": None,
    "decided_by_name": None,
    "decided_at": None,
    "decision_reason": None,
}
_DECIDED: Final[Json] = {
    "decided_by": "bea",
    "decided_by_name": "Bea",
    "decided_at": "2026-11-22T09:00:00Z",
    "decision_reason": "They live together",
}

ANSWERS: Final[dict[str, Any]] = {
    "quote_sample_order": {
        "member_id": None,
        "tier": None,
        "plan": None,
        "balance": None,
        "points": 99,
        "pending_points": 0,
        "breakdown": [
            {
                "rule_id": "base",
                "line_id": "1",
                "points": 49,
                "eligible_minor": 4_999,
                "rate": {
                    "points": 1,
                    "per_minor": 100,
                    "multiplier_percent": 100,
                    "plan_percent": 100,
                },
            },
            {
                "rule_id": "spend-40",
                "line_id": "1",
                "points": 50,
                "eligible_minor": 4_999,
                "rate": None,
            },
        ],
        "campaigns": [
            {
                "id": "spend-60",
                "name": "Spend 60, get 150",
                "applies": False,
                "points": 0,
                "could_give": 150,
                "why_not": [
                    {"fact": "amount", "at_least_minor": 6_000, "is": 4_999, "missing": 1_001}
                ],
                "text": "10.01 EUR more for 150 beans.",
            },
            {
                "id": "spend-40",
                "name": "Spend 40, get 50",
                "applies": True,
                "points": 50,
                "could_give": 50,
                "why_not": [],
                "text": "50 beans: 50 beans for an order.",
            },
        ],
        "refund": {
            "points": -60,
            "counted": eur(1_000),
            "campaigns": [{"id": "spend-40", "points": -50}],
            "rules": [{"id": "base", "points": -10}],
            "limits": [],
        },
    },
    "approve_referral": _HELD | {"state": "claimed"} | _DECIDED,
    "claim_referral": _BROUGHT,
    "join_campaign": _JOINED,
    "change_segment_list": {"added": 1, "removed": 0, "unknown": []},
    "list_held_referrals": page(_HELD),
    "list_campaigns": page(_WIN_BACK, _TUESDAY),
    "list_member_campaigns": page(_JOINED),
    "list_member_badges": page(_REGULAR),
    "list_member_offers": page(_OAT_WEEK),
    "list_boards": page(_NOVEMBER),
    "read_board": {
        "id": "most-cups",
        "name": "Most cups",
        "counts": "units",
        "window": "2026-11",
        "starts_on": "2026-11-01",
        "ends_on": "2026-11-30",
        "state": "open",
        "as_of": NOW,
        "members": 412,
        "items": [
            {
                "place": 1,
                "score": 31,
                "nickname": "Ana from next door",
                "member_id": ANA,
                "has_prize": True,
            },
            {"place": 2, "score": 27, "nickname": None, "member_id": "mem_…", "has_prize": True},
        ],
        "next_cursor": None,
    },
    "read_member_board": {
        "id": "most-cups",
        "name": "Most cups",
        "window": "2026-11",
        "score": 31,
        "place": 1,
        "top_percent": None,
        "as_of": NOW,
        "is_named": True,
    },
    "list_member_challenges": page(_TEN_DRINKS, _FOUR_WEEKS),
    "read_campaign": _WIN_BACK,
    "read_member_referral": {
        "code": "K5TXQ2M7BD",
        "url": "https://bean.example.com/?ref=K5TXQ2M7BD",
        "points": 500,
        "reward_id": None,
        "friend_points": 100,
        "friend_reward_id": None,
        "given_for": 3,
        "left_in_month": 9,
        "left_ever": 97,
        "friends": [
            {"state": "claimed", "claimed_at": "2026-11-21T10:00:00Z"},
            {"state": "awarded", "claimed_at": "2026-10-02T17:30:00Z"},
        ],
        "brought": _BROUGHT,
    },
    "read_referral_code": {
        "code": "K5TXQ2M7BD",
        "points": 100,
        "reward_id": None,
        "orders": 1,
        "amount_minor_min": 3_000,
        "within_days": 60,
    },
    "refuse_referral": _HELD | {"state": "refused", "reason": "decided"} | _DECIDED,
    "replace_segment_list": {"added": 1, "removed": 3, "unknown": []},
}
