"""The program editor when something was saved and the answer to it was lost."""

from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import OpenProgram, Visit
from tests.support.browser import drawn


def lose_answer(page: Page, pattern: str) -> list[int]:
    """Let the next PUT happen and lose its answer; gives the statuses that were lost."""
    lost: list[int] = []

    def pass_on(route: Route) -> None:
        if route.request.method != "PUT" or lost:
            route.fallback()
            return
        lost.append(route.fetch().status)
        route.abort()

    page.route(pattern, pass_on)
    return lost


def draft_bar(page: Page, words: str) -> None:
    expect(page.locator(".draft-bar")).to_contain_text(words)


def test_a_draft_that_was_saved_without_an_answer_is_not_somebody_else_s(
    open_program: Callable[..., OpenProgram], visit: Visit
) -> None:
    program = open_program()
    page = visit(program, "program", at="/rewards/0/name")
    name = page.get_by_label("Name", exact=True)
    begun = lose_answer(page, "**/drafts/*")
    name.fill("Flat white")
    draft_bar(page, "does not answer")

    # Typed while nobody knows that the draft was begun.
    name.fill("Flat white, large")

    draft_bar(page, "· saved")
    assert begun == [201]
    changed = lose_answer(page, "**/drafts/*")
    name.fill("Flat white, small")
    draft_bar(page, "does not answer")
    name.fill("Cortado")
    draft_bar(page, "· saved")
    assert changed == [200]
    expect(page.locator(".draft-bar").get_by_role("alert")).to_have_count(0)
    with program.client("manager") as api:
        (draft,) = api.get("/drafts").json()["items"]
        document = api.get(f"/drafts/{draft['id']}").json()["document"]
    assert document["rewards"][0]["name"] == "Cortado"


def test_a_draft_whose_answer_was_lost_is_recognized_after_a_reload(
    open_program: Callable[..., OpenProgram], visit: Visit
) -> None:
    page = visit(open_program(), "program", at="/rewards/0/name")
    page.get_by_label("Name", exact=True).fill("Flat white")
    draft_bar(page, "· saved")
    lose_answer(page, "**/drafts/*")
    page.get_by_label("Name", exact=True).fill("Mocha")
    draft_bar(page, "does not answer")

    page.reload()
    drawn(page)

    draft_bar(page, "· saved")
    expect(page.locator(".draft-bar").get_by_role("alert")).to_have_count(0)
    assert '"name": "Mocha"' in page.get_by_role("textbox", name="JSON").input_value()


def test_a_version_that_was_published_without_an_answer_is_mine(
    open_program: Callable[..., OpenProgram], visit: Visit
) -> None:
    program = open_program()
    page = visit(program, "program", at="/rewards/0/cost_points")
    page.get_by_label("Cost in points").fill("45")
    draft_bar(page, "· saved")
    page.get_by_role("button", name="Review and publish").click()
    published = lose_answer(page, f"**/v1/programs/{program.id}?*")
    panel = page.get_by_role("tabpanel")
    panel.get_by_label("Why").fill("Milk is dearer")

    panel.get_by_role("button", name="Publish as version 2").click()
    expect(panel.get_by_role("alert")).to_contain_text("cannot happen twice")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    drawn(page, "Version 2")
    assert published == [200]
    expect(page.locator(".view")).to_contain_text("Milk is dearer")
    with program.client("manager") as api:
        assert api.get("/drafts").json()["items"] == []
