"""The frame of the console in a browser: signing in, coming back, bad days, keyboards."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from local.people import PASSWORD, email_of
from loyalty.edge import console
from tests.e2e.conftest import OpenProgram, Visit
from tests.e2e.described import DescribedApi
from tests.e2e.reported import buy_twice, days
from tests.support.browser import Visitor, assert_accessible, drawn

HOSTILE = "<img src=x onerror=alert(1)> קפה 🫘"


def sign_in(page: Page, email: str) -> None:
    """Go through the hosted sign-in, which the console's button leads to."""
    page.get_by_role("button", name="Sign in").click()
    page.locator("input[name=username]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button, input[type=submit]").last.click()


def test_staff_sign_in_at_the_hosted_page_come_back_to_the_view_and_sign_out(
    common_program: OpenProgram, visit: Visit, visitor: Visitor
) -> None:
    page = visitor.tab()
    address = console.link(
        common_program.deployed.api_url,
        program_id=common_program.id,
        view="reports/trend",
        by="week",
    )
    page.goto(address)
    drawn(page, "Sign in")

    sign_in(page, email_of("analyst", common_program.id))

    drawn(page, "Trend")
    assert page.url == address
    expect(page.locator("nav .who")).to_contain_text(email_of("analyst", common_program.id))
    assert page.evaluate("[document.cookie, localStorage.length]") == ["", 0]

    with page.expect_request("**/logout?*"):
        page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_text("You are signed out.")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0


def test_a_token_is_refreshed_before_it_expires(
    common_program: OpenProgram, visit: Visit, visitor: Visitor
) -> None:
    page = visitor.tab()
    page.goto(console.link(common_program.deployed.api_url, program_id=common_program.id))
    drawn(page, "Sign in")
    sign_in(page, email_of("manager", common_program.id))
    drawn(page)
    page.evaluate("Date.now = () => Date.UTC(2037, 0)")

    with page.expect_response("**/oauth2/token") as exchanged:
        page.get_by_role("link", name="Reports").first.click()

    assert exchanged.value.ok
    drawn(page, "Overview")


def test_an_expired_token_asks_to_sign_in_and_returns_to_the_view(
    common_program: OpenProgram, visit: Visit
) -> None:
    page = visit(common_program, "reports/trend")
    page.route(
        "**/reports/**", lambda route: route.fulfill(status=401, json={"message": "Expired"})
    )
    page.get_by_label("By", exact=True).select_option("week")
    drawn(page, "Sign in")
    page.unroute("**/reports/**")

    sign_in(page, email_of("manager", common_program.id))

    drawn(page, "Trend")
    expect(page.get_by_label("By", exact=True)).to_have_value("week")


def test_a_link_asks_before_it_replaces_who_is_signed_in(
    common_program: OpenProgram, visit: Visit
) -> None:
    page = visit(common_program)
    other = console.link("", program_id=common_program.id, token=common_program.tokens["analyst"])
    page.evaluate("hash => { location.hash = hash }", other.partition("#")[2])
    drawn(page, "Whose console?")

    page.get_by_role("button", name="Stay").click()

    drawn(page)
    expect(page.locator("nav .who")).to_contain_text("manager@")
    assert "token" not in page.url


def test_nobody_touching_the_page_for_half_an_hour_ends_the_session(
    common_program: OpenProgram, visit: Visit
) -> None:
    page = visit(common_program)
    page.evaluate("""() => {
      const [key] = Object.keys(sessionStorage).filter((name) => name.endsWith(" active"));
      sessionStorage.setItem(key, Date.now() - 31 * 60_000);
      document.dispatchEvent(new Event("visibilitychange"));
    }""")

    drawn(page, "Sign in")

    expect(page.get_by_text("30 minutes")).to_be_visible()
    assert page.evaluate("Object.keys(sessionStorage).filter((name) => /tokens/.test(name))") == []


@pytest.mark.parametrize(
    ("role", "sees_reports"), [("manager", True), ("analyst", True), ("cashier", False)]
)
def test_a_role_sees_what_it_may_do(
    common_program: OpenProgram, visit: Visit, role: str, *, sees_reports: bool
) -> None:
    page = visit(common_program, role=role)

    listed = page.locator("nav").get_by_role("link", name="Reports")

    assert listed.count() == sees_reports
    if not sees_reports:
        page.goto(page.url.replace("/home", "/reports"))
        expect(page.locator(".refused")).to_contain_text("analyst, manager")


def test_markup_in_a_name_is_text(open_program: Callable[..., OpenProgram], visit: Visit) -> None:
    page = visit(open_program(name=HOSTILE))

    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    assert page.title() == f"{HOSTILE} · {HOSTILE}"
    assert page.locator("img").count() == 0


def test_a_page_says_that_the_api_is_down_and_goes_on_when_it_is_back(
    common_program: OpenProgram, visit: Visit, visitor: Visitor
) -> None:
    api_url, program_id = common_program.deployed.api_url, common_program.id
    page = visitor.tab()
    answers = iter(["abort", "503"])

    def fail_twice(route: Route) -> None:
        match next(answers, None):
            case "abort":
                route.abort()
            case "503":
                route.fulfill(status=503, json={"code": "try_again"})
            case _:
                route.continue_()

    page.route(f"**/v1/programs/{program_id}", fail_twice)
    token = common_program.tokens["manager"]
    page.goto(console.link(api_url, program_id=program_id, token=token))

    expect(page.get_by_role("alert")).to_contain_text("cannot be reached. Trying again")
    drawn(page)
    expect(page.locator("#banner p")).to_have_count(0)


def test_the_keyboard_reaches_a_view_and_reading_begins_at_its_heading(
    common_program: OpenProgram, visit: Visit
) -> None:
    page = visit(common_program)
    skip = page.locator("a, button, input").first
    expect(skip).to_have_text("Skip to the content")
    skip.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()

    link = page.locator("nav").get_by_role("link", name="Reports")
    for _ in range(10):
        page.keyboard.press("Shift+Tab")
        if link.evaluate("link => link === document.activeElement"):
            break
    page.keyboard.press("Enter")

    drawn(page, "Overview")
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_home_and_the_door_are_accessible(
    common_program: OpenProgram, visit: Visit, visitor: Visitor
) -> None:
    assert_accessible(visit(common_program))

    door = visitor.tab()
    door.goto(console.link(common_program.deployed.api_url, program_id=common_program.id))
    drawn(door, "Sign in")
    assert_accessible(door)


def test_reports_draw_figures_and_charts(
    program: OpenProgram, api: DescribedApi, visit: Visit
) -> None:
    buy_twice(api)

    page = visit(program, "reports", role="analyst", **days())

    expect(page.locator(".card:not([aria-busy])")).to_have_count(6)
    assert page.locator("#report dt").count() >= 6
    assert_accessible(page)
    page.get_by_label("Report").select_option("trend")
    drawn(page, "Trend")
    expect(page.locator("#report:not([aria-busy]) svg")).to_be_visible()
    assert re.search(r"#/[\w-]+/reports/trend\?from=", page.url)
    assert_accessible(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Parquet").click()
    assert re.fullmatch(r"trend_.+\.parquet", download.value.suggested_filename)
    page.get_by_label("Report").select_option("repeat")
    drawn(page, "Repeat purchases")
    page.get_by_label("Within days").fill("1")
    page.get_by_label("Within days").press("Enter")
    expect(page).to_have_url(re.compile(r"&within_days=1$"))
    expect(page.get_by_role("columnheader", name="Came back rate")).to_be_visible()
