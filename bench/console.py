"""How soon a view of the console is drawn once somebody is signed in: the promise is 300 ms."""

import re
from collections.abc import Iterator
from typing import Any, Final

from bench.figures import Figure, median
from local.deployment import Deployment
from loyalty.edge import console
from tests.support.browser import Visitor, running_browser

ROUNDS: Final = 7
# Until the frame after the one in which the view stands on the page.
_GO: Final = """async (view) => {
  const [, program] = location.hash.split("/");
  const main = document.getElementById("main");
  const frame = () => new Promise(requestAnimationFrame);
  const started = performance.now();
  location.hash = `#/${program}/${view}`;
  while (main.dataset.view !== view) await frame();
  await frame();
  return performance.now() - started;
}"""
_LOADED: Final = """async () => {
  const main = document.getElementById("main");
  const frame = () => new Promise(requestAnimationFrame);
  while (!main.dataset.view) await frame();
  await frame();
  return performance.now();
}"""


def console_paints(
    deployed: Deployment, *, program_id: str, tokens: dict[str, str]
) -> Iterator[Figure]:
    """Measure opening the console, and going to each view of its menu; files are cached."""
    with running_browser() as browser:
        visitor = Visitor.of(browser)
        page = visitor.visit(deployed.api_url, program_id, token=tokens["manager"])

        def opened() -> float:
            page.reload()
            return float(page.evaluate(_LOADED))

        def gone_to(view: str) -> float:
            page.evaluate(_GO, "reports" if view == "home" else "home")
            return float(page.evaluate(_GO, view))

        yield _figure("open the console", [opened() for _ in range(ROUNDS)])
        for view in _listed():
            gone_to(view)
            yield _figure(f"go to {view}", [gone_to(view) for _ in range(ROUNDS)])


def _listed() -> list[str]:
    """The views that the menu lists for a manager, by the list that the console itself has."""
    entries: list[Any] = re.findall(r"\{[^{}]*\}", console.text_of("views.js").partition("[\n")[2])
    return [
        re.findall(r'name: "(\w+)"', entry)[0]
        for entry in entries
        if "name: " in entry and '"manager"' in entry and "isListed: false" not in entry
    ]


def _figure(what: str, milliseconds: list[float]) -> Figure:
    return Figure(bench="console", figure=what, value=median(milliseconds), unit="ms")
