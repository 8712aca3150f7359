"""Segments in the console: who is in each, and whom a new one would have."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenProgram, Visit
from tests.support.browser import assert_accessible, drawn

SEGMENTS = [
    {
        "id": "regulars",
        "name": "Regulars",
        "who": {"fact": "orders", "days": 90, "at_least": 3},
    },
    {
        "id": "oat",
        "name": "Oat drinkers",
        "who": {"fact": "attribute", "name": "milk", "is_in": ["oat"]},
    },
]


@pytest.fixture(scope="module")
def club(open_lasting_program: Callable[..., OpenProgram]) -> OpenProgram:
    """A program with a segment of each kind."""
    return open_lasting_program(segments=SEGMENTS)


def test_segments_say_in_words_who_is_in_them(club: OpenProgram, visit: Visit) -> None:
    page = visit(club, "segments", role="analyst")

    segments = page.get_by_role("table", name="Segments of the program in force")
    expect(segments).to_contain_text("the number of orders in the last 90 days is at least 3")
    expect(segments).to_contain_text("checked when it is used")
    assert page.get_by_role("button", name="Make it a segment").count() == 0
    assert_accessible(page)


def test_members_are_counted_and_become_a_segment_in_a_draft(
    club: OpenProgram, visit: Visit
) -> None:
    page = visit(club, "segments")
    page.get_by_label("Amount in EUR").fill("12.50")
    page.get_by_role("button", name="Count").press("Enter")
    expect(page.locator(".view")).to_contain_text("0 members fit.")
    assert_accessible(page)

    page.get_by_role("button", name="Make it a segment").press("Enter")

    drawn(page, "Program")
    expect(page.locator(".view")).to_contain_text("Segment 3")
