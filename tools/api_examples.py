"""One request and one answer of every operation, for the API's description.

They tell one story: Ana buys beans and a mug, redeems a latte and brings a bag of beans back. A
test checks each against its schema.
"""

from typing import Any, Final

from loyalty.domain.program.document import Program

type Json = dict[str, Any]

HTML: Final = "<!doctype html>…"

ANA: Final = "mem_01KAJ6Y0T2Q8Z5W3E7R9V4B1NC"
BEN: Final = "mem_01KAJ7B4M6X2K9D8H1S5G3PTQW"
EXPIRES_ON: Final = "2027-11-30"
EARNED_AT: Final = "2026-11-21T10:00:00Z"
REDEEMED_AT: Final = "2026-11-21T10:05:00Z"
REFUNDED_AT: Final = "2026-11-24T16:30:00Z"
NOW: Final = "2026-11-24T17:00:00Z"
ORDER: Final[Json] = {"source": "shop", "order_id": "1001"}
REDEMPTION: Final = "red_5f0c1d7e9a3b4c62"
CODE: Final = "MPRMHT5PR2CPB6H3"
DELIVERY: Final = "2026-11-21T10:00:01.512Z-7c1e0b42"
EVENT: Final = "evt_9b1f5c7d2e804a36"
EXPORT: Final = "exp_3d5a91c07be24f68"


def _eur(minor: int) -> Json:
    return {"amount": minor, "currency": "EUR"}


def _page(*items: Json) -> Json:
    return {"items": list(items), "next_cursor": None}


def _lots(points: int) -> list[Json]:
    return [{"expires_on": EXPIRES_ON, "points": points}]


def _entry(entry_id: str, kind: str, points: int, happened_at: str, **more: Any) -> Json:
    absent = (
        "available_on", "expires_on", "tier", "breakdown", "order", "clawback", "edit",
        "redemption_id", "reward_id", "reason", "reference", "given_for", "survey_id",
        "counterpart_id", "recorded_by",
    )  # fmt: skip
    return {
        "id": entry_id,
        "kind": kind,
        "points": points,
        "pending_points": 0,
        "happened_at": happened_at,
        "recorded_at": happened_at,
        "program_version": 1,
        "lots": _lots(points),
        "pending": [],
        "debt": 0,
        **dict.fromkeys(absent),
        **more,
    }


def _share(rule_id: str, line_id: str, points: int, minor: int) -> Json:
    rate = {"points": 1, "per_minor": 100, "multiplier_percent": 100}
    return {
        "rule_id": rule_id,
        "line_id": line_id,
        "points": points,
        "eligible_minor": minor,
        "rate": rate,
    }


DOCUMENT: Final[Json] = {
    "schema_version": 1,
    "name": "Bean & Leaf",
    "time_zone": "Europe/Paris",
    "currency": "EUR",
    "points": {"one": "bean", "many": "beans"},
    "earning_rules": [
        {"id": "base", "on": "order", "points": 1, "per_minor": 100},
        {
            "id": "coffee-at-home",
            "on": "order",
            "points": 1,
            "per_minor": 100,
            "include_categories": ["whole_bean"],
        },
    ],
    "expiry": {"model": "after_earning", "months": 12, "round_to": "month"},
    "rewards": [{"id": "latte", "name": "A latte", "kind": "free_product", "cost_points": 40}],
}
_WITH_DEFAULTS: Final[Json] = Program.model_validate(DOCUMENT).model_dump(mode="json")

_PUBLISHED: Final[Json] = {"version": 1, "published_at": "2026-11-01T09:00:00Z"}

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

_BREAKDOWN: Final = [
    _share("base", "beans", 30, 3000),
    _share("base", "mug", 15, 1500),
    _share("coffee-at-home", "beans", 30, 3000),
]
_EARNED: Final = _entry(
    "7f4c2a9d10e35b68",
    "accrual",
    75,
    EARNED_AT,
    available_on="2026-11-21",
    expires_on=EXPIRES_ON,
    order=ORDER,
)
_EARNED_IN_FULL: Final = _EARNED | {"breakdown": _BREAKDOWN}
_REDEEMED: Final = _entry(
    "c81e728d9d4c2f63",
    "redemption",
    -40,
    REDEEMED_AT,
    redemption_id=REDEMPTION,
    reward_id="latte",
)
_REFUNDED: Final = _entry(
    "1679091c5a880faf",
    "clawback",
    -30,
    REFUNDED_AT,
    order=ORDER,
    clawback={
        "refund_id": "r1",
        "amount_minor": 1500,
        "clawed": 30,
        "owed": 0,
        "forgiven": 0,
        "excused": 0,
    },
)

# A bag of 29.80 was forgotten at the till.
_EDITED: Final = _entry(
    "8f14e45fceea167a",
    "edit",
    59,
    REFUNDED_AT,
    order=ORDER,
    edit={"amount_minor": 2980, "clawed": 0, "owed": 0, "forgiven": 0, "excused": 0},
)

_EMAIL: Final[Json] = {"kind": "email", "value": "ana@example.com"}
_MEMBER: Final[Json] = {
    "id": ANA,
    "status": "active",
    "balance": 5,
    "debt": 0,
    "lots": _lots(5),
    "pending": [],
    "profile": {
        "name": "Ana",
        "locale": "fr-FR",
        "birthday": "1990-02-28",
        "attributes": {"milk": "oat"},
    },
    "identities": [_EMAIL | {"source": None, "verified": True}],
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
}
_ENROLLED: Final = _MEMBER | {
    "balance": 0,
    "lots": [],
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

_ORDER_REQUEST: Final[Json] = {
    **ORDER,
    "identities": [_EMAIL],
    "occurred_at": EARNED_AT,
    "lines": [
        {"line_id": "beans", "category": "whole_bean", "quantity": 2, "amount": _eur(3000)},
        {"line_id": "mug", "amount": _eur(1500)},
    ],
}

_REDEMPTION: Final[Json] = {
    "id": REDEMPTION,
    "reward_id": "latte",
    "points": 40,
    "state": "issued",
    "voucher": {"code": CODE, "expires_at": None},
    "slices": _lots(40),
    "amount": None,
    "held_until": None,
    "redeemed_at": REDEEMED_AT,
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
_VOUCHER_ORDER: Final[Json] = {"source": "till", "order_id": "2002"}

_NOTHING: Final[Json] = {"balance": 0, "debt": 0, "pending_points": 0, "lots": [], "pending": []}
_HELD: Final = _NOTHING | {"balance": 5, "lots": _lots(5)}

_EXPORTED_ORDER: Final[Json] = {
    **ORDER,
    "occurred_at": EARNED_AT,
    "channel": None,
    "lines": [
        {
            "line_id": "mug",
            "sku": None,
            "category": None,
            "product_categories": [],
            "quantity": 1,
            "amount": _eur(1500),
        }
    ],
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

_STOREFRONT: Final[Json] = {
    "id": "online-shop",
    "platform": "shopify",
    "source": "shop",
    "connected_at": "2026-11-01T09:10:00Z",
    "changed_at": "2026-11-01T09:10:00Z",
    "webhook_path": "/v1/programs/bean-and-leaf/webhooks/online-shop",
    "notification_url": None,
    "store": "bean-and-leaf",
    "client_id": None,
    "has_access_token": False,
    "counts_tax": False,
    "other_currencies": "convert",
    "sandbox": False,
    "earns": {"statuses": [], "channels": [], "tags_any": [], "tags_none": []},
    "enroll_customers": False,
    "create_codes": False,
    "memberships": {},
}
_DELIVERY: Final[Json] = {
    "id": DELIVERY,
    "topic": "orders/paid",
    "name": "evt-1",
    "source": "shop",
    "order_id": "1001",
    "received_at": "2026-11-21T10:00:01.512000Z",
    "applied_at": "2026-11-21T10:00:02.104000Z",
    "attempts": 1,
    "status": "earned",
    "reason": None,
    "pointer": None,
    "member_id": ANA,
    "entry_id": _EARNED["id"],
    "points": 75,
    "replayed": False,
    "vouchers": [],
}
_ERASURE: Final[Json] = {
    "id": "45c48cce2e2d7fbdea1afc51c7c6ad26c7c6ad26",
    "delivery_id": DELIVERY,
    "asks": "customer",
    "state": "waiting",
    "customer_id": "207119551",
    "email": "ana@example.com",
    "phone": None,
    "requested_at": "2026-11-24T09:00:00Z",
    "begins_at": "2026-11-26T09:00:00Z",
    "stopped_at": None,
    "stopped_by": None,
}

_ENDPOINT_REQUEST: Final[Json] = {
    "url": "https://hooks.example.com/loyalty",
    "events": ["PointsEarned", "MemberChanged"],
    "description": "Our CRM",
}
_ENDPOINT: Final[Json] = _ENDPOINT_REQUEST | {
    "id": "crm",
    "enabled": True,
    "disabled_because": None,
    "created_at": "2026-11-01T09:20:00Z",
    "changed_at": "2026-11-01T09:20:00Z",
    "previous_secret_until": None,
}
_SECRET: Final[Json] = {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
_SENT: Final[Json] = {
    "event_id": EVENT,
    "event": "PointsEarned",
    "state": "delivered",
    "attempts": 1,
    "queued_at": "2026-11-21T10:00:03Z",
    "last_attempt_at": "2026-11-21T10:00:03.200000Z",
    "last_status": 204,
    "last_trouble": None,
    "next_attempt_at": None,
}
_QUEUED: Final[Json] = {
    "status": "queued",
    "delivery": _SENT
    | {
        "state": "retrying",
        "attempts": 0,
        "queued_at": NOW,
        "last_attempt_at": None,
        "last_status": None,
        "next_attempt_at": NOW,
    },
}

_EXPORT_REQUEST: Final[Json] = {
    "report": "summary",
    "from": "2026-01-01",
    "to": "2026-12-31",
    "format": "csv",
}
_FILE: Final[Json] = {
    "id": EXPORT,
    "state": "queued",
    "report": "summary",
    "facts": None,
    "first_day": "2026-01-01",
    "last_day": "2026-12-31",
    "by": None,
    "within_days": None,
    "format": "csv",
    "requested_at": NOW,
    "started_at": None,
    "finished_at": None,
    "progress": {"objects_read": None, "objects_total": None, "rows_written": None},
    "reason": None,
    "as_of": None,
    "size_bytes": None,
    "sha256": None,
    "lapses_at": None,
    "download": None,
}
_FILE_DONE: Final = _FILE | {
    "state": "done",
    "started_at": "2026-11-24T17:00:02Z",
    "finished_at": "2026-11-24T17:00:05Z",
    "progress": {"objects_read": 12, "objects_total": 12, "rows_written": 1},
    "as_of": "2026-11-24T17:00:02Z",
    "size_bytes": 412,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "lapses_at": "2026-12-01T17:00:05Z",
}
_CSV: Final = "starts_on,orders\n2026-10-01,38\n2026-11-01,41\n"
_REPORT: Final[Json] = {
    "report": "trend",
    "title": "Trend: the summary by day, week or month",
    "about": "One row for each day, week (from Monday) or month (`by`).",
    "program": {
        "name": "Bean & Leaf",
        "time_zone": "Europe/Paris",
        "currency": "EUR",
        "currency_digits": 2,
        "points_one": "bean",
        "points_many": "beans",
        "names": {},
    },
    "first_day": "2026-10-01",
    "last_day": "2026-11-30",
    "by": "month",
    "as_of": NOW,
    "columns": [
        {
            "name": "starts_on",
            "type": "date",
            "unit": "date",
            "description": "The first day of the step.",
        },
        {"name": "orders", "type": "integer", "unit": "orders", "description": "Orders."},
    ],
    "chart": {"kind": "column", "x": "starts_on", "y": ["orders"], "series": None, "facet": None},
    "rows": [["2026-10-01", 38], ["2026-11-01", 41]],
}

_DRAFT: Final[Json] = {
    "id": "winter",
    "revision": 1,
    "based_on": 3,
    "changed_at": NOW,
    "changed_by": "3f0c8a52-1d6e-4b1c-9d53-6f2f6c0f4a10",
}

REQUESTS: Final[dict[str, Json]] = {
    "adjust_balance": {"points": 10, "reason": "The latte was cold", "reference": "case 12"},
    "answer_survey": {"order": ORDER, "score": 9, "comment": "Fast, and the beans are fresh."},
    "answer_survey_by_link": {"score": 9, "comment": "Fast, and the beans are fresh."},
    "change_member": {
        "profile": {"locale": None, "attributes": {"milk": "oat"}},
        "consents": {"email": False},
        "identities": [{"kind": "card", "value": "6034-1"}],
    },
    "check_program": DOCUMENT,
    "connect_storefront": {
        "platform": "shopify",
        "source": "shop",
        "store": "bean-and-leaf",
        "secrets": ["shpss_0123456789abcdef"],
    },
    "enroll_member": {
        "identities": [_EMAIL, {"kind": "customer", "source": "shop", "value": "207119551"}],
        "profile": {"name": "Ana", "locale": "fr-FR", "birthday": "1990-02-28"},
        "consents": {"email": True},
    },
    "grant_tier": {"level": "regular", "until": "2027-12-31"},
    "look_up_member": {"identity": _EMAIL},
    "make_survey_link": {"order": ORDER, "days": 14},
    "merge_members": {"into": ANA},
    "preview_message": {
        "kind": "welcome",
        "locale": "fr-FR",
        "template": {
            "kind": "welcome",
            "subject": "Bienvenue, {{ name }}",
            "body": "Merci d'être là.",
        },
    },
    "publish_program": DOCUMENT,
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
    "redeem": {"reward_id": "latte"},
    "register_endpoint": _ENDPOINT_REQUEST,
    "replay_deliveries": {
        "from": "2026-11-21T00:00:00Z",
        "to": "2026-11-22T00:00:00Z",
        "statuses": ["parked", "failed"],
    },
    "request_report_export": _EXPORT_REQUEST,
    "transfer_points": {"to_member_id": BEN, "points": 5},
    "save_draft": {"document": {"name": "Bean & Leaf", "hold_minutes": 20}, "based_on": 3},
    "use_voucher": {"order": _VOUCHER_ORDER},
}

# Of a successful answer; by status where the statuses of an operation have different models.
ANSWERS: Final[dict[str, Any]] = {
    "adjust_balance": {
        "entry": _entry(
            "e4da3b7fbbce2345",
            "adjustment",
            10,
            NOW,
            reason="The latte was cold",
            reference="case 12",
        )
    },
    "answer_survey": _SURVEY_RESPONSE,
    "answer_survey_by_link": HTML,
    "ask_to_unsubscribe": HTML,
    "cancel_redemption": _REDEMPTION | {"state": "cancelled"},
    "change_member": _MEMBER
    | {
        "profile": _MEMBER["profile"] | {"locale": None},
        "consents": {"email": False},
        "identities": [
            *_MEMBER["identities"],
            {"kind": "card", "value": "6034-1", "source": None, "verified": False},
        ],
    },
    "check_program": {
        "document": _WITH_DEFAULTS,
        "compared_with": 3,
        "differences": [
            {
                "pointer": "/rewards/0/cost_points",
                "kind": "changed",
                "before": 40,
                "after": 45,
                "text": "The reward “A latte” costs 45 instead of 40 points.",
            }
        ],
    },
    "check_voucher": _VOUCHER,
    "complete_redemption": _REDEMPTION | {"held_until": "2026-11-21T10:20:00Z"},
    "connect_storefront": _STOREFRONT,
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
        "merged_from": [],
        "entries": [_EARNED_IN_FULL | {"of_order": _EXPORTED_ORDER}],
        "vouchers": [],
        "messages": [],
        "survey_responses": [],
        "guest_orders": [],
        "next_cursor": None,
    },
    "grant_tier": _GRANTED,
    "list_actions": _page(
        {
            "id": "5f2b6c0d9e81a374",
            "action": "points.adjust",
            "began_at": NOW,
            "by": "3f0c8a52-1d6e-4b1c-9d53-6f2f6c0f4a10",
            "roles": ["manager"],
            "target": {"kind": "member", "id": ANA},
            "state": "done",
            "code": None,
            "changes": [{"field": "points", "before": None, "after": 10}],
            "results": {"entry": "ent_e4da3b7fbbce2345"},
            "request_id": "JKJaXmPLvHcESHA=",
        }
    ),
    "list_drafts": {"items": [_DRAFT]},
    "list_versions": _page(
        {
            "version": 3,
            "published_at": NOW,
            "published_by": "3f0c8a52-1d6e-4b1c-9d53-6f2f6c0f4a10",
            "note": "Busy Fridays",
        }
    ),
    "read_draft": _DRAFT | {"document": {"name": "Bean & Leaf", "hold_minutes": 20}},
    "save_draft": _DRAFT | {"document": {"name": "Bean & Leaf", "hold_minutes": 20}},
    "list_deliveries": _page(_DELIVERY),
    "list_endpoint_deliveries": _page(_SENT),
    "list_endpoints": _page(_ENDPOINT),
    "list_erasure_requests": _page(_ERASURE),
    "list_history": _page(_REFUNDED, _REDEEMED, _EARNED),
    "list_member_rewards": _page(
        {
            "id": "latte",
            "name": "A latte",
            "kind": "free_product",
            "cost_points": 40,
            "redeemable": False,
            "why_not": "insufficient_points",
            "missing_points": 35,
        }
    ),
    "list_redemptions": _page(_REDEMPTION),
    "list_messages": _page(
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
    "list_report_exports": _page(_FILE_DONE),
    "list_rewards": _page(_LATTE),
    "list_survey_responses": _page(_SURVEY_RESPONSE),
    "look_up_member": _MEMBER,
    "make_survey_link": {
        "path": "/v1/programs/bean-and-leaf/survey-links/WyJhZnRlci1vcmRlciJd.c2VhbGVk",
        "expires_at": "2026-12-08T17:00:00Z",
    },
    "merge_members": {
        "member_id": ANA,
        "entry": _entry("8f14e45fceea167a", "merge", -12, NOW, counterpart_id=ANA),
    },
    "open_reports": HTML,
    "open_survey": HTML,
    "preview_message": {
        "subject": "Bienvenue, Ana",
        "html": HTML,
        "text": "Bienvenue, Ana\n\nMerci d'être là.\n",
    },
    "publish_program": _PUBLISHED,
    "quote_order": {
        "member_id": ANA,
        "tier": None,
        "balance": 0,
        "points": 75,
        "pending_points": 0,
        "breakdown": _BREAKDOWN,
    },
    "read_asset": {"text/css": "body { margin: 0 }", "text/javascript": "export {};"},
    "read_balance": _HELD | {"at": NOW},
    "read_endpoint": _ENDPOINT,
    "read_member": _MEMBER,
    "read_openapi": {
        "openapi": "3.1.0",
        "info": {"title": "Loyalty", "version": "0.1.0"},
        "paths": {},
    },
    "read_order": {
        **ORDER,
        "status": "earned",
        "member_id": ANA,
        "entries": [_EARNED_IN_FULL, _REFUNDED],
        "refunds_waiting": [],
    },
    "read_program": _PUBLISHED | {"document": _WITH_DEFAULTS},
    "read_report": {"application/json": _REPORT, "text/csv": _CSV, "text/html": HTML},
    "read_report_export": _FILE_DONE
    | {
        "download": {
            "url": "https://exports.s3.eu-west-1.amazonaws.com/bean-and-leaf/…",
            "expires_at": "2026-11-24T17:15:10Z",
        }
    },
    "read_statement": {
        "first_day": "2026-11-01",
        "last_day": "2026-11-30",
        "opening": _NOTHING,
        "entries": [_EARNED, _REDEEMED, _REFUNDED],
        "closing": _HELD,
        "lots": [{"expires_on": EXPIRES_ON, "opening": 0, "change": 5, "closing": 5}],
    },
    "check_storefront": {
        "checked_at": "2026-11-24T17:00:00Z",
        "works": False,
        "asked_platform": True,
        "findings": [
            {
                "code": "scope_missing",
                "severity": "error",
                "step": "Give the token the scope read_products, which is needed to read the "
                "categories of goods",
                "subject": "read_products",
            }
        ],
    },
    "read_storefront": _STOREFRONT
    | {
        "last_delivery": _DELIVERY,
        "last_trouble": None,
        "deliveries": {
            "since": "2026-11-23T17:00:00Z",
            "by_status": {"earned": 41, "ignored": 3},
            "is_all": True,
        },
    },
    "correct_order": {
        "200": {"status": "edited", "entry": _EDITED, "vouchers": []},
        "202": {"status": "guest", "vouchers": []},
    },
    "receive_delivery": {"status": "received", "delivery_id": DELIVERY},
    "record_order": {
        "200": {
            "status": "earned",
            "member_id": ANA,
            "entry": _EARNED_IN_FULL,
            "vouchers": [],
        },
        "202": {"status": "guest", "vouchers": []},
    },
    "record_refund": {
        "200": {
            "status": "refunded",
            "entry": _REFUNDED,
            "counted": _eur(1500),
            "debt": 0,
            "vouchers": [],
        },
        "202": {"status": "waiting", "vouchers": []},
    },
    "redeem": _REDEMPTION,
    "redeliver_event": _QUEUED,
    "register_endpoint": _ENDPOINT | _SECRET,
    "replay_deliveries": {"status": "queued", "queued": 2, "next_cursor": None},
    "replay_delivery": {"status": "queued", "delivery": _DELIVERY},
    "request_report_export": _FILE,
    "rotate_secret": _ENDPOINT | {"previous_secret_until": "2026-11-25T17:00:00Z"} | _SECRET,
    "send_test_event": _QUEUED | {"delivery": _QUEUED["delivery"] | {"event": "EndpointTested"}},
    "show_data_request": {
        "request_id": "9999",
        "customer_id": "207119551",
        "email": "ana@example.com",
        "phone": None,
        "orders": [ORDER],
        "received_at": "2026-11-24T09:00:00Z",
        "due_at": "2026-12-24T09:00:00Z",
    },
    "stop_requested_erasure": _ERASURE
    | {
        "state": "stopped",
        "customer_id": None,
        "email": None,
        "stopped_at": NOW,
        "stopped_by": "5d41402a-bc4b-4a76-b971-9d911017c592",
    },
    "transfer_points": {
        "entry": _entry("45c48cce2e2d7fbd", "transfer", -5, NOW, counterpart_id=BEN)
    },
    "unsubscribe": HTML,
    "use_voucher": _VOUCHER
    | {"state": "used", "used_at": NOW, "used_order": _VOUCHER_ORDER, "used_by": ANA},
}


def request_example(operation_id: str) -> Any:
    """An example of an operation's request body."""
    return REQUESTS[operation_id]


def answer_example(operation_id: str, *, status: str, media: str) -> Any:
    """An example of an operation's successful answer, by status or by media type if it has some."""
    answer = ANSWERS[operation_id]
    if isinstance(answer, dict):
        if media in answer:
            return answer[media]
        if "200" in answer:
            return answer["202" if status == "202" else "200"]
    return answer
