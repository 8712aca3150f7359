"""Credentials: those of the environment, or those that the SDK finds and refreshes."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from loyalty.sdk.credentials import credentials_source
from loyalty.sdk.signing import Credentials

# The SDK fetches credentials over HTTP.
pytestmark = pytest.mark.enable_socket

NAMES = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"),
    *("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"),
)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def container() -> Iterator[str]:
    """Gives other credentials each time, which soon expire: as a restored snapshot gets them."""
    served: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.append(1)
            soon = datetime.now(UTC) + timedelta(minutes=1)
            body = json.dumps(
                {
                    "AccessKeyId": f"A{len(served)}",
                    "SecretAccessKey": "secret",
                    "Token": "token",
                    "Expiration": soon.isoformat(),
                }
            ).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/credentials"
        server.shutdown()


def test_credentials_of_the_environment_are_used_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "A")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "t")

    assert credentials_source()() == Credentials("A", "s", "t")


def test_credentials_that_expire_are_refreshed(
    container: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", container)
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "proof")
    current = credentials_source()

    first, second = current(), current()

    assert first.secret_key == second.secret_key == "secret"
    assert first.access_key != second.access_key


def test_a_function_without_credentials_says_so() -> None:
    with pytest.raises(RuntimeError, match="no AWS credentials"):
        credentials_source()
