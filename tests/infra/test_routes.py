"""The declared routes, the gateway's, and the generated description of the API agree."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from infra.routes import CATCH_ALL, ROUTES, Route, at_gateway
from tests.support.signing import FIXTURES

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


def test_only_operations_described_as_open_have_a_route_without_a_token() -> None:
    public = {key for key, operation in documented().items() if operation.get("security") == []}

    assert {route.key for route in ROUTES if route.why_open} - {CATCH_ALL} == public


def answering(method: str, path: str) -> Route:
    """The gateway's route for a request, as API Gateway chooses: the most specific one.

    A literal part is more specific than a variable, and a variable than the rest of a path.
    """
    parts = path.split("/")
    found: dict[tuple[int, ...], Route] = {}
    for route in at_gateway(ROUTES):
        pattern = route.path.split("/")
        if route.path == CATCH_ALL:
            found[(-1,)] = route
        elif route.method == method and (rank := _matched(pattern, parts)) is not None:
            found[rank] = route
    return found[max(found)]


def _matched(pattern: list[str], parts: list[str]) -> tuple[int, ...] | None:
    """How specifically a pattern matches: 2 for a literal, 1 for a variable, 0 for a rest."""
    rank: list[int] = []
    for index, part in enumerate(pattern):
        if part.endswith("+}"):
            return (*rank, 0) if len(parts) > index else None
        if index >= len(parts) or (part != parts[index] and not part.startswith("{")):
            return None
        rank.append(1 if part.startswith("{") else 2)
    return tuple(rank) if len(pattern) == len(parts) else None


@pytest.mark.parametrize("key", documented())
def test_every_operation_reaches_its_function_under_its_own_throttle_and_authorizer(
    key: str,
) -> None:
    method, path = key.split(" ")
    (declared,) = (route for route in ROUTES if route.key == key)

    found = answering(method, re.sub(r"\{(\w+)\}", r"x-\1", path))

    assert found.function == declared.function
    assert found.throttle is declared.throttle
    assert found.why_open == declared.why_open


def test_a_shared_route_answers_only_methods_that_an_operation_has() -> None:
    """Above all not the `OPTIONS` of browsers, which carry no token."""
    prefix = "/v1/programs/bean/endpoints"

    assert answering("PATCH", f"{prefix}/crm").path == CATCH_ALL
    assert answering("OPTIONS", f"{prefix}/crm/test").path == CATCH_ALL
    assert answering("POST", prefix).path == CATCH_ALL


def test_operations_of_managers_files_of_the_console_and_last_steps_share_routes() -> None:
    shared = {route.key for route in at_gateway(ROUTES) if route.path.endswith("+}")}

    assert shared == {
        *(
            f"{method} /v1/programs/{{program_id}}/{collection}/{{proxy+}}"
            for collection, methods in (
                ("approvals", ("GET", "POST")),
                ("campaigns", ("GET",)),
                ("drafts", ("GET", "PUT", "DELETE")),
                ("endpoints", ("GET", "PUT", "POST", "DELETE")),
                ("members/{member_id}/redemptions/{redemption_id}", ("POST",)),
                ("members/{member_id}/referral", ("POST",)),
                ("people", ("GET", "PUT", "DELETE")),
                ("reviews", ("GET", "POST")),
                ("segments", ("GET", "POST")),
                ("storefronts", ("GET", "PUT", "POST", "DELETE")),
                ("surveys/{survey_id}", ("POST",)),
                ("versions", ("GET",)),
            )
            for method in methods
        ),
        *(f"{method} /v1/services/{{proxy+}}" for method in ("GET", "PUT", "DELETE")),
        "GET /v1/console/assets/{proxy+}",
    }


def path_variables() -> dict[str, set[str]]:
    """The names that variables have at each position of a path at the gateway."""
    found: dict[str, set[str]] = {}
    for route in at_gateway(ROUTES):
        position = ""
        for part in route.path.split("/")[1:]:
            is_variable = part.startswith("{")
            position += "/*" if is_variable else f"/{part}"
            if is_variable:
                found.setdefault(position, set()).add(part[1:-1])
    return found


def test_a_variable_of_a_path_never_changes_its_name() -> None:
    """API Gateway makes the new route first, and takes no two that differ in a name only."""
    pinned = json.loads((FIXTURES / "pinned" / "path_variables.json").read_text(encoding="utf-8"))
    found = path_variables()

    assert {position: names for position, names in found.items() if len(names) > 1} == {}
    named = {position: name for position, (name,) in found.items()}
    # Add new ones to the pinned names. One that is gone stays there.
    assert named == {position: name for position, name in pinned.items() if position in found}


def test_no_route_is_declared_twice() -> None:
    for routes in (ROUTES, at_gateway(ROUTES)):
        keys = [route.key for route in routes]

        assert len(keys) == len(set(keys))
