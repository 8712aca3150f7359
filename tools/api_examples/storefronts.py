"""Examples of storefronts and their deliveries."""

from typing import Any, Final

from tools.api_examples.story import ANA, DELIVERY, EARNED, NOW, ORDER, Json, page

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
    "entry_id": EARNED["id"],
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


REQUESTS: Final[dict[str, Json]] = {
    "connect_storefront": {
        "platform": "shopify",
        "source": "shop",
        "store": "bean-and-leaf",
        "secrets": ["shpss_0123456789abcdef"],
    },
    "replay_deliveries": {
        "from": "2026-11-21T00:00:00Z",
        "to": "2026-11-22T00:00:00Z",
        "statuses": ["parked", "failed"],
    },
}

ANSWERS: Final[dict[str, Any]] = {
    "connect_storefront": _STOREFRONT,
    "list_deliveries": page(_DELIVERY),
    "list_storefronts": page(_STOREFRONT),
    "read_delivery": _DELIVERY | {"body": '{"id": 6123409581, "currency": "EUR"}', "is_cut": False},
    "list_erasure_requests": page(_ERASURE),
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
    "receive_delivery": {"status": "received", "delivery_id": DELIVERY},
    "replay_deliveries": {"status": "queued", "queued": 2, "next_cursor": None},
    "replay_delivery": {"status": "queued", "delivery": _DELIVERY},
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
}
