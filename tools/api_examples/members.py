"""Examples of members: their profile, what they hold, and what is written to them."""

from typing import Any, Final

from tools.api_examples.story import (
    ANA,
    BEN,
    DOCUMENT,
    EARNED,
    EARNED_AT,
    EARNED_IN_FULL,
    EMAIL,
    EXPIRES_ON,
    HTML,
    NOW,
    ORDER,
    REDEEMED_AT,
    REDEMPTION,
    REFUNDED,
    Json,
    entry,
    eur,
    lots,
    page,
)

_REDEEMED: Final = entry(
    "c81e728d9d4c2f63",
    "redemption",
    -40,
    REDEEMED_AT,
    redemption_id=REDEMPTION,
    reward_id="latte",
)

_MEMBER: Final[Json] = {
    "id": ANA,
    "status": "active",
    "balance": 5,
    "debt": 0,
    "lots": lots(5),
    "pending": [],
    "profile": {
        "name": "Ana",
        "locale": "fr-FR",
        "birthday": "1990-02-28",
        "attributes": {"milk": "oat"},
    },
    "identities": [EMAIL | {"source": None, "verified": True}],
    "identity_moves": [],
    "consents": {"email": True},
    "enrolled_at": "2026-11-20T08:30:00Z",
    "tier": None,
    "progress": {
        "basis": "spend",
        "level": None,
        "holds_until": None,
        "amount": 3000,
        "next": {"level": "regular", "missing": 17000, "by": "2026-12-31"},
        "keep": None,
        "floor": None,
    },
    "plan": None,
    "household": {"id": "hh_mfzwizdpnzxw2y3f", "since": "2026-10-01", "shares_max": None},
}

_ENROLLED: Final = _MEMBER | {
    "balance": 0,
    "lots": [],
    "household": None,
    "progress": _MEMBER["progress"]
    | {"amount": 0, "next": {"level": "regular", "missing": 20000, "by": "2026-12-31"}},
}

_GRANTED: Final = _MEMBER | {
    "tier": "regular",
    "progress": _MEMBER["progress"]
    | {
        "level": {
            "id": "regular",
            "name": "Regular",
            "multiplier_percent": 125,
            "perks": [],
        },
        "holds_until": "2027-12-31",
        "next": {"level": "roaster", "missing": 57000, "by": "2026-12-31"},
        "floor": {"level": "regular", "until": "2027-12-31"},
    },
}

HELD_ADJUSTMENT: Final[Json] = {
    "id": "apr_5f0c1d7e9a3b4c62",
    "kind": "adjustment",
    "state": "held",
    "member_id": ANA,
    "points": 6000,
    "reward_id": None,
    "reason": "The machine never arrived",
    "reference": "case 13",
    "expires_on": None,
    "below_zero": False,
    "requested_by": "3f0c8a52-1d6e-4b1c-9d53-6f2f6c0f4a10",
    "requested_by_name": "Bea",
    "requested_at": NOW,
    "expires_at": "2026-12-08T17:00:00Z",
    "decided_by": None,
    "decided_by_name": None,
    "decided_at": None,
    "decision_reason": None,
    "entry_id": None,
}
_NOTHING: Final[Json] = {"balance": 0, "debt": 0, "pending_points": 0, "lots": [], "pending": []}
_HELD: Final = _NOTHING | {"balance": 5, "lots": lots(5)}
_EXPORTED_ORDER: Final[Json] = {
    **ORDER,
    "occurred_at": EARNED_AT,
    "channel": None,
    "location": "paris-11",
    "tenders": [{"kind": "card", "amount": eur(1500)}],
    "codes": ["FLYER"],
    "lines": [
        {
            "line_id": "mug",
            "sku": None,
            "category": None,
            "product_categories": [],
            "quantity": 1,
            "amount": eur(1500),
            "brand": None,
            "tags": [],
            "product_brand": None,
            "product_tags": [],
        }
    ],
}


REQUESTS: Final[dict[str, Json]] = {
    "adjust_balance": {"points": 10, "reason": "The latte was cold", "reference": "case 12"},
    "approve_request": {"reason": "I called her"},
    "refuse_request": {"reason": "It was refunded already"},
    "change_member": {
        "profile": {"locale": None, "attributes": {"milk": "oat"}},
        "consents": {"email": False},
        "identities": [{"kind": "card", "value": "6034-1"}],
    },
    "enroll_member": {
        "identities": [EMAIL, {"kind": "customer", "source": "shop", "value": "207119551"}],
        "profile": {"name": "Ana", "locale": "fr-FR", "birthday": "1990-02-28"},
        "consents": {"email": True},
    },
    "give_plan": {
        "plan": "prime",
        "until": "2027-12-31",
        "renews": True,
        "reason": "Paid at the counter",
    },
    "grant_tier": {"level": "regular", "until": "2027-12-31"},
    "look_up_member": {"identity": EMAIL},
    "merge_members": {"into": ANA},
    "preview_merge": {"into": ANA},
    "preview_message": {
        "kind": "welcome",
        "locale": "fr-FR",
        "document": DOCUMENT
        | {
            "messages": {
                "templates": [
                    {
                        "kind": "welcome",
                        "subject": "Bienvenue, {{ name }}",
                        "body": "Merci d'être là.",
                    }
                ]
            }
        },
    },
    "transfer_points": {"to_member_id": BEN, "points": 5},
}

ANSWERS: Final[dict[str, Any]] = {
    "adjust_balance": {
        "200": {
            "entry": entry(
                "e4da3b7fbbce2345",
                "adjustment",
                10,
                NOW,
                reason="The latte was cold",
                reference="case 12",
            )
        },
        "202": {"status": "held", "approval": HELD_ADJUSTMENT},
    },
    "approve_request": HELD_ADJUSTMENT
    | {
        "state": "approved",
        "decided_by": "8a1f02c4-77be-4a41-9d0e-51c0f3a9d2b7",
        "decided_by_name": "Noor",
        "decided_at": NOW,
        "decision_reason": "I called her",
        "entry_id": "ent_e4da3b7fbbce2345",
    },
    "list_approvals": page(HELD_ADJUSTMENT),
    "read_approval": HELD_ADJUSTMENT,
    "refuse_request": HELD_ADJUSTMENT
    | {
        "state": "refused",
        "decided_by": "8a1f02c4-77be-4a41-9d0e-51c0f3a9d2b7",
        "decided_by_name": "Noor",
        "decided_at": NOW,
        "decision_reason": "It was refunded already",
    },
    "find_entry": {
        "id": "ent_e4da3b7fbbce2345",
        "member_id": ANA,
        "kind": "adjustment",
        "points": 10,
        "happened_at": NOW,
    },
    "ask_to_unsubscribe": HTML,
    "change_member": _MEMBER
    | {
        "profile": _MEMBER["profile"] | {"locale": None},
        "consents": {"email": False},
        "identities": [
            *_MEMBER["identities"],
            {"kind": "card", "value": "6034-1", "source": None, "verified": False},
        ],
    },
    "enroll_member": _ENROLLED,
    "explain_balance": {
        "at": NOW,
        "balance": 9,
        "debt": 0,
        "pending_points": 0,
        "lots": [
            {
                "expires_on": "2027-11-30",
                "points": 9,
                "origins": [
                    {
                        "entry_id": "ent_9f2c4d7b1a3e5680",
                        "kind": "accrual",
                        "at": "2026-11-21T10:00:00Z",
                        "order": ORDER,
                        "brought": 49,
                        "remaining": 9,
                        "taken": [
                            {
                                "entry_id": "ent_c81e728d9d4c2f63",
                                "kind": "redemption",
                                "at": "2026-11-21T10:05:00Z",
                                "points": 40,
                                "text": "40 spent on A latte on November 21, 2026",
                            }
                        ],
                        "breakdown": [
                            {
                                "rule_id": "base",
                                "line_id": "1",
                                "points": 49,
                                "eligible_minor": 4999,
                                "rate": {
                                    "points": 1,
                                    "per_minor": 100,
                                    "multiplier_percent": 100,
                                    "plan_percent": 100,
                                },
                            }
                        ],
                        "text": "49 beans for order 5001 on November 21, 2026 (base: 49 for "
                        "49.99 EUR at 1 per 1.00 EUR); 40 spent on A latte on November 21, 2026; "
                        "9 left",
                    }
                ],
                "text": "9 beans to spend until November 30, 2027",
            }
        ],
        "pending": [],
        "debt_changes": [],
        "text": "On November 21, 2026 the balance was 9 beans.",
    },
    "export_member": {
        "as_of": NOW,
        "member": _MEMBER,
        "consents": [{"kind": "email", "given": True, "at": "2026-11-20T08:30:00Z"}],
        "referrals": [
            {
                "code": "K5TXQ2M7BD",
                "claimed_at": EARNED_AT,
                "state": "claimed",
                "reason": None,
                "signals": [],
            }
        ],
        "referral_codes": ["Q7LWZ4N2AC"],
        "joined_campaigns": [{"campaign_id": "win-back", "joined_at": EARNED_AT}],
        "offers": [
            {
                "campaign_id": "oat-week",
                "offered_at": EARNED_AT,
                "until": "2026-12-05",
                "because": {"kind": "in_turn"},
            }
        ],
        "merged_from": [],
        "entries": [EARNED_IN_FULL | {"of_order": _EXPORTED_ORDER}],
        "vouchers": [],
        "messages": [],
        "survey_responses": [],
        "activities": [],
        "guest_orders": [],
        "next_cursor": None,
    },
    "read_plan": {"member_id": ANA, "plan": None},
    "give_plan": {
        "member_id": ANA,
        "plan": {
            "id": "prime",
            "name": "Bean Prime",
            "state": "active",
            "since": "2026-11-21",
            "until": "2028-01-07",
            "trial_until": None,
            "paid_until": "2027-12-31",
            "paused_until": None,
            "ends_on": None,
            "told_by": "hand",
            "told_at": NOW,
            "reason": "Paid at the counter",
        },
    },
    "grant_tier": _GRANTED,
    "list_history": page(REFUNDED, _REDEEMED, EARNED),
    "list_messages": page(
        {
            "kind": "welcome",
            "day": "2026-11-08",
            "written_at": NOW,
            "state": "sent",
            "at": NOW,
            "waits_until": None,
            "about": None,
            "points": 0,
            "level": None,
        }
    )
    | {
        "held_back": [
            {"kind": "birthday", "reason": "quiet_hours", "until": "2026-11-09T07:00:00Z"}
        ]
    },
    "look_up_member": _MEMBER,
    "merge_members": {
        "member_id": ANA,
        "entry": entry("8f14e45fceea167a", "merge", -12, NOW, counterpart_id=ANA),
    },
    "preview_merge": {
        "merged_id": BEN,
        "remaining_id": ANA,
        "merged": _NOTHING | {"balance": 12, "lots": lots(12)},
        "remaining": _HELD,
        "after": _NOTHING | {"balance": 17, "lots": lots(17)},
        "paid_debt": 0,
        "lots_joined": 0,
        "levels": {"merged": None, "remaining": "regular", "after": "regular"},
        "open_vouchers": 1,
        "has_more_vouchers": False,
        "person": {
            "identities": {"card": 1},
            "identities_stay_apart": False,
            "fields_taken": ["birthday"],
            "fields_lost": ["name"],
            "consents_taken": {"sms": True},
            "consents_lost": [],
            "presents_from": None,
        },
    },
    "preview_message": {
        "subject": "Bienvenue, Ana",
        "html": HTML,
        "text": "Bienvenue, Ana\n\nMerci d'être là.\n",
    },
    "read_balance": _HELD | {"at": NOW},
    "read_member": _MEMBER,
    "read_statement": {
        "first_day": "2026-11-01",
        "last_day": "2026-11-30",
        "opening": _NOTHING,
        "entries": [EARNED, _REDEEMED, REFUNDED],
        "closing": _HELD,
        "lots": [{"expires_on": EXPIRES_ON, "opening": 0, "change": 5, "closing": 5}],
    },
    "transfer_points": {
        "entry": entry("45c48cce2e2d7fbd", "transfer", -5, NOW, counterpart_id=BEN)
    },
    "unsubscribe": HTML,
}
