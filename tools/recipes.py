"""Generate the console's recipes of campaigns from `docs/campaigns.md`, which explains them."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from tools.generated import ROOT, Generated, generated_text, main

PAGE: Final = ROOT / "docs" / "campaigns.md"
RECIPES: Final = (
    ROOT / "layers" / "loyalty" / "python" / "loyalty" / "console" / "campaign_recipes.json"
)

_SECTION: Final = re.compile(r"^## Ten recipes\n(.*?)^## ", re.MULTILINE | re.DOTALL)
# A row of the table of what somebody wants, and which recipe does it.
_WISH: Final = re.compile(r"^\| ([^|]+) \| \[([^\]]+)\]\(#", re.MULTILINE)
_RECIPE: Final = re.compile(r"^### (.+?)\n\n```json\n(.*?)^```", re.MULTILINE | re.DOTALL)


class Recipe(NamedTuple):
    """A campaign to begin with, and what somebody wants who takes it."""

    title: str
    wish: str
    campaign: dict[str, Any]


def recipes(page: str) -> list[Recipe]:
    """Return the recipes of a page, in its order.

    Raises:
        SystemExit: a recipe is in the table and not on the page, or the other way around.
    """
    found = _SECTION.search(page)
    section = found.group(1) if found else ""
    wishes = {title: wish for wish, title in _WISH.findall(section)}
    campaigns = {title: json.loads(campaign) for title, campaign in _RECIPE.findall(section)}
    if list(wishes) != list(campaigns):
        odd = ", ".join(sorted(wishes.keys() ^ campaigns.keys())) or "their order"
        raise SystemExit(f"The table of recipes differs from the recipes: {odd}")
    return [Recipe(title, wishes[title], campaign) for title, campaign in campaigns.items()]


def generated() -> Iterator[Generated]:
    found = [each._asdict() for each in recipes(PAGE.read_text(encoding="utf-8"))]
    text = json.dumps(found, separators=(",", ":"), ensure_ascii=False)
    yield generated_text(RECIPES, f"{text}\n")


if __name__ == "__main__":
    raise SystemExit(main(generated))
