"""Calls on the deployed API, each answer held against the API's own description of itself."""

import re
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self, cast
from uuid import uuid4

import httpx
from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from tests.e2e.conftest import OpenProgram


PREFIX = "/v1/programs/{program_id}"
DESCRIPTION = "/v1/openapi.json"
SOME_TIME_S = 120.0

type Body = dict[str, Any]


class DescribedApi:
    """A program's API as `roles` see it; `driven` are the operations that were called so far."""

    def __init__(self, program: "OpenProgram") -> None:
        self.program = program
        self.driven = {f"GET {DESCRIPTION}"}
        self._clients = ExitStack()
        with httpx.Client(trust_env=False) as http:
            self._description = http.get(f"{program.deployed.api_url}{DESCRIPTION}").json()
        self._by_role = {
            role: self._clients.enter_context(program.client(role))
            for role in (None, *program.tokens)
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._clients.close()

    def send(
        self,
        role: str | None,
        method: str,
        path: str,
        *,
        status: int,
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
        **sent: Any,
    ) -> httpx.Response:
        """Call one operation; it must answer with this status, in the form that is described.

        A path begins at the program, or with `/v1/`.
        An `Idempotency-Key` is sent anyway; `key` chooses it.
        """
        all_headers = {"Idempotency-Key": key or str(uuid4())} | dict(headers or {})
        client = self._by_role[role]
        if path.startswith("/v1/"):
            answer = client.of_deployment(method, path, headers=all_headers, **sent)
        else:
            answer = client.request(method, path, headers=all_headers, **sent)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        operation, template = self._operation(method, path)
        self.driven.add(f"{method} {template}")
        self._check(answer, operation["responses"][str(status)])
        return answer

    def call(
        self, role: str | None, method: str, path: str, *, status: int = 200, **sent: Any
    ) -> Body:
        return cast("Body", self.send(role, method, path, status=status, **sent).json())

    def operations(self) -> set[str]:
        """Every operation that is described, as `GET /v1/…`."""
        return {
            f"{method.upper()} {path}"
            for path, methods in self._description["paths"].items()
            for method in methods
        }

    def _operation(self, method: str, path: str) -> tuple[Body, str]:
        # Of two that match, the gateway takes the one that says more: `/reports/exports`.
        described = sorted(self._description["paths"].items(), key=lambda each: each[0].count("{"))
        for template, operations in described:
            pattern = re.sub(r"\{\w+\}", "[^/]+", template.removeprefix(PREFIX))
            if method.lower() in operations and re.fullmatch(pattern, path):
                return operations[method.lower()], template
        raise AssertionError(f"{method} {path} is not described")

    def _check(self, answer: httpx.Response, described: Body) -> None:
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if not answer.content:
            assert "content" not in described
            return
        assert kind in described["content"], f"{kind} is not described: {answer.text}"
        if kind.endswith("json"):
            schema = described["content"][kind]["schema"]
            whole = schema | {"components": self._description["components"]}
            Draft202012Validator(whole).validate(answer.json())


def excerpt(body: Any, like: Any) -> Any:
    """As much of a body as `like` speaks of: to be compared with it, `...` stands for anything."""
    match like:
        case dict() if isinstance(body, dict):
            return {name: excerpt(body[name], like[name]) for name in like if name in body}
        case list() if isinstance(body, list) and len(body) == len(like):
            return [excerpt(each, liked) for each, liked in zip(body, like, strict=True)]
        case _ if like is ...:
            return ...
        case _:
            return body


def enroll(api: DescribedApi, email: str = "ana@example.com") -> str:
    body = {"identities": [{"kind": "email", "value": email}]}
    return str(api.call("cashier", "POST", "/members", json=body, status=201)["id"])


def order(order_id: str, amount: int = 4999, **customer: Any) -> Body:
    return {
        "source": "pos",
        "order_id": order_id,
        "occurred_at": instant(),
        "lines": [line(amount)],
    } | customer


def line(amount: int) -> Body:
    return {
        "line_id": "1",
        "sku": "X",
        "category": "drink",
        "quantity": 2,
        "amount": {"amount": amount, "currency": "EUR"},
    }


def instant() -> str:
    return datetime.now(UTC).isoformat()


def mails(program: "OpenProgram", *, to: str) -> list[Body]:
    """The mails that the local cloud's SES was given for somebody."""
    return program.deployed.mails(to=to)


def eventually[T](fetch: Callable[[], T], is_right: Callable[[T], bool]) -> T:
    """What comes from a stream takes a moment."""
    deadline = time.monotonic() + SOME_TIME_S
    while not is_right(fetched := fetch()):
        assert time.monotonic() < deadline, fetched
        time.sleep(0.2)
    return fetched
