"""Which layers each function has. Plain data: the bench and tests read it without the CDK."""

from __future__ import annotations

from typing import Final

COMMON: Final = ("dependencies", "loyalty")
# Large libraries are only in the functions that need them: a small layer starts a worker sooner.
EXTRA: Final = {
    "authorizer": "tokens",
    "compaction": "analytics",
    "exports": "analytics",
    "notifications": "messages",
    "reporting": "analytics",
}
DESCRIPTIONS: Final = {
    "dependencies": "Third-party packages",
    "loyalty": "The shared package",
    "analytics": "The engine of the reports",
    "messages": "Dates and amounts by locale",
    "tokens": "Verification of tokens",
}


def layers_of(function: str) -> tuple[str, ...]:
    """Return the names of a function's layers, in the order in which they are mounted."""
    return (*COMMON, EXTRA[function]) if function in EXTRA else COMMON
