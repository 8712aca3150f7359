"""Examples of rewards, redemptions and vouchers."""

from typing import Any, Final

from tools.api_examples.members import HELD_ADJUSTMENT
from tools.api_examples.story import ANA, BEN, CODE, NOW, REDEEMED_AT, REDEMPTION, Json, lots, page

_LATTE: Final[Json] = {
    "id": "latte",
    "name": "A latte",
    "kind": "free_product",
    "cost_points": 40,
    "description": None,
    "amount_minor": None,
    "percent": None,
    "skus": [],
    "available_from": None,
    "available_until": None,
    "per_member_max": None,
    "voucher_days": None,
    "available": True,
    "translations": {"fr": {"name": "Un café au lait", "description": None}},
}

_REDEMPTION: Final[Json] = {
    "id": REDEMPTION,
    "reward_id": "latte",
    "points": 40,
    "state": "issued",
    "voucher": {"code": CODE, "expires_at": None},
    "slices": lots(40),
    "contributions": [],
    "amount": None,
    "held_until": None,
    "redeemed_at": REDEEMED_AT,
    "granted_for": None,
    "recorded_by": None,
    "use_recorded_by": None,
}

_VOUCHER: Final[Json] = {
    "code": CODE,
    "state": "issued",
    "reward_id": "latte",
    "redemption_id": REDEMPTION,
    "member_id": ANA,
    "issued_at": REDEEMED_AT,
    "expires_at": None,
    "used_at": None,
    "used_order": None,
    "used_by": None,
    "recorded_by": None,
    "use_recorded_by": None,
}

_HOUSEHOLD: Final[Json] = {
    "member_id": ANA,
    "household": {
        "id": "hh_mfzwizdpnzxw2y3f",
        "spendable": 35,
        "members": [
            {
                "member_id": ANA,
                "is_owner": True,
                "since": "2026-10-01",
                "shares_max": None,
                "shareable": 5,
            },
            {
                "member_id": BEN,
                "is_owner": False,
                "since": "2026-10-02",
                "shares_max": 500,
                "shareable": 30,
            },
        ],
    },
}

_VOUCHER_ORDER: Final[Json] = {"source": "till", "order_id": "2002"}


REQUESTS: Final[dict[str, Json]] = {
    "grant_reward": {"reward_id": "latte", "reason": "a cold latte", "reference": "case 12"},
    "join_household": {"invitation": "hh_mfzwizdpnzxw2y3f.ABCDEFGHIJKLMNOP"},
    "make_access_token": {"audience": "online"},
    "redeem": {"reward_id": "latte"},
    "share_points": {"shares_max": 500},
    "use_voucher": {"order": _VOUCHER_ORDER},
}

ANSWERS: Final[dict[str, Any]] = {
    "cancel_redemption": _REDEMPTION | {"state": "cancelled"},
    "check_voucher": _VOUCHER,
    "make_access_token": {
        "token": "eyJhbGciOiJFUzI1NiIsImtpZCI6IjEyMzQ…",
        "expires_at": "2026-11-21T10:10:00Z",
    },
    "read_access_keys": {
        "keys": [
            {
                "kty": "EC",
                "crv": "P-256",
                "use": "sig",
                "alg": "ES256",
                "kid": "1234abcd-12ab-34cd-56ef-1234567890ab",
                "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            }
        ]
    },
    "complete_redemption": _REDEMPTION | {"held_until": "2026-11-21T10:20:00Z"},
    "grant_reward": {
        "200": _REDEMPTION | {"points": 0, "slices": [], "granted_for": "manager"},
        "202": {
            "status": "held",
            "approval": HELD_ADJUSTMENT | {"kind": "grant", "reward_id": "machine"},
        },
    },
    "invite_to_household": {
        "invitation": "hh_mfzwizdpnzxw2y3f.ABCDEFGHIJKLMNOP",
        "ends_at": "2026-11-28T10:00:00Z",
    },
    "join_household": _HOUSEHOLD,
    "list_member_rewards": page(
        {
            "id": "latte",
            "name": "A latte",
            "kind": "free_product",
            "cost_points": 40,
            "redeemable": False,
            "why_not": "insufficient_points",
            "missing_points": 35,
            "opens_at": None,
        }
    ),
    "list_redemptions": page(_REDEMPTION),
    "list_rewards": page(_LATTE),
    "read_household": _HOUSEHOLD,
    "recommend": page(
        {
            "reward_id": "latte",
            "name": "A latte",
            "cost_points": 40,
            "missing": 0,
            "days": None,
            "because": {"kind": "expiring_points", "points": 40, "last_on": "2027-01-31"},
        },
        {
            "reward_id": "machine",
            "name": "A coffee machine",
            "cost_points": 900,
            "missing": 60,
            "days": 12,
            "because": {"kind": "you_bought", "thing": {"kind": "sku", "id": "BEANS-1KG"}},
        },
    )
    | {
        "goods": [
            {
                "kind": "sku",
                "id": "FILTER-100",
                "because": {"kind": "you_bought", "thing": {"kind": "sku", "id": "BEANS-1KG"}},
            },
            {
                "kind": "sku",
                "id": "MUG-BLUE",
                "because": {"kind": "popular_here", "level": "gold"},
            },
        ],
        "rests_on": "skus",
        "as_of": "2026-11-21T01:05:00Z",
    },
    "redeem": _REDEMPTION,
    "share_points": _HOUSEHOLD,
    "use_voucher": _VOUCHER
    | {"state": "used", "used_at": NOW, "used_order": _VOUCHER_ORDER, "used_by": ANA},
}
