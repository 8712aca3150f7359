"""Views of the console in a browser, over an API that answers with the documented examples."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from tests.support.browser import Visitor, assert_no_violations, running_browser
from tests.support.campaigns import campaign
from tests.support.example_api import API_URL, serve_examples, token
from tools.api_examples import ANSWERS
from tools.api_examples.story import ANA

PROGRAM: Final = "bean-and-leaf"
TABLET: Final = ViewportSize(width=1024, height=768)
PHONE: Final = ViewportSize(width=390, height=844)
BIG_SPENDERS: Final = {
    "id": "big-spenders",
    "name": "Big spenders",
    "who": {"fact": "spent", "days": 90, "at_least_minor": 20_000},
}
WELCOME: Final = campaign(holdout={"percent": 10})
# Of both reports about campaigns.
RESULT: Final = {
    "campaign_id": WELCOME["id"],
    "points_left": 84_000,
    "orders": 412,
    "state": "running",
    "members": 9_012,
    "held_out": 1_003,
    "effect": "not_proven",
    "uplift_minor": 120.4,
    "low_minor": -10.2,
    "high_minor": 250.9,
    "points": 84_000,
    "cost_minor": 84_000,
    "break_even": 0.0775,
    "outcome": "not_proven",
}
LARGE: Final = {"id": "whole-bean-days", "issued_in_force": 1_892_400, "issued_proposed": 9_784_800}

pytestmark = pytest.mark.enable_socket


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visitor]:
    """A manager of a program with a segment, and a campaign that holds members out."""
    visitor = Visitor.of(browser)
    serve_examples(visitor.context, **answers())
    yield visitor
    visitor.context.close()
    assert not visitor.errors


def answers() -> dict[str, Any]:
    program = ANSWERS["read_program"]
    document = program["document"] | {"campaigns": [WELCOME], "segments": [BIG_SPENDERS]}
    (standing, *_) = ANSWERS["list_campaigns"]["items"]
    return {
        "read_program": program | {"document": document},
        "try_document": ANSWERS["try_document"]["200"] | {"by_giver": [LARGE]},
        "check_program": ANSWERS["check_program"] | {"document": document},
        "list_campaigns": ANSWERS["list_campaigns"]
        | {"items": [standing | {"id": WELCOME["id"], "name": WELCOME["name"]}]},
        "read_report": ANSWERS["read_report"]["application/json"]
        | {"columns": [{"name": name} for name in RESULT], "rows": [list(RESULT.values())]},
    }


def open_view(visitor: Visitor, view: str) -> Page:
    page = visitor.visit(API_URL, PROGRAM, view, token=token(PROGRAM, "manager"))
    page.wait_for_load_state("networkidle")
    return page


def cut_off(page: Page) -> list[str]:
    """What is wider than its place, and captions that do not use the width of their table."""
    found: list[str] = page.evaluate("""() => {
      const wide = [...document.querySelectorAll("html, main, .editor-side, table.list")]
        .filter((each) => each.scrollWidth > each.clientWidth);
      const thin = [...document.querySelectorAll("caption.shown")]
        .filter((each) => each.offsetWidth < each.parentElement.clientWidth / 2);
      return [...wide, ...thin].map((each) => `${each.tagName} ${each.className}`);
    }""")
    return found


@pytest.mark.parametrize(
    "view",
    [
        "segments",
        "campaigns",
        "endpoint/crm",
        "exports",
        "trials/one",
        "reviews",
        "reviews/one",
        "referrals",
        "referrals/mem_01KB3Z9V5W8D2N4RQ6T7XYE0AB",
        f"member/{ANA}",
    ],
)
def test_a_view_is_accessible_and_fits_desk_and_phone(visitor: Visitor, view: str) -> None:
    page = open_view(visitor, view)

    assert not cut_off(page)
    page.set_viewport_size(PHONE)
    assert not cut_off(page)
    assert_no_violations(page, "phone")


def test_what_a_draft_would_have_cost_fits_beside_the_form(visitor: Visitor) -> None:
    page = open_view(visitor, "program")
    page.get_by_role("tab", name="Last year").click()
    page.get_by_role("button", name="What would it have cost?").click()
    expect(page.get_by_role("region", name="What it would have cost")).to_be_visible()
    page.get_by_role("button", name="How small an effect can be seen?").click()
    expect(page.locator(".editor-side")).to_contain_text("This can show a change of €1.27 (4.3%)")

    assert not cut_off(page)
    assert_no_violations(page, "desk")
    page.set_viewport_size(TABLET)
    assert not cut_off(page)


def test_all_members_stays_chosen_while_another_tab_is_open(visitor: Visitor) -> None:
    page = open_view(visitor, "program")
    page.get_by_role("tab", name="Last year").click()
    page.get_by_label("All members").check()

    page.get_by_role("tab", name="JSON").click()
    page.get_by_role("tab", name="Last year").click()

    expect(page.get_by_label("All members")).to_be_checked()


def test_counting_members_asks_only_for_what_counts(visitor: Visitor) -> None:
    page = open_view(visitor, "segments")
    page.get_by_label("Amount in EUR").fill("much")
    page.get_by_label("In the last … days").fill("30")
    page.get_by_role("button", name="Count").click()
    expect(page.get_by_role("alert").last).to_contain_text("Enter an amount such as 12.50.")

    page.get_by_label("Members who").select_option("days_since_order")
    page.get_by_label("Days", exact=True).fill("45")
    expect(page.get_by_label("In the last … days")).to_have_count(0)
    with page.expect_request("**/segments/count") as sent:
        page.get_by_role("button", name="Count").click()

    assert sent.value.post_data_json == {"who": {"fact": "days_since_order", "at_least": 45}}
    expect(page.locator(".view")).to_contain_text("812 members fit.")


def hold(visitor: Visitor, pattern: str) -> list[Route]:
    """Leave requests unanswered, and collect them."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    visitor.context.route(pattern, keep)
    return held


def test_a_list_says_that_it_is_empty_only_once_it_was_read(visitor: Visitor) -> None:
    held = hold(visitor, "**/reviews?*")
    page = visitor.visit(API_URL, PROGRAM, "reviews", token=token(PROGRAM, "manager"))

    expect(page.get_by_text("Reading…", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)
    held[0].fulfill(json={"items": [], "next_cursor": None})
    expect(page.get_by_text("There is nothing to review.")).to_be_visible()


def test_a_report_of_all_members_does_not_wait_for_the_segments(visitor: Visitor) -> None:
    held = hold(visitor, "**/segments")
    trend = ANSWERS["read_report"]["application/json"]
    visitor.context.route("**/reports/trend?*", lambda route: route.fulfill(json=trend))
    page = visitor.visit(API_URL, PROGRAM, "reports/trend", token=token(PROGRAM, "manager"))

    expect(page.get_by_text("What this counts")).to_be_visible()
    expect(page.get_by_label("Members")).to_have_count(0)
    held[0].fulfill(json=ANSWERS["list_segments"])
    expect(page.get_by_label("Members")).to_be_visible()


def test_a_manager_decides_a_review(visitor: Visitor) -> None:
    page = open_view(visitor, "reviews/one")
    page.get_by_label("Decision").select_option("reject")
    page.get_by_label("Reason").fill("Nobody ordered this much")
    page.get_by_role("button", name="Decide").click()
    with page.expect_request("**/reviews/*/decision") as sent:
        page.get_by_role("dialog").get_by_role("button", name="Reject").click()

    assert sent.value.post_data_json == {
        "decision": "reject",
        "reason": "Nobody ordered this much",
    }
