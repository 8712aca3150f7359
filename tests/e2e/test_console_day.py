"""A manager's day in the console, with the keyboard alone."""

from datetime import UTC, datetime
from uuid import uuid4

from playwright.sync_api import Locator, Page, expect

from local.shop import delivery, paid_order
from tests.e2e.conftest import OpenProgram, Visit
from tests.e2e.described import DescribedApi, enroll, eventually, order
from tests.support.browser import drawn

SHOP = {
    "platform": "shopify",
    "source": "shop",
    "store": "bean-and-leaf",
    "secrets": ["one"],
    "other_currencies": "park",
}


def test_a_day_is_done_with_the_keyboard_alone(
    program: OpenProgram, api: DescribedApi, visit: Visit
) -> None:
    member_id = enroll(api)
    api.call("service", "POST", "/orders", json=order("7001", member_id=member_id), status=201)
    park_a_delivery(api)
    page = visit(program)

    # Home says that something is parked; replay it.
    press(page.get_by_role("link", name="parked"))
    press(page.get_by_role("button", name="Replay the delivery"))
    expect(page.locator("#announcer")).to_contain_text("applied again")

    # Find the member by their order, and explain the balance.
    page.locator("nav").get_by_label("Find").focus()
    page.keyboard.type("7001")
    page.keyboard.press("Enter")
    drawn(page, "Order 7001")
    press(page.get_by_role("link", name=member_id))
    press(page.get_by_role("link", name="Why this balance?"))
    drawn(page, "Why this balance?")
    expect(page.locator(".view")).to_contain_text("for order 7001")

    # Add 10 points.
    press(page.get_by_role("link", name="Back to the member"))
    press(page.get_by_text("Add or take points"))
    write(page, page.get_by_label("Points", exact=True), "10")
    write(page, page.get_by_label("Reason").first, "A spilled cup")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("table", name="History")).to_contain_text("A spilled cup")

    # Edit a reward, see the difference, publish.
    press(page.locator("nav").get_by_role("link", name="Program").first)
    drawn(page)
    press(page.get_by_role("link", name="Rewards", exact=True))
    press(page.locator("summary").filter(has_text="Latte").first)
    write(page, page.get_by_label("Cost in points"), "45")
    expect(page.locator(".draft-bar")).to_contain_text("· saved")
    press(page.get_by_role("button", name="Review and publish"))
    expect(page.get_by_role("tabpanel")).to_contain_text("costs 45 instead of 40 points")
    write(page, page.get_by_label("Why"), "Milk is dearer")
    press(page.get_by_role("button", name="Publish as version 2"))
    drawn(page, "Version 2")

    # All of it is among the actions.
    press(page.locator("nav").get_by_role("link", name="Actions"))
    actions = page.get_by_role("table", name="Actions")
    for done in ("delivery: replay", "member: search", "points: adjust", "program: publish"):
        expect(actions).to_contain_text(done)


def park_a_delivery(api: DescribedApi) -> None:
    """Connect a shop and deliver an order in a currency that needs a person's decision."""
    api.call("manager", "PUT", "/storefronts/online", json=SHOP, status=201)
    body = paid_order(email="nobody@example.com", paid_at=datetime.now(UTC)) | {"currency": "SEK"}
    sent = delivery(
        body, topic="orders/paid", secret="one", webhook_id=str(uuid4()), event_id=str(uuid4())
    )
    api.call(None, "POST", "/webhooks/online", content=sent.body, headers=sent.headers)
    path = "/storefronts/online/deliveries"
    eventually(
        lambda: [each["status"] for each in api.call("manager", "GET", path)["items"]],
        lambda statuses: statuses == ["parked"],
    )


def press(target: Locator) -> None:
    target.press("Enter")


def write(page: Page, field: Locator, text: str) -> None:
    field.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
