"""The console over an API that answers with the documented examples: no cloud, and no network."""

import base64
import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Route

from loyalty.edge import console
from loyalty.edge.console import ConsoleSettings
from tools.api_examples import answer_example
from tools.generated import ROOT

API_URL: Final = "https://loyalty.example"
_ASSET: Final = re.compile(rf"{console.PATH}/assets/[0-9a-f]+/(.+)")


def serve_examples(context: BrowserContext, **answers: object) -> None:
    """Answer all requests of a browser: the console's, and each operation of the API.

    The body of an answer is the operation's example, or what `answers` has by the operation's id.
    """
    context.route("**/*", lambda route: _answer(route, answers))


def _answer(route: Route, answers: Mapping[str, object]) -> None:
    path = urlsplit(route.request.url).path
    if path == console.PATH:
        page = console.shell(ConsoleSettings(), groups_claim="cognito:groups")
        policy = {"content-security-policy": page.policy}
        route.fulfill(body=page.html, content_type="text/html", headers=policy)
    elif asset := _ASSET.fullmatch(path):
        body, media = console.asset(console.assets_digest(), asset[1])
        route.fulfill(body=body, content_type=media)
    else:
        operation_id, status = _operation(route.request.method, path)
        example = answer_example(operation_id, status=status, media="application/json")
        route.fulfill(status=int(status), json=answers.get(operation_id, example))


def token(program_id: str, *roles: str) -> str:
    """A token that nobody signed: only the console reads it."""
    claims = {
        "sub": "8a1f02c4-77be-4a41-9d0e-51c0f3a9d2b7",
        "email": "noor@example.com",
        "cognito:groups": [f"{program_id}/{role}" for role in roles],
    }
    return f".{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}."


def _operation(method: str, path: str) -> tuple[str, str]:
    """The operation that a request asks for, and the status when it succeeds."""
    return next(
        found
        for verb, pattern, found in _operations()
        if verb == method and pattern.fullmatch(path)
    )


@cache
def _operations() -> list[tuple[str, re.Pattern[str], tuple[str, str]]]:
    """Every operation; those whose path has fewer parameters first."""
    described = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    return [
        (
            method.upper(),
            re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)),
            (operation["operationId"], min(operation["responses"])),
        )
        for path, operations in sorted(
            described["paths"].items(), key=lambda each: each[0].count("{")
        )
        for method, operation in operations.items()
    ]
