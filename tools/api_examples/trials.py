"""An example of a trial."""

from typing import Any, Final

from tools.api_examples.story import ANA, NOW, Json, eur, page

_DOCUMENT: Final[Json] = {
    "schema_version": 1,
    "name": "Bean & Leaf",
    "time_zone": "Europe/Paris",
    "currency": "EUR",
    "points": {"one": "bean", "many": "beans"},
    "earning_rules": [{"id": "base", "on": "order", "points": 2, "per_minor": 100}],
    "expiry": {"model": "after_earning", "months": 12},
}
_IN_FORCE: Final[Json] = {
    "orders": 17_863,
    "issued": 892_400,
    "taken_back": 21_300,
    "expired": 60_150,
    "spent": 410_200,
    "returned": 3_900,
    "other": 12_500,
    "redemptions": 5_120,
    "unaffordable": 0,
    "unaffordable_points": 0,
    "uncountable": 0,
    "held_before": 505_050,
    "held_after": 922_200,
    "worth_minor": 922_200,
}
_TRIAL: Final[Json] = {
    "fidelity": {
        "orders": 17_863,
        "orders_exact": 17_851,
        "points_booked": 913_700,
        "points_off": 212,
    },
    "members_tried": 2_039,
    "members": 2_039,
    "points": {
        "in_force": _IN_FORCE,
        "proposed": _IN_FORCE
        | {
            "issued": 1_784_800,
            "taken_back": 42_600,
            "held_after": 1_793_300,
            "worth_minor": 1_793_300,
        },
    },
    "gain": {"points": 871_100, "low": 871_100, "high": 871_100},
    "by_level": [{"id": "", "issued_in_force": 892_400, "issued_proposed": 1_784_800}],
    "by_giver": [{"id": "base", "issued_in_force": 892_400, "issued_proposed": 1_784_800}],
    "by_month": [{"id": "2026-10", "issued_in_force": 892_400, "issued_proposed": 1_784_800}],
    "liability": [
        {
            "state": "available",
            "expires_in": "2027-11",
            "points_in_force": 922_200,
            "points_proposed": 1_793_300,
            "worth_in_force_minor": 922_200,
            "worth_proposed_minor": 1_793_300,
        }
    ],
    "breakage": {
        "in_force": {"rate": 0.128946, "likely": 118_914, "likely_minor": 118_914},
        "proposed": {"rate": 0.128946, "likely": 231_239, "likely_minor": 231_239},
    },
    "gains": [
        {"at_least": 0, "below": 1, "members": 31},
        {"at_least": 101, "below": 301, "members": 2_008},
    ],
    "furthest_up": [{"member_id": ANA, "points": 2_140}],
    "furthest_down": [],
    "level_moves": [{"in_force": "", "proposed": "regular", "members": 88}],
    "budgets": [
        {
            "campaign_id": "double-november",
            "period": "all",
            "points": 50_000,
            "taken": 61_300,
            "ends_on": "2026-11-22",
        }
    ],
    "untried": [],
}

REQUESTS: Final[dict[str, Json]] = {
    "try_document": {
        "document": _DOCUMENT,
        "from": "2025-12-01",
        "to": "2026-11-30",
        "members_max": 5_000,
    },
    "try_holdout": {"percent": 10, "from": "2026-12-01", "to": "2026-12-28", "segment": None},
}
_WHOLE: Final[Json] = {
    "id": "k5jzq3xw7mvt2hd4ys6bnc0e",
    "state": "queued",
    "first_day": "2025-12-01",
    "last_day": "2026-11-30",
    "version": 3,
    "requested_at": NOW,
    "finished_at": None,
    "as_of": None,
    "progress": {"parts_done": 0, "parts": None, "round": 1},
    "reason": None,
    "answer": None,
    "document": _DOCUMENT,
}
_WHOLE_DONE: Final[Json] = _WHOLE | {
    "state": "done",
    "finished_at": "2026-11-24T17:02:10Z",
    "as_of": "2026-11-24T17:00:02Z",
    "progress": {"parts_done": 4, "parts": 4, "round": 2},
    "answer": _TRIAL,
}
ANSWERS: Final[dict[str, Any]] = {
    "try_document": {"200": _TRIAL, "202": _WHOLE},
    "try_holdout": {
        "members": 8_831,
        "held_out": 981,
        "first_day": "2025-12-02",
        "last_day": "2025-12-29",
        "mean": eur(3_012),
        "least": eur(127),
        "least_ratio": 0.043,
    },
    "read_trial": _WHOLE_DONE,
    "list_trials": page(
        _WHOLE_DONE | {"progress": None, "answer": None, "document": None},
    ),
}
