"""Requests made from the OpenAPI document: whatever is asked, the answer is as described."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest

from tests.attack.fuzzing import CALLING_OUT, fuzz
from tests.e2e.conftest import OpenProgram
from tests.e2e.described import DescribedApi, enroll, order

ROLES: Final = ("manager", "member", "service")
# Requests are counted, not timed, so that the same are sent everywhere. This is for a machine that
# has stopped; two idle cores take half a minute.
SECONDS_MAX: Final = 420


def test_no_generated_request_gets_an_answer_that_is_not_described(
    program: OpenProgram, api: DescribedApi
) -> None:
    ana = enroll(api)
    api.call("service", "POST", "/orders", json=order("1", member_id=ana), status=201)

    found = fuzz(
        program,
        roles=ROLES,
        names={"member_id": ana, "source": "pos", "order_id": "1", "name": "summary"},
        examples=2,
        seed_number=1,
        ends_at=time.monotonic() + SECONDS_MAX,
    )

    assert found.faults == [], "\n".join(found.faults)
    assert found.operations | set(CALLING_OUT) == api.operations()
    assert found.statuses[200] + found.statuses[201] > 50
    assert found.statuses[422] > 10


PROBLEM: Final = "application/problem+json"
JSON: Final = "application/json"
THING: Final = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
PROGRAM_ID: Final = {
    "name": "program_id", "in": "path", "required": True, "schema": {"type": "string"}
}  # fmt: skip
STUB: Final = {
    "openapi": "3.1.0",
    "info": {"title": "One thing", "version": "1"},
    "paths": {
        "/v1/programs/{program_id}/thing": {
            "get": {
                "operationId": "read_thing",
                "parameters": [PROGRAM_ID],
                "responses": {
                    "200": {"description": "OK", "content": {JSON: {"schema": THING}}},
                    "404": {"description": "None", "content": {PROBLEM: {"schema": {}}}},
                    "500": {"description": "Failed", "content": {PROBLEM: {"schema": {}}}},
                },
            }
        }
    },
}


@pytest.mark.parametrize(
    ("status", "kind", "body", "fault"),
    [
        (200, JSON, {"id": 1}, None),
        (404, PROBLEM, {"code": "not_found"}, None),
        (200, JSON, {"id": "one"}, "schema"),
        (200, "text/html", {"id": 1}, "Content-Type"),
        (201, JSON, {"id": 1}, "status code"),
        (404, JSON, {"code": "not_found"}, "not problem details"),
        (500, PROBLEM, {"code": "internal_error"}, "a fault of ours"),
    ],
)
def test_an_answer_that_breaks_its_description_is_found(
    status: int, kind: str, body: Any, fault: str | None
) -> None:
    with answering(status, kind, body) as origin:
        stub = SimpleNamespace(
            id="bean", tokens={"member": "x"}, deployed=SimpleNamespace(api_url=origin)
        )
        found = fuzz(
            cast("OpenProgram", stub),
            roles=("member",),
            names={},
            examples=2,
            seed_number=1,
            ends_at=time.monotonic() + SECONDS_MAX,
        )

    assert found.requests > 0
    if fault is None:
        assert found.faults == []
    else:
        assert any(fault.lower() in each.lower() for each in found.faults), found.faults


@contextmanager
def answering(status: int, kind: str, body: Any) -> Iterator[str]:
    """Serve the stub's description, and one answer to everything else."""

    class Stub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_description = self.path == "/v1/openapi.json"
            text = json.dumps(STUB if is_description else body).encode()
            self.send_response(200 if is_description else status)
            self.send_header("content-type", JSON if is_description else kind)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """A test says what went wrong by itself."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Stub) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
