"""Examples of the people who work with a program."""

from typing import Any, Final

from tools.api_examples.story import Json, page

_BEA: Final[Json] = {
    "subject": "3f0c8a52-1d6e-4b1c-9d53-6f2f6c0f4a10",
    "email": "bea@beanleaf.example",
    "name": "Bea",
    "roles": ["cashier", "manager"],
    "state": "active",
    "second_factor": True,
    "invitation_expires_at": None,
}

REQUESTS: Final[dict[str, Json]] = {
    "invite_person": {"email": "bea@beanleaf.example", "name": "Bea", "roles": ["cashier"]},
    "change_person": {"roles": ["cashier", "manager"]},
}

ANSWERS: Final[dict[str, Any]] = {
    "list_people": page(_BEA),
    "invite_person": _BEA
    | {
        "roles": ["cashier"],
        "state": "invited",
        "second_factor": False,
        "invitation_expires_at": "2026-11-24T10:00:00Z",
        "invitation_sent": True,
    },
    "read_person": _BEA,
    "change_person": _BEA,
}
