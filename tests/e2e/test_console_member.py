"""Finding a member in the console, explaining a balance, and putting things right."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import OpenProgram, Visit
from tests.e2e.described import DescribedApi, enroll, order
from tests.support.browser import assert_accessible, drawn


@pytest.fixture
def member_id(api: DescribedApi) -> str:
    """Return a member with one order, 5001, of which a part was refunded."""
    member_id = enroll(api)
    api.call("service", "POST", "/orders", json=order("5001", member_id=member_id), status=201)
    refund = {
        "refund_id": "r-1",
        "occurred_at": "2026-01-02T10:00:00Z",
        "amount": {"amount": 500, "currency": "EUR"},
    }
    source = order("5001")["source"]
    api.call("service", "POST", f"/orders/{source}/5001/refunds", json=refund, status=201)
    return member_id


def find(page: Page, text: str) -> None:
    """Search with the keyboard alone."""
    page.get_by_label("What do you have?").focus()
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_an_order_id_leads_to_the_order_its_member_and_why_their_balance_is_so(
    program: OpenProgram, member_id: str, visit: Visit
) -> None:
    page = visit(program, "search")
    find(page, "5001")
    drawn(page, "Order 5001")
    expect(page.get_by_role("table", name="What happened to it")).to_contain_text("Refund r-1")
    assert_accessible(page)

    page.get_by_role("link", name=member_id).press("Enter")
    drawn(page)
    page.get_by_role("link", name="Why this balance?").press("Enter")

    drawn(page, "Why this balance?")
    expect(page.locator(".view")).to_contain_text("for order 5001")
    expect(page.locator(".view")).to_contain_text("taken back")
    assert page.locator(".waterfall rect").count() == 3
    assert_accessible(page)


def test_points_are_added_once_with_the_keyboard_though_the_answer_is_lost(
    program: OpenProgram, member_id: str, api: DescribedApi, visit: Visit
) -> None:
    before = api.call("manager", "GET", f"/members/{member_id}")["balance"]
    page = visit(program, f"member/{member_id}")
    assert_accessible(page)
    lost: list[int] = []

    def lose_first_answer(route: Route) -> None:
        answer = route.fetch()
        lost.append(answer.status)
        if len(lost) == 1:
            route.abort()
        else:
            route.fulfill(response=answer)

    page.route("**/adjustments", lose_first_answer)
    page.get_by_text("Add or take points").press("Enter")
    page.get_by_label("Points", exact=True).fill("10")
    page.get_by_label("Reason").first.fill("A spilled cup")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text(f"{before + 10} ")
    page.keyboard.press("Enter")

    expect(page.get_by_role("table", name="History")).to_contain_text("A spilled cup")
    assert lost == [201, 200]
    assert api.call("manager", "GET", f"/members/{member_id}")["balance"] == before + 10


def test_a_cashier_sees_only_what_a_cashier_may_do(
    program: OpenProgram, member_id: str, visit: Visit
) -> None:
    page = visit(program, f"member/{member_id}", role="cashier")

    acts = page.locator("summary")

    expect(acts.filter(has_text="Redeem for the member")).to_be_visible()
    expect(acts.filter(has_text="Give a reward")).to_have_count(0)
    expect(acts.filter(has_text="Merge")).to_have_count(0)
    # A new program knows nothing yet but how many points the member has.
    expect(page.get_by_role("table", name="Recommended")).to_contain_text("enough points")
    assert_accessible(page)


def test_a_member_who_is_erased_while_open_is_left(
    program: OpenProgram, member_id: str, api: DescribedApi, visit: Visit
) -> None:
    page = visit(program, f"member/{member_id}")
    expect(page.get_by_role("table", name="History")).to_be_visible()
    api.send("manager", "DELETE", f"/members/{member_id}", status=204)

    page.get_by_role("button", name="Erase").click()
    page.get_by_role("dialog").get_by_role("button", name="Erase").click()

    drawn(page, "Find")
