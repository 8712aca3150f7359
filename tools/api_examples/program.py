"""Examples of the program document, and of what staff did."""

from typing import Any, Final

from loyalty.domain.program.campaigns import WEEKDAYS
from loyalty.domain.program.document import Program
from tools.api_examples.story import ANA, DOCUMENT, NOW, Json, page

_WITH_DEFAULTS: Final[Json] = Program.model_validate(DOCUMENT).model_dump(mode="json")
_PUBLISHED: Final[Json] = {"version": 1, "published_at": "2026-11-01T09:00:00Z"}
_DRAFT: Final[Json] = {
    "id": "winter",
    "revision": 1,
    "based_on": 3,
    "changed_at": NOW,
    "changed_by": "3f0c8a52-1d6e-4b1c-9d53-6f2f6c0f4a10",
    "changed_by_name": "Bea",
}
_ADJUSTED: Final[Json] = {
    "id": "5f2b6c0d9e81a374",
    "action": "points.adjust",
    "began_at": NOW,
    "by": "3f0c8a52-1d6e-4b1c-9d53-6f2f6c0f4a10",
    "by_name": "Bea",
    "by_email": "bea@beanleaf.example",
    "roles": ["manager"],
    "target": {"kind": "member", "id": ANA},
    "state": "done",
    "code": None,
    "changes": [{"field": "points", "before": None, "after": 10}],
    "results": {"entry": "ent_e4da3b7fbbce2345"},
    "request_id": "JKJaXmPLvHcESHA=",
}


_EARNS: Final[Json] = {"points_per_major_unit": 2.0, "points_per_unit": 0.0, "beside": 0.0}
_EVER: Final[Json] = _EARNS | {
    "starts_on": "2026-08-23",
    "ends_on": None,
    "weekdays": list(WEEKDAYS),
}

_VERSION: Final[Json] = {
    "version": 3,
    "published_at": NOW,
    "published_by": "3f0c8a52-1d6e-4b1c-9d53-6f2f6c0f4a10",
    "published_by_name": "Bea",
    "note": "Busy Fridays",
}
_DEARER: Final[Json] = {
    "pointer": "/rewards/0/cost_points",
    "kind": "changed",
    "before": 40,
    "after": 45,
    "text": "The reward “A latte” costs 45 instead of 40 points.",
}

REQUESTS: Final[dict[str, Json]] = {
    "check_program": DOCUMENT,
    "publish_program": DOCUMENT,
    "save_draft": {"document": {"name": "Bean & Leaf", "hold_minutes": 20}, "based_on": 3},
}

ANSWERS: Final[dict[str, Any]] = {
    "check_program": {
        "faults": [],
        "worst_case": _EARNS | {"calendar": [_EVER]},
        "document": _WITH_DEFAULTS,
        "compared_with": 3,
        "differences": [_DEARER["text"]],
        "changes": [_DEARER],
        "warnings": [
            {
                "pointer": "/clawback",
                "code": "earlier_orders_too",
                "detail": "This also applies to refunds of orders that were made before.",
            }
        ],
    },
    "list_actions": page(_ADJUSTED),
    "list_member_actions": page(_ADJUSTED),
    "list_deployment_actions": page(
        _ADJUSTED
        | {
            "action": "service.register",
            "roles": ["operator"],
            "target": {"kind": "service", "id": "webshop"},
            "changes": [],
            "results": {},
        }
    ),
    "list_drafts": {"items": [_DRAFT]},
    "list_versions": page(_VERSION),
    "read_draft": _DRAFT | {"document": {"name": "Bean & Leaf", "hold_minutes": 20}},
    "save_draft": _DRAFT | {"document": {"name": "Bean & Leaf", "hold_minutes": 20}},
    "publish_program": _PUBLISHED,
    "read_openapi": {
        "openapi": "3.1.0",
        "info": {"title": "Loyalty", "version": "0.1.0"},
        "paths": {},
    },
    "read_version": _VERSION
    | {"compared_with": 2, "differences": [_DEARER["text"]], "changes": [_DEARER]},
    "read_program": {"view": "whole"} | _PUBLISHED | {"document": _WITH_DEFAULTS},
}
