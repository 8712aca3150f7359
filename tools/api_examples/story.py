"""What examples of several resources share: the story of Ana and her orders."""

from typing import Any, Final

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


def eur(minor: int) -> Json:
    return {"amount": minor, "currency": "EUR"}


def page(*items: Json) -> Json:
    return {"items": list(items), "next_cursor": None}


def lots(points: int) -> list[Json]:
    return [{"expires_on": EXPIRES_ON, "points": points}]


def entry(entry_id: str, kind: str, points: int, happened_at: str, **more: Any) -> Json:
    absent = (
        "available_on", "expires_on", "tier", "breakdown", "order", "clawback", "edit",
        "redemption_id", "reward_id", "reason", "reference", "given_for", "granted_for",
        "survey_id", "rule_id", "bonus_clawback", "counterpart_id", "recorded_by",
    )  # fmt: skip
    return {
        "id": entry_id,
        "kind": kind,
        "points": points,
        "pending_points": 0,
        "happened_at": happened_at,
        "recorded_at": happened_at,
        "program_version": 1,
        "lots": lots(points),
        "pending": [],
        "debt": 0,
        **dict.fromkeys(absent),
        **more,
    }


def share(rule_id: str, line_id: str, points: int, minor: int) -> Json:
    rate = {"points": 1, "per_minor": 100, "multiplier_percent": 100, "plan_percent": 100}
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

BREAKDOWN: Final = [
    share("base", "beans", 30, 3000),
    share("base", "mug", 15, 1500),
    share("coffee-at-home", "beans", 30, 3000),
]

EARNED: Final = entry(
    "7f4c2a9d10e35b68",
    "accrual",
    75,
    EARNED_AT,
    available_on="2026-11-21",
    expires_on=EXPIRES_ON,
    order=ORDER,
)

EARNED_IN_FULL: Final = EARNED | {"breakdown": BREAKDOWN}
REFUNDED: Final = entry(
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

EMAIL: Final[Json] = {"kind": "email", "value": "ana@example.com"}
