"""Campaigns in the console: made in a form, tried on a basket, published, and watched."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import OpenProgram, Visit
from tests.e2e.described import DescribedApi, enroll, eventually, line, order
from tests.support.browser import assert_accessible, drawn

HOSTILE = "<img src=x onerror=alert(1)> " + "🫘" * 60


def days_from_now(days: int) -> str:
    return (date.today() + timedelta(days=days)).isoformat()  # noqa: DTZ011  weeks away


def campaign(name: str, points: int = 50, **parts: Any) -> dict[str, Any]:
    effect = {"kind": "fixed", "points": points}
    return {"id": name.lower().replace(" ", "-"), "name": name, "effect": effect} | parts


CAMPAIGNS = [
    campaign(
        "Spend 60",
        if_={"fact": "amount", "at_least_minor": 6000},
        limits={"budget": {"points": 80}},
    ),
    campaign("Last summer", when={"ends_on": days_from_now(-20)}),
    campaign("Next winter", when={"starts_on": days_from_now(20)}),
    campaign("Welcome", for_={"fact": "first_order"}),
    campaign(
        "The club",
        activation="join",
        when={"ends_on": days_from_now(60)},
        limits={"per_member": {"orders": 3, "per": "month"}},
    ),
    campaign(HOSTILE, id="hostile", if_={"fact": "code", "is_in": ["NOBODY"]}),
    campaign("Fifth visit", for_={"fact": "order_number", "every": 5}),
]


CHALLENGES: list[dict[str, Any]] = [
    {"id": "first", "name": "First visit", "target": 1, "gives": [{"badge": "regular"}]},
    {"id": "card", "name": "Ten visits", "target": 10, "show": "stamps", "gives": [{"points": 40}]},
    {
        "id": "weeks",
        "name": "Four weeks in a row",
        "streak": {"every": "week", "in_a_row": 4, "freezes": 1},
        "gives": [{"points": 100}],
    },
]


@pytest.fixture(scope="module")
def club(open_lasting_program: Callable[..., OpenProgram]) -> OpenProgram:
    """Return a program with campaigns in every state, and with challenges."""
    return open_lasting_program(
        campaigns=[in_document(each) for each in CAMPAIGNS],
        challenges=[each | {"counts": {"what": "orders"}} for each in CHALLENGES],
        badges=[{"id": "regular", "name": "Regular"}],
    )


def in_document(part: dict[str, Any]) -> dict[str, Any]:
    """Return a campaign under the names of the document, of which some are words of Python."""
    return {name.removesuffix("_"): value for name, value in part.items()}


def press(target: Locator) -> None:
    """Do something with the keyboard."""
    target.focus()
    target.press("Enter")


def basket(page: Page) -> Locator:
    """Return what a basket earns, once somebody asked for it."""
    press(page.get_by_role("button", name="What does it earn?"))
    result = page.get_by_role("status", name="What it earns")
    expect(result).to_be_visible()
    return result


def test_a_campaign_is_made_tried_published_and_watched_with_the_keyboard(
    open_program: Callable[..., OpenProgram], visit: Visit
) -> None:
    program = open_program(campaigns=[])
    page = visit(program, "campaigns")
    expect(page.locator(".view")).to_contain_text("There are no campaigns yet.")
    assert_accessible(page)
    press(page.get_by_role("button", name="Spend 60, get 150"))

    drawn(page, "Program")
    expect(page.locator(".draft-bar")).to_contain_text("saved")
    expect(page.locator("summary").filter(has_text="Spend 60, get 150")).to_be_focused()
    effect = page.get_by_role("group", name="Campaigns").get_by_label("Points", exact=True)
    effect.fill("200")
    page.get_by_label("Amount in EUR").fill("59.99")
    expect(basket(page)).to_contain_text("0.01 EUR more for 200 beans.")
    assert_accessible(page)
    page.get_by_label("Amount in EUR").fill("60")
    expect(basket(page)).to_contain_text("260 beans")
    press(page.get_by_role("button", name="Review and publish"))
    panel = page.get_by_role("tabpanel")
    expect(panel).to_contain_text("The campaign “Spend 60, get 150” is new.")
    expect(panel).to_contain_text("200 beans beside that at most")
    panel.get_by_label("Why").fill("Bigger baskets")
    press(panel.get_by_role("button", name="Publish as version 2"))
    drawn(page, "Version 2")

    page = visit(program, "campaigns")

    # It counts everywhere, and so is known to run, within 30 seconds.
    row = page.get_by_role("row").filter(has_text="Spend 60, get 150")
    expect(row).to_contain_text("200 beans")


def test_a_manager_sees_how_each_stands_and_what_is_left_and_given(
    club: OpenProgram, visit: Visit
) -> None:
    with DescribedApi(club) as api:
        ana = enroll(api, "ana-watched@example.com")
        sold = order("watched", member_id=ana, lines=[line(6000)])
        given = api.call("service", "POST", "/orders", json=sold, status=201)["entry"]
        assert given["points"] == 60 + 50 + 50

        def is_reported(report: dict[str, Any]) -> bool:
            return any(row[0] == "spend-60" for row in report["rows"])

        period = {"from": days_from_now(-1), "to": days_from_now(1)}
        eventually(
            lambda: api.call("manager", "GET", "/reports/campaigns", params=period), is_reported
        )

    page = visit(club, "campaigns")

    row = page.get_by_role("row").filter(has_text="Spend 60")
    expect(row).to_contain_text("30 of 80 beans left")
    expect(row).to_contain_text("50 beans for 1 order")
    expect(page.get_by_role("table", name="To come")).to_contain_text("Next winter")
    expect(page.get_by_role("table", name="Running")).to_contain_text(HOSTILE)
    press(page.locator("summary").filter(has_text="Over"))
    expect(page.get_by_role("table", name="Over")).to_contain_text("Last summer")
    assert_accessible(page)


def test_an_analyst_watches_and_changes_nothing(club: OpenProgram, visit: Visit) -> None:
    page = visit(club, "campaigns", role="analyst")

    expect(page.get_by_role("table", name="Running")).to_contain_text("The club")
    assert page.locator(".view").get_by_role("button").count() == 0
    assert page.get_by_text("Add a campaign").count() == 0
    assert_accessible(page)


def test_a_campaign_is_copied_and_ended_in_drafts(club: OpenProgram, visit: Visit) -> None:
    page = visit(club, "campaigns")
    press(page.get_by_role("button", name="Copy Welcome"))
    drawn(page, "Program")
    text = page.get_by_role("tab", name="JSON")
    press(text)
    copied = json.loads(page.get_by_role("textbox", name="JSON").input_value())["campaigns"]
    page = visit(club, "campaigns")

    press(page.get_by_role("button", name="End today: Welcome"))

    drawn(page, "Program")
    panel = page.get_by_role("tabpanel")
    press(page.get_by_role("button", name="Review and publish"))
    expect(panel).to_contain_text("Welcome")
    assert [each["name"] for each in copied[3:5]] == ["Welcome", "Welcome (copy)"]
    assert len({each["id"] for each in copied}) == len(CAMPAIGNS) + 1
    with club.client("manager") as api:
        drafts = api.get("/drafts").json()["items"]
        documents = [api.get(f"/drafts/{each['id']}").json()["document"] for each in drafts]
    ends = {document["campaigns"][3]["when"]["ends_on"] for document in documents}
    assert None in ends
    assert len(ends) == 2


def test_a_basket_is_for_whoever_it_is_tried_for(club: OpenProgram, visit: Visit) -> None:
    page = visit(club, "program", at="/campaigns/0", tab="basket")
    page.get_by_label("Amount in EUR").fill("10")
    expect(basket(page)).to_contain_text("✓ Welcome")

    page.get_by_label("Customer").select_option("A guest, who is no member")
    expect(basket(page)).to_contain_text("✗ Welcome")
    page.get_by_label("Customer").select_option("A member who bought before")
    page.get_by_label("Has joined The club").check()
    expect(basket(page)).to_contain_text("✓ The club")
    page.get_by_role("button", name="Add goods").click()
    page.get_by_label("Amount of goods 2 in EUR").fill("50,00")
    expect(basket(page)).to_contain_text("✓ Spend 60")
    assert_accessible(page)
    press(page.get_by_role("button", name="Remove goods 1"))
    expect(page.get_by_label("Amount in EUR")).to_have_value("50,00")
    expect(basket(page)).to_contain_text("10.00 EUR more for 50 beans.")

    page.get_by_label("Amount in EUR").fill("much")
    press(page.get_by_role("button", name="What does it earn?"))
    expect(page.locator(".view").get_by_role("alert")).to_contain_text(
        "Enter an amount such as 12.50."
    )
    page.get_by_label("Name", exact=True).fill("")
    expect(page.get_by_role("tabpanel")).to_contain_text("have to be corrected first")


def test_a_basket_has_several_codes_and_payments_and_can_come_back(
    club: OpenProgram, visit: Visit
) -> None:
    page = visit(club, "program", at="/campaigns/0", tab="basket")
    page.get_by_label("Amount in EUR").fill("60")
    press(page.locator("summary").filter(has_text="When, where, how"))
    page.get_by_role("combobox", name="Code").fill("FLYER")
    page.get_by_role("button", name="Add a code").click()
    page.get_by_role("combobox", name="Code 2").fill("nobody")
    page.get_by_label("Paid by").fill("card")
    page.get_by_role("button", name="Add a payment").click()
    page.get_by_label("Paid by 2").fill("points")
    page.get_by_label("How much 2, in EUR").fill("5")
    result = basket(page)
    expect(result).to_contain_text(f"✓ {HOSTILE}")
    expect(result).not_to_contain_text("After a refund")

    page.get_by_label("What comes back").select_option("An amount of money")
    page.get_by_label("Refunded in EUR").fill("10")
    expect(basket(page)).to_contain_text("After a refund of €10.00")
    expect(result).to_contain_text("Spend 60loses all 50 beans")
    expect(result).to_contain_text("Welcomekeeps 50 beans")
    expect(result).to_contain_text("The budget of Spend 60 gets 50 beans back.")
    assert_accessible(page)
    page.get_by_label("What comes back").select_option("Some units")
    page.get_by_label("Units that come back").fill("1")
    expect(basket(page)).to_contain_text("Welcomeloses all 50 beans")


def test_a_member_joins_and_leaves_and_sees_how_far_they_are(
    club: OpenProgram, visit: Visit
) -> None:
    with DescribedApi(club) as api:
        ben = enroll(api, "ben-joins@example.com")
    page = visit(club, f"member/{ben}", role="cashier")
    campaigns = page.get_by_role("table", name="Campaigns")
    row = campaigns.get_by_role("row").filter(has_text="The club")
    expect(row).to_contain_text("not joined")
    fifth = campaigns.get_by_role("row").filter(has_text="Fifth visit")
    expect(fifth).to_contain_text("not for the next order")
    expect(fifth).to_contain_text("4 orders are missing.")
    challenges = page.get_by_role("table", name="Challenges")
    expect(challenges.get_by_role("row").nth(1)).to_contain_text("0 of 1 order")
    assert_accessible(page)

    press(page.get_by_role("button", name="Join The club"))

    expect(row).to_contain_text("0 of 3 orders this month")
    expect(row).to_contain_text("counts now")
    with DescribedApi(club) as api:
        sold = order("joined", member_id=ben, lines=[line(1000)])
        entry = api.call("cashier", "POST", "/orders", json=sold, status=201)["entry"]
        eventually(lambda: api.call("cashier", "GET", f"/members/{ben}/badges")["items"], bool)
    assert "the-club" in {share["rule_id"] for share in entry["breakdown"]}
    page = visit(club, f"member/{ben}", role="manager")
    row = page.get_by_role("table", name="Campaigns").get_by_role("row").filter(has_text="The club")
    expect(row).to_contain_text("1 of 3 orders this month")
    first, card, weeks = page.get_by_role("table", name="Challenges").get_by_role("row").all()[1:]
    expect(first).to_contain_text("completed")
    expect(first).to_contain_text("the badge Regular")
    expect(card).to_contain_text("1 of 10 orders 9 more")
    expect(weeks).to_contain_text("1 of 4 weeks in a row")
    expect(weeks).to_contain_text("3 more; counts already this week; 1 may be missed")
    expect(page.get_by_text("Badges: Regular")).to_be_visible()
    assert_accessible(page)
    press(page.get_by_role("button", name="Leave The club"))
    expect(row).to_contain_text("not joined")
