"""Previews of messages: in force or of a draft, for every kind and language, and safe to show."""

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any, Final, get_args

import pytest

from functions.notifications.handler import handler
from loyalty.domain.program.document import Program, PublishedProgram
from loyalty.domain.program.kinds import MessageKind
from loyalty.edge.mail.previews import READ_PARTS
from tests.integration.conftest import API_URL
from tests.support import till
from tests.support.documents import document
from tests.support.http import Answer, call, staff

WELCOME: Final = {"kind": "welcome", "subject": "Welcome", "body": "Hello"}
# Nothing that runs, sends, embeds or leads away by itself.
SAFE_ELEMENTS: Final = {
    "html", "head", "title", "meta", "style", "body", "div", "table", "tbody", "tr", "td", "img",
    "p", "a", "h1", "span", "noscript", "br",
}  # fmt: skip


class Page(HTMLParser):
    """The elements of a page, their attributes, and the addresses in them."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.urls += [value or "" for name, value in attrs if name in ("href", "src", "background")]


@pytest.fixture(autouse=True)
def bean(publish: Callable[..., PublishedProgram]) -> None:
    publish(reminders={"welcome": {}, "points_expiring": {}})


def preview(**request: Any) -> Answer:
    path = f"{till.PROGRAM}/messages/preview"
    return call(handler, "POST", path, body=request, as_=till.MANAGER)


@pytest.mark.parametrize("kind", get_args(MessageKind))
def test_every_kind_is_seen_in_the_words_in_force(kind: str) -> None:
    answer = preview(kind=kind)

    assert answer.status == 200
    assert answer.body["subject"]
    assert "{{" not in answer.text
    assert f"{API_URL}/v1/programs/bean/unsubscribe/" in answer.body["text"]


def test_a_draft_is_seen_as_a_member_of_a_locale_would_see_it() -> None:
    words = {"kind": "points_expiring", "subject": "{{ points }} bis {{ expires_on }}"}
    french = words | {
        "locale": "fr",
        "subject": "{{ points }} jusqu'au {{ expires_on }}",
        "body": "Bonjour {{ name }} <3",
        "button": {"label": "Voir", "url": "https://example.com/?a=1&b=2"},
    }
    messages = {
        "templates": [words | {"body": "Hallo"}, french],
        "look": {"color": "#FFE28A"},
        "locale": "de",
    }
    draft = document(messages=messages)

    french_mail, german_mail = (
        preview(kind="points_expiring", locale=locale, document=draft).body
        for locale in ("fr-FR", None)
    )

    assert french_mail["subject"] == "120 beans jusqu'au 28 novembre 2026"
    assert german_mail["subject"] == "120 beans bis 28. November 2026"
    assert "Bonjour Ana &lt;3" in french_mail["html"]
    assert "https://example.com/?a=1&amp;b=2" in french_mail["html"]
    assert "#FFE28A" in french_mail["html"]


@pytest.mark.parametrize("program_id", ["bean", "unopened"])
def test_a_draft_needs_no_document_in_force(program_id: str) -> None:
    manager = staff(program_id, "manager")
    path = f"/v1/programs/{program_id}/messages/preview"
    body = {"kind": "welcome", "document": document(name="Tea & Co")}

    answer = call(handler, "POST", path, body=body, as_=manager)

    assert "Tea & Co" in answer.body["subject"]
    without = call(handler, "POST", path, body={"kind": "welcome"}, as_=manager)
    assert without.status == (200 if program_id == "bean" else 404)


def test_mistakes_where_no_mail_reads_do_not_matter() -> None:
    """So that words can be tried while something else is unfinished."""
    others = Program.model_fields.keys() - READ_PARTS
    broken = document(**dict.fromkeys(others, "what?"), surprise=1)

    for kind in get_args(MessageKind):
        assert preview(kind=kind, document=broken).status == 200


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [
        ({"time_zone": "Mars/Olympus"}, "/document/time_zone"),
        ({"time_zone": None}, "/document/time_zone"),
        ({"currency": "XXX"}, "/document/currency"),
        ({"points": {"one": "bean"}}, "/document/points/many"),
        ({"rewards": "latte"}, "/document/rewards"),
        (
            {"messages": {"templates": [WELCOME | {"body": "{{ points }}"}]}},
            "/document/messages/templates/0/body",
        ),
        (
            {"messages": {"templates": [WELCOME | {"subject": ""}]}},
            "/document/messages/templates/0/subject",
        ),
    ],
)
def test_mistakes_that_the_mail_would_show_are_named_at_their_place(
    parts: dict[str, Any], pointer: str
) -> None:
    answer = preview(kind="welcome", document=document(**parts))

    assert (answer.status, list(answer.pointers)) == (422, [pointer])


def test_an_empty_draft_is_not_the_document_in_force() -> None:
    assert "/document/name" in preview(kind="welcome", document={}).pointers


def test_a_misspelled_part_that_the_mail_needs_is_named() -> None:
    misspelled = document()
    misspelled["mesages"] = misspelled.pop("messages")

    answer = preview(kind="welcome", document=misspelled)

    assert answer.status == 422
    assert "/document/mesages" in answer.pointers


@pytest.mark.parametrize("locale", [None, "fr-FR", "ar", "ja-JP", "de", "xx"])
def test_the_page_is_safe_to_show_whatever_the_draft_says(locale: str | None) -> None:
    hostile = '<script>x()</script>"><img src=x onerror=x()>'
    words = {"subject": hostile, "heading": hostile, "body": hostile, "unsubscribe": hostile}
    button = {"label": hostile, "url": "https://example.com/?a&b"}
    for kind in get_args(MessageKind):
        draft = document(
            name=hostile,
            messages={
                "templates": [words | {"kind": kind, "button": button}],
                "look": {"footer": hostile, "logo_url": "https://example.com/logo.png"},
            },
        )

        answer = preview(kind=kind, locale=locale, name=hostile, document=draft)

        assert answer.status == 200, answer.text
        page = Page()
        page.feed(answer.body["html"])
        assert page.elements <= SAFE_ELEMENTS
        assert all(url.startswith(("https://example.com/", API_URL)) for url in page.urls)
        assert not [name for name in page.attributes if name.startswith("on")]


def test_previews_are_for_managers() -> None:
    path = f"{till.PROGRAM}/messages/preview"

    answer = call(handler, "POST", path, body={"kind": "welcome"}, as_=till.CASHIER)

    assert answer.status == 403
