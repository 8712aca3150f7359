"""The recipes of docs/engagement.md, read from the page itself and played as they stand."""

import json
import re
from datetime import date
from typing import Any, Final

import pytest

from loyalty.domain.program.publication import faults
from tests.support.club import ANA
from tests.support.documents import program, reward
from tests.support.engagement import Collecting
from tests.support.markdown import DOCS
from tests.support.memory import NOW

PAGE: Final = (DOCS / "engagement.md").read_text().partition("\n## What counts\n")[0]
RECIPES: Final[dict[str, dict[str, Any]]] = {
    recipe["id"]: recipe
    for recipe in map(
        json.loads,
        re.findall(r"```json\n(\{.*?\})\n```", PAGE, re.DOTALL),
    )
}
BADGES: Final = [{"id": name, "name": name} for name in ("regular", "taster")]
REWARDS: Final = [reward(id="free-drink", offered=False, cost_points=0)]
# The points of a recipe after each of these orders: days ago, amount, units and category. A voucher
# is written as one point.
STORIES: Final = {
    "ten-drinks": [
        ((3, 900, 4, "drink"), 0),
        ((2, 2000, 9, "drink"), 0),
        ((1, 400, 2, "drink"), 1),
    ],
    "weekend": [
        ((5, 500, 1, "cake"), 0),
        ((4, 499, 1, "cake"), 0),
        ((3, 900, 1, "cake"), 0),
        ((1, 900, 1, "cake"), 50),
    ],
    "regulars": [((days, 300, 1, "cake"), 0) for days in (35, 28, 14)]
    + [((7, 300, 1, "cake"), 100)],
    "november": [((20, 12000, 1, "beans"), 0), ((9, 8000, 1, "beans"), 500)],
    "taster": [
        ((days, 300, 1, category), 0)
        for days, category in enumerate(("drink", "cake", "bread", "beans"))
    ],
}


def test_every_recipe_can_be_published_and_has_a_story() -> None:
    document = program(challenges=list(RECIPES.values()), badges=BADGES, rewards=REWARDS)

    assert faults(document) == ()
    assert RECIPES.keys() == STORIES.keys()


@pytest.mark.parametrize("name", STORIES)
def test_a_recipe_gives_what_the_page_says(name: str) -> None:
    assert NOW.date() == date(2026, 11, 21)
    club = Collecting(RECIPES[name], badges=BADGES, rewards=REWARDS)
    for number, ((days_ago, amount, units, category), points) in enumerate(STORIES[name]):
        club.sells(f"{number}", amount, quantity=units, category=category, days_ago=days_ago)
        club.looks_at(f"{number}")
        assert club.bonuses() + len(issued(club)) == points

    stands = sum(
        times
        for given in club.progress(challenge_id=name).given.values()
        for times in given.values()
    )
    assert stands == 1
    last = len(STORIES[name]) - 1
    club.refunds(f"{last}", whole=True)
    club.looks_at(f"{last}")
    assert (club.bonuses(), issued(club), club.progress(challenge_id=name).given) == (0, [], {})


def issued(club: Collecting) -> list[str]:
    found = club.desk.books.vouchers((ANA,), limit=10, start=None).items
    return [each.reward_id for each in found if each.state == "issued"]
