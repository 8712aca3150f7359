"""Examples of endpoints and of what is sent to them."""

from typing import Any, Final

from tools.api_examples.story import EVENT, NOW, Json, page

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


REQUESTS: Final[dict[str, Json]] = {
    "register_endpoint": _ENDPOINT_REQUEST,
}

ANSWERS: Final[dict[str, Any]] = {
    "list_endpoint_deliveries": page(_SENT),
    "list_endpoints": page(_ENDPOINT),
    "read_endpoint": _ENDPOINT,
    "redeliver_event": _QUEUED,
    "register_endpoint": _ENDPOINT | _SECRET,
    "rotate_secret": _ENDPOINT | {"previous_secret_until": "2026-11-25T17:00:00Z"} | _SECRET,
    "send_test_event": _QUEUED | {"delivery": _QUEUED["delivery"] | {"event": "EndpointTested"}},
}
