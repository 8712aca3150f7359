"""What waits for a second manager, in the console: seeing it, deciding it, and requesting more."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenProgram, Visit
from tests.e2e.described import DescribedApi, enroll
from tests.support.browser import assert_accessible, drawn

LIMITS = {"cashier": {"each": 1000}, "approval_above": 30, "approval_days": 7}


@pytest.fixture
def program(open_program: Callable[..., OpenProgram]) -> OpenProgram:
    """Open a program in which what is worth more than 30 points waits."""
    return open_program(adjustments=LIMITS)


@pytest.fixture
def member_id(api: DescribedApi) -> str:
    """Return a member to whom a cashier wants to give 60 points."""
    member_id = enroll(api)
    body = {"points": 60, "reason": "The machine leaked", "reference": "case 13"}
    path = f"/members/{member_id}/adjustments"
    headers = {"Idempotency-Key": "leak"}
    api.send("cashier", "POST", path, json=body, headers=headers, status=202)
    return member_id


def test_home_leads_to_what_waits_and_a_manager_decides_it(
    program: OpenProgram, member_id: str, api: DescribedApi, visit: Visit
) -> None:
    page = visit(program)

    page.get_by_role("link", name="waits for a second manager").press("Enter")
    drawn(page, "Approvals")
    expect(page.get_by_text("1 request: 60 beans to add.")).to_be_visible()
    waiting = page.get_by_role("table", name="Approvals")
    expect(waiting).to_contain_text("The machine leaked")
    expect(waiting).to_contain_text("cashier@")
    assert_accessible(page)

    waiting.get_by_role("link", name="Add 60 beans").press("Enter")
    drawn(page, "Add 60 beans")
    assert_accessible(page)
    page.get_by_label("Decision").select_option("approve")
    page.get_by_label("Reason").fill("I saw it")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("0 beans become 60 beans.")
    page.keyboard.press("Enter")

    expect(page.locator(".facts")).to_contain_text("approved by you")
    assert api.call("manager", "GET", f"/members/{member_id}")["balance"] == 60
    page.get_by_role("link", name="All waiting requests").press("Enter")
    expect(page.get_by_text("Nothing waits for a second manager.")).to_be_visible()
    page.get_by_role("combobox", name="Show", exact=True).select_option("approved")
    expect(page.get_by_role("table", name="Approvals")).to_contain_text("approved by you")


def test_a_dear_reward_waits_and_who_requested_it_cannot_decide(
    program: OpenProgram, member_id: str, visit: Visit
) -> None:
    page = visit(program, f"member/{member_id}")

    page.get_by_text("Give a reward").press("Enter")
    giving = page.locator("details").filter(has_text="Give a reward")
    giving.get_by_label("Reward").select_option("latte")
    giving.get_by_label("Reason").fill("A cold latte")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("wait until another manager")
    page.keyboard.press("Enter")
    expect(page.locator("#announcer")).to_contain_text("waits for another manager")

    page.locator("nav").get_by_role("link", name="Approvals").press("Enter")
    page.get_by_role("table", name="Approvals").get_by_role("link", name="Give").press("Enter")
    expect(page.get_by_text("another manager has to decide")).to_be_visible()
    expect(page.get_by_role("button", name="Decide")).to_have_count(0)
