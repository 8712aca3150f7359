"""The console over HTTP: open to anyone, without data, and its files cached forever."""

import base64
import gzip
import re
from typing import Any
from urllib.parse import urljoin

import pytest

from functions.console import handler as console
from tests.support.http import Answer, Context, call, event

PAGE = "/v1/console"


def test_it_runs_only_scripts_that_are_served_with_it() -> None:
    page = open_page()

    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"


def test_it_knows_where_staff_sign_in_and_what_their_groups_are_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOYALTY_AUTHORIZE_URL", "https://id.example.com/authorize")
    monkeypatch.setenv("LOYALTY_TOKEN_URL", "https://id.example.com/token")
    monkeypatch.setenv("LOYALTY_CLIENT_ID", "pages")
    monkeypatch.setenv("LOYALTY_GROUPS_CLAIM", "roles")

    page = open_page()

    assert '"authorize_url":"https://id.example.com/authorize"' in page.text
    assert '"groups_claim":"roles"' in page.text
    policy = page.headers["content-security-policy"]
    assert "connect-src 'self' https://id.example.com;" in policy


def test_its_files_can_be_cached_forever() -> None:
    for path in (*files(), view("home"), urljoin(files()[0], "program_schema.json")):
        file = call(console.handler, "GET", path)

        assert file.status == 200, path
        assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert file.headers["x-content-type-options"] == "nosniff"
        assert file.headers["content-type"].startswith(
            ("text/javascript", "text/css", "application/json")
        )


def test_its_files_are_sent_compressed() -> None:
    library = urljoin(files()[0], "plot.js")
    request = event("GET", library, headers={"Accept-Encoding": "gzip, br"})
    context: Any = Context()

    answer = console.handler(request, context)

    assert answer["isBase64Encoded"]
    sent = base64.b64decode(answer["body"])
    assert len(sent) < 95_000
    assert gzip.decompress(sent).decode() == call(console.handler, "GET", library).text


@pytest.mark.parametrize(
    "path",
    [
        "0000000000000000/plot.js",
        "0000000000000000/passwd",
        "0000000000000000/views/home.js",
        "0000000000000000/frames/mail",
        "x/plot.js",
        "%2e%2e/plot.js",
    ],
)
def test_other_paths_are_not_found(path: str) -> None:
    answer = call(console.handler, "GET", f"{PAGE}/assets/{path}")

    assert (answer.status, answer.code) == (404, "not_found")


def test_the_address_of_the_reports_leads_to_the_console() -> None:
    answer = call(console.handler, "GET", "/v1/programs/bean/reports")

    assert answer.status == 303
    page = urljoin("https://api.example.com/v1/programs/bean/reports", answer.headers["location"])
    assert page == "https://api.example.com/v1/console#/bean/reports"


def test_a_mail_is_shown_in_a_page_with_a_policy_of_its_own() -> None:
    page = call(console.handler, "GET", urljoin(files()[0], "frames/mail"))

    assert page.status == 200
    assert "sandbox allow-scripts" in page.headers["content-security-policy"]


def open_page() -> Answer:
    return call(console.handler, "GET", PAGE)


def files() -> list[str]:
    """The paths of all that the page loads."""
    loaded = re.findall(r'"([^"]+/assets/[^"]+)"', open_page().text)
    return [urljoin(PAGE, path) for path in loaded]


def view(name: str) -> str:
    return urljoin(files()[0], f"views/{name}.js")
