"""A browser for tests of the console: it opens views signed in, and checks what every view owes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Literal, Self

from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from loyalty.edge import console
from tools.chromium import axe, chromium

DESK: Final = ViewportSize(width=1280, height=900)
# The width at which WCAG asks that nothing scrolls sideways (1.4.10).
NARROW: Final = ViewportSize(width=320, height=640)
WAIT_MS: Final = 20_000

_RUN_AXE: Final = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 200))]);
}"""


@contextmanager
def running_browser() -> Iterator[Browser]:
    found = chromium()
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found.path,
            args=found.arguments,
            env=found.environment,
        )
        yield browser
        browser.close()


@dataclass(slots=True)
class Visitor:
    """Somebody at a browser. Each visit is a new tab; tabs share the browser's cache.

    `errors` are what the pages complained about: exceptions, and what their policy refused.
    """

    context: BrowserContext
    errors: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, browser: Browser) -> Self:
        context = browser.new_context(viewport=DESK, locale="en-GB", reduced_motion="reduce")
        context.set_default_timeout(WAIT_MS)
        return cls(context)

    def tab(self) -> Page:
        """Return an empty tab whose errors are collected."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self._hear(message.type, message.text))
        return page

    def visit(
        self, api_url: str, program_id: str, view: str = "home", *, token: str, **query: str
    ) -> Page:
        """Open a view (`home`, `member/mem_1`) with a token, and wait until it is drawn."""
        page = self.tab()
        page.goto(console.link(api_url, program_id=program_id, view=view, token=token, **query))
        drawn(page)
        return page

    def _hear(self, kind: str, text: str) -> None:
        # A browser writes an error of its own for every answer of 400 and more.
        if kind == "error" and not text.startswith("Failed to load resource"):
            self.errors.append(text)


def drawn(page: Page, heading: str | None = None) -> None:
    """Wait until a view is drawn, under this heading if one is given."""
    page.wait_for_selector("main:not([aria-busy]) h1")
    if heading is not None:
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def assert_accessible(page: Page) -> None:
    """Check a page with axe in light, in dark and at 320 px, where it must not scroll sideways."""
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        assert_no_violations(page, scheme)
    page.set_viewport_size(NARROW)
    assert_no_violations(page, "narrow")
    width: Any = page.evaluate("document.documentElement.scrollWidth")
    assert width <= NARROW["width"], f"The page is {width} px wide."
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="light")


def assert_no_violations(page: Page, seen: str) -> None:
    """Check a page with axe as it is; `seen` says how, for the message."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(_axe())
    violations = page.evaluate(_RUN_AXE)
    assert not violations, f"axe, {seen}: {violations}"


@cache
def _axe() -> str:
    return axe()
