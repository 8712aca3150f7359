"""Examples of the deployment's programs and services."""

from typing import Any, Final

from tools.api_examples.story import EARNED_AT, Json, page

_SERVICE: Final[Json] = {
    "id": "webshop",
    "client_id": "1example23456789",
    "description": "The webshop's server",
    "programs": ["bean-and-leaf"],
    "created_at": EARNED_AT,
}


REQUESTS: Final[dict[str, Json]] = {
    "put_service": {"description": "The webshop's server"},
}

ANSWERS: Final[dict[str, Any]] = {
    "allow_service": _SERVICE,
    "list_programs": page(
        {"id": "bean-and-leaf", "name": "Bean & Leaf", "time_zone": "Europe/Paris", "version": 3}
    ),
    "list_services": page(_SERVICE),
    "put_service": _SERVICE
    | {
        "client_secret": "1q2w3e4r5t6z7u8i9o0p",
        "token_url": "https://loyalty.example.com/oauth2/token",
        "scope": "loyalty/service",
    },
    "read_service": _SERVICE,
}
