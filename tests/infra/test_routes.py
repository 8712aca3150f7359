"""The declared routes and the generated description of the API agree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from infra.routes import CATCH_ALL, ROUTES

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"


def documented() -> dict[str, Any]:
    """Each operation of the document by its route key."""
    paths = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]
    return {
        f"{method.upper()} {path}": operation
        for path, operations in paths.items()
        for method, operation in operations.items()
    }


def test_every_operation_of_the_handlers_has_a_route_and_every_route_an_operation() -> None:
    assert {route.key for route in ROUTES} - {CATCH_ALL} == set(documented())


def test_only_what_the_document_says_needs_no_token_has_a_route_without() -> None:
    public = {key for key, operation in documented().items() if operation.get("security") == []}

    assert {route.key for route in ROUTES if route.why_open} - {CATCH_ALL} == public
