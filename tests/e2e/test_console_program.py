"""The program in the console: its form, drafts, checks, publishing, and versions."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from loyalty.domain.program.document import Program
from tests.e2e.conftest import OpenProgram, Visit
from tests.support.browser import assert_accessible, drawn

HOSTILE = "<img src=x onerror=alert(1)> קפה " + "🫘" * 90
EXAMPLES = Path(__file__).parents[2] / "examples"

# Draws the form of a document in this page with everything unfolded. Then it changes every input
# and changes it back. Returns the document, how many inputs there were, and which changed nothing.
ROUND_TRIP = """async (document) => {
  const { document: page } = window;
  const asset = (name) => page.querySelector("script[src]").src.replace("app.js", name);
  const [{ render }, { SchemaForm }, { programWords }, { Format }] = await Promise.all(
    ["lit", "schema_form", "program_words", "format"].map((name) => import(asset(`${name}.js`))),
  );
  const place = page.body.appendChild(page.createElement("div"));
  const form = new SchemaForm({
    schema: await (await fetch(asset("program_schema.json"))).json(),
    words: programWords(new Format(document)),
    document,
    linkTo: () => "#",
    onChange: () => {},
    redraw: () => render(form.render(), place),
  });
  form.redraw();
  for (let folded = ["first"]; folded.length; ) {
    folded = [...place.querySelectorAll("details:not([open])")];
    for (const details of folded) {
      details.open = true;
      details.dispatchEvent(new Event("toggle"));
    }
  }
  // Names of entries that are yet to be added, and what finds and moves entries, are no part of it.
  const inputs = () => [...place.querySelectorAll("input, select, textarea")].filter(
    ({ id }) => !id.includes("%23"),
  );
  const others = {
    color: "#010203",
    date: "2027-02-03",
    "datetime-local": "2027-02-03T04:05",
    time: "03:04",
  };
  const change = (input, index) => {
    if (input.type === "checkbox") input.checked = !input.checked;
    else if (input.tagName === "SELECT") input.selectedIndex = index;
    else input.value = index;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const idle = [];
  const count = inputs().length;
  for (let index = 0; index < count; index += 1) {
    const input = inputs()[index];
    const isSelect = input.tagName === "SELECT";
    const before = isSelect ? input.selectedIndex : input.value;
    const other = isSelect ? (before + 1) % input.length : (others[input.type] ?? `${before}1`);
    if (isSelect && input.length === 1) continue;
    const was = form.document;
    change(input, other);
    if (form.document === was) idle.push(input.id);
    // What is checked again comes at the end of its list.
    if (input.type === "checkbox") form.undo();
    // A level with another id adds a choice elsewhere, so places move.
    else change(input.id ? page.getElementById(input.id) : inputs()[index], before);
  }
  place.remove();
  return [form.document, count, idle];
}"""

CAMPAIGN: dict[str, Any] = {
    "id": "double",
    "name": "Double beans",
    "when": {"starts_on": "2026-11-01", "hours": [{"from": "09:00", "until": "12:00"}]},
    "for": {"any": [{"fact": "first_order"}, {"not": {"fact": "tier", "is_in": ["regular"]}}]},
    "if": {
        "all": [
            {"fact": "amount", "at_least_minor": 2000, "of": {"categories": ["whole_bean"]}},
            {"any": [{"fact": "units", "at_least": 2}, {"not": {"fact": "code", "is_in": ["X"]}}]},
        ]
    },
    "effect": {"kind": "steps", "steps": [{"at_least_minor": 2000, "points": 10}]},
}


@pytest.fixture(scope="module")
def bean(open_lasting_program: Callable[..., OpenProgram]) -> OpenProgram:
    """Return a program for tests that leave drafts, and publish nothing."""
    return open_lasting_program()


def open_reward(page: Page, name: str) -> None:
    """Unfold a reward in the form, with the keyboard."""
    page.get_by_role("link", name="Rewards", exact=True).press("Enter")
    page.locator("summary").filter(has_text=name).first.press("Enter")


def tab_to(page: Page, target: Locator) -> None:
    for _ in range(40):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("The keyboard does not reach it.")


def changes(page: Page) -> Locator:
    """What a draft changes."""
    page.get_by_role("button", name="Review and publish").press("Enter")
    return page.get_by_role("tabpanel")


def saved(page: Page) -> None:
    expect(page.locator(".draft-bar")).to_contain_text("· saved")


def test_a_reward_is_changed_and_published_with_the_keyboard_alone(
    open_program: Callable[..., OpenProgram], visit: Visit
) -> None:
    program = open_program()
    page = visit(program, "program")
    open_reward(page, "Latte")
    tab_to(page, page.get_by_label("Cost in points"))
    page.keyboard.press("Control+A")
    page.keyboard.type("45")
    saved(page)

    panel = changes(page)

    expect(panel).to_contain_text("The reward “Latte” costs 45 instead of 40 points.")
    assert_accessible(page)
    tab_to(page, panel.get_by_label("Why"))
    page.keyboard.type("Milk is dearer")
    tab_to(page, panel.get_by_role("button", name="Publish as version 2"))
    page.keyboard.press("Enter")
    drawn(page, "Version 2")
    view = page.locator(".view")
    expect(view).to_contain_text("Milk is dearer")
    expect(view).to_contain_text("The reward “Latte” costs 45 instead of 40 points.")
    assert_accessible(page)
    with program.client("manager") as api:
        assert api.get("/drafts").json()["items"] == []


def test_a_draft_is_tried_on_last_year_beside_publishing(
    open_program: Callable[..., OpenProgram], visit: Visit
) -> None:
    program = open_program()
    with program.client("cashier") as till:
        body = {"identities": [{"kind": "email", "value": "ana@example.com"}]}
        till.post("/members", json=body).raise_for_status()
    page = visit(program, "program", at="/rewards/0/cost_points")
    page.get_by_label("Cost in points").fill("45")
    saved(page)
    changes(page).get_by_role("button", name="Try it on last year").click()

    page.get_by_role("button", name="What would it have cost?").click()

    result = page.get_by_role("region", name="What it would have cost")
    expect(result).to_contain_text("Nobody ordered in these days.")
    expect(result.get_by_role("table", name="What would be different")).to_be_visible()
    assert_accessible(page)


def test_a_mistake_is_written_at_its_field_and_led_to(bean: OpenProgram, visit: Visit) -> None:
    page = visit(bean, "program", at="/rewards/1/voucher_days")
    days = page.get_by_label("Days that a voucher is valid")
    expect(days).to_be_focused()

    days.fill("0")
    page.get_by_label("Name", exact=True).fill("")

    expect(days).to_have_attribute("aria-invalid", "true")
    panel = changes(page)
    expect(panel).to_contain_text("2 things have to be corrected.")
    expect(panel).to_contain_text("once the mistakes are corrected")
    assert_accessible(page)
    panel.get_by_role("link", name="Days that a voucher").press("Enter")
    expect(days).to_be_focused()
    note = days.get_attribute("aria-describedby") or ""
    assert "Enter 1 or more." in page.locator(f"[id='{note.split()[-1]}']").inner_text()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    expect(panel).to_contain_text("It says what version 1 says.")


def test_a_draft_survives_the_tab_and_a_network_that_is_gone(
    bean: OpenProgram, visit: Visit
) -> None:
    page = visit(bean, "program", at="/rewards/0/name")
    page.get_by_label("Name", exact=True).fill("Flat white")
    saved(page)
    page.route("**/drafts/*", lambda route: route.abort())
    page.route("**/check?*", lambda route: route.abort())
    page.get_by_label("Name", exact=True).fill(HOSTILE)
    expect(page.locator(".draft-bar")).to_contain_text("does not answer; it is kept in this tab")
    # Somebody reloads the page before the network is back.
    page.reload()
    page.unroute("**/drafts/*")
    page.unroute("**/check?*")
    drawn(page)
    saved(page)
    expect(changes(page)).to_contain_text(f"“{HOSTILE}”")

    elsewhere = visit(bean, re.sub("[?].*|.*#/[^/]*/", "", page.url))

    open_reward(elsewhere, HOSTILE[:10])
    expect(elsewhere.get_by_label("Name", exact=True)).to_have_value(HOSTILE)
    elsewhere.get_by_label("Name", exact=True).fill("Cortado")
    saved(elsewhere)
    open_reward(page, HOSTILE[:10])
    page.get_by_label("Name", exact=True).fill("Mocha")
    expect(page.locator(".draft-bar").get_by_role("alert")).to_contain_text("saved elsewhere")
    page.get_by_role("button", name="Continue with the other").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Cortado")


def test_two_managers_publish_at_once(
    open_program: Callable[..., OpenProgram], visit: Visit
) -> None:
    program = open_program()
    page = visit(program, "program", at="/rewards/0/cost_points")
    page.get_by_label("Cost in points").fill("45")
    saved(page)
    rewards = [program.document["rewards"][0] | {"cost_points": 50}]
    theirs = program.document | {"rewards": rewards + program.document["rewards"][1:]}
    with program.client("manager") as api:
        api.put("", json=theirs | {"claim_days": 9}, headers={"If-Match": '"1"'}).raise_for_status()
    panel = changes(page)
    panel.get_by_label("Why").fill("Milk is dearer")

    panel.get_by_role("button", name="Publish as version 2").click()

    newer = page.get_by_role("region", name="Version 2 was published meanwhile")
    expect(newer).to_contain_text("costs 50 instead of 40 points.")
    expect(newer).to_contain_text("costs 45 instead of 40 points.")
    expect(newer).to_contain_text("claim days is 9 instead of 30.")
    assert_accessible(page)
    newer.get_by_label("Mine: 45").check()
    newer.get_by_role("button", name="Put my changes on top").click()
    expect(panel).to_contain_text("The reward “Latte” costs 45 instead of 50 points.")
    expect(panel.locator(".differences li")).to_have_count(1)
    panel.get_by_role("button", name="Publish as version 3").click()
    drawn(page, "Version 3")
    with program.client("manager") as api:
        document = api.get("", params={"version": 3}).json()["document"]
    assert (document["claim_days"], document["rewards"][0]["cost_points"]) == (9, 45)


def test_the_json_is_the_form_and_no_text_in_it_is_lost(bean: OpenProgram, visit: Visit) -> None:
    page = visit(bean, "program", at="/hold_minutes")
    text = page.get_by_role("textbox", name="JSON")
    document = json.loads(text.input_value())
    text.fill(json.dumps(document | {"hold_minutes": 20}))
    expect(page.get_by_label("Hold minutes")).to_have_value("20")
    page.get_by_label("Hold minutes").fill("21")
    assert json.loads(text.input_value()) == document | {"hold_minutes": 21}

    text.fill('{"name": "Bean",')

    expect(page.locator(".draft-bar")).to_contain_text(
        "The JSON has a mistake, so it is not saved."
    )
    expect(page.get_by_label("Hold minutes")).to_have_value("21")
    page.get_by_role("button", name="Discard this text").click()
    saved(page)
    text.fill(json.dumps(document | {"name": "x" * 310_000}))
    expect(page.locator(".draft-bar")).to_contain_text("not saved: ")


def test_a_document_comes_out_of_the_form_as_it_went_in(bean: OpenProgram, visit: Visit) -> None:
    page = visit(bean)
    campaigns = {"campaigns": [CAMPAIGN], "lists": {"beans": ["A", "B"]}}
    examples = {path.stem: json.loads(path.read_text()) for path in EXAMPLES.glob("*.json")}
    examples["coffee"] |= campaigns

    for example in examples.values():
        # With all defaults, because a form states what somebody chose.
        document = Program.model_validate(example).model_dump(mode="json")
        after, inputs, idle = page.evaluate(ROUND_TRIP, document)

        assert after == document
        assert inputs > 100
        assert idle == []


def test_what_is_wrong_in_a_draft_is_kept_and_shown(bean: OpenProgram, visit: Visit) -> None:
    wrong = bean.document | {
        "rewards": [{"id": 7, "new": None}, "latte"],
        "expiry": "never",
        "tiers": [],
        "time_zone": None,
        "point_value": {"amount_minor": "1.5"},
    }
    with bean.client("manager") as api:
        draft = {"document": wrong, "based_on": 1}
        api.put("/drafts/wrong", json=draft, headers={"If-None-Match": "*"}).raise_for_status()

    page = visit(bean, "program/wrong", at="/rewards/0/new")

    form = page.locator(".schema-form")
    expect(form).to_contain_text("A program has no such setting.")
    page.get_by_role("link", name="Expiry", exact=True).press("Enter")
    expect(form).to_contain_text('This is something else than it should be: "never"')
    assert json.loads(page.get_by_role("textbox", name="JSON").input_value()) == wrong
    assert_accessible(page)


def test_entries_are_added_moved_and_removed_with_the_keyboard(
    bean: OpenProgram, visit: Visit
) -> None:
    page = visit(bean, "program")
    page.get_by_role("link", name="Rewards", exact=True).press("Enter")
    names = page.locator(".entries .name")
    before = names.all_inner_texts()
    page.get_by_role("button", name="Add reward").press("Enter")
    summary = page.locator("summary").filter(has_text="New reward")
    expect(summary).to_be_focused()

    page.get_by_role("button", name="Move up New reward").press("Enter")
    expect(page.get_by_role("button", name="Move up New reward")).to_be_focused()
    assert names.all_inner_texts() == [*before[:-1], "New reward", before[-1]]
    page.get_by_role("button", name="Remove New reward").press("Enter")

    assert names.all_inner_texts() == before
    expect(page.locator("summary").filter(has_text=before[-1])).to_be_focused()


def test_a_long_list_is_searched_and_its_entries_go_where_they_belong(
    open_program: Callable[..., OpenProgram], visit: Visit
) -> None:
    kinds = {"free_product": {}, "amount_off": {"amount_minor": 500}}
    rewards = [
        {"id": f"r-{number}", "name": f"Gift {number}", "cost_points": number, "stock": number}
        | {"kind": kind, **parts}
        for number, (kind, parts) in zip(range(1, 121), [*kinds.items()] * 60, strict=True)
    ]
    page = visit(open_program(rewards=rewards), "program")
    page.get_by_role("link", name="Rewards", exact=True).press("Enter")
    names = page.locator(".entries .name")
    expect(names).to_have_count(120)

    page.get_by_label("Find reward").fill("amount 11")

    expect(names).to_have_text([f"Gift {number}" for number in (110, 112, 114, 116, 118)])
    expect(page.get_by_text("5 of 120")).to_be_visible()
    assert_accessible(page)
    page.locator("summary").filter(has_text="Gift 114").press("Enter")
    expect(page.get_by_label("Cost in points")).to_have_value("114")
    position = page.get_by_label("Position of Gift 114")
    position.fill("2")
    position.press("Enter")
    page.get_by_label("Find reward").fill("")
    expect(names).to_have_count(120)
    assert names.all_inner_texts()[:3] == ["Gift 1", "Gift 114", "Gift 2"]
    expect(page.get_by_label("Position of Gift 114")).to_have_value("2")
    page.get_by_label("Find reward").fill("Gift 9")
    page.get_by_role("button", name="Add reward").press("Enter")
    expect(page.locator("summary").filter(has_text="New reward")).to_be_focused()
    expect(names).to_have_count(121)


def test_an_old_version_comes_back_as_a_draft(
    open_program: Callable[..., OpenProgram], visit: Visit
) -> None:
    program = open_program()
    with program.client("manager") as api:
        newer = program.document | {"hold_minutes": 25}
        api.put("", json=newer, headers={"If-Match": '"1"'}).raise_for_status()
    page = visit(program, "versions")
    assert_accessible(page)
    page.get_by_role("link", name="Version 1").click()
    drawn(page, "Version 1")

    page.get_by_role("button", name="Restore as a draft").click()

    drawn(page, "Program")
    expect(changes(page)).to_contain_text("hold minutes is 15 instead of 25.")
    looker = visit(program, "versions/2", role="analyst")
    expect(looker.locator(".view")).to_contain_text("hold minutes is 25 instead of 15.")
    expect(looker.get_by_role("button", name="Restore")).to_have_count(0)
