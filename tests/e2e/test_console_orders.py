"""Orders in the console: why each earned, what a refund takes, what a little more would bring."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenProgram, Visit
from tests.e2e.described import DescribedApi, enroll, order
from tests.support.browser import assert_accessible, drawn

CAMPAIGNS: Final[list[dict[str, Any]]] = [
    {
        "id": "spend-60",
        "name": "Spend 60",
        "if": {"fact": "amount", "at_least_minor": 6000},
        "effect": {"kind": "fixed", "points": 50},
    },
    {
        "id": "double",
        "name": "Double days",
        "effect": {"kind": "multiply", "percent": 200},
        "limits": {"budget": {"points": 1000}},
    },
]


@pytest.fixture
def program(open_program: Callable[..., OpenProgram]) -> OpenProgram:
    rule = {"id": "base", "on": "order", "points": 1, "per_minor": 100}
    return open_program(earning_rules=[rule], campaigns=CAMPAIGNS, pending_days=0)


@pytest.fixture
def member_id(api: DescribedApi) -> str:
    """Return a member with one order, 5001, of 49.99 EUR."""
    member_id = enroll(api)
    api.call("service", "POST", "/orders", json=order("5001", member_id=member_id), status=201)
    return member_id


def open_order(visit: Visit, program: OpenProgram, role: str) -> Page:
    page = visit(program, "order/pos/5001", role=role)
    drawn(page, "Order 5001")
    return page


@pytest.mark.usefixtures("member_id")
def test_an_order_says_why_each_campaign_and_rule_gave_what_it_gave(
    program: OpenProgram, visit: Visit
) -> None:
    page = open_order(visit, program, "manager")

    campaigns = page.get_by_role("table", name="Campaigns")
    expect(campaigns).to_contain_text("The amount is not at least 60.00 EUR: it is 49.99 EUR.")
    expect(campaigns).to_contain_text("49 beans: 2 times what the earning rules give.")
    expect(page.get_by_role("table", name="Earning rules")).to_contain_text(
        "49 beans: 1 bean for each 1.00 EUR, on 49.99 EUR."
    )
    page.get_by_label("Conditions of Spend 60").press("Enter")
    expect(campaigns.get_by_text("It runs at that time.").first).to_be_visible()
    # Whoever may not refund is not offered to.
    expect(page.get_by_role("button", name="Refund")).to_have_count(0)
    assert_accessible(page)


@pytest.mark.usefixtures("member_id")
def test_a_refund_says_what_it_takes_before_it_is_made(program: OpenProgram, visit: Visit) -> None:
    page = open_order(visit, program, "cashier")

    page.get_by_label("Amount in EUR").fill("20")
    page.get_by_role("button", name="Refund").press("Enter")
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("Refund €20.00?")
    expect(question).to_contain_text(
        "The order no longer earns 40 beans: 20 of base, 20 of Double days. "
        "The budget of Double days gets 20 beans back."
    )
    question.get_by_role("button", name="Refund").press("Enter")

    expect(page.locator("#announcer")).to_contain_text("40 beans taken back")
    expect(page.get_by_role("table", name="What happened to it")).to_contain_text("Refund")
    expect(page.get_by_role("table", name="Campaigns")).to_contain_text("29")
    assert_accessible(page)


def test_a_till_says_what_a_little_more_would_bring(
    program: OpenProgram, member_id: str, visit: Visit
) -> None:
    page = visit(program, f"till/{member_id}", role="cashier")
    drawn(page, "Till")

    page.get_by_label("Amount in EUR").fill("57.60")
    page.get_by_role("button", name="Earn").press("Enter")

    question = page.get_by_role("dialog")
    expect(question).to_contain_text("The member earns 114 beans.")
    expect(question).to_contain_text("Double days: 57 beans: 2 times what the earning rules give.")
    expect(question).to_contain_text("Spend 60: 2.40 EUR more for 50 beans.")
    question.get_by_role("button", name="Earn").press("Enter")
    expect(page.locator("#announcer")).to_contain_text("114 beans earned.")
