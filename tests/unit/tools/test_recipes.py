"""The recipes of the page on campaigns: each can be published in the example program."""

import pytest

from loyalty.domain.kernel.errors import Fault
from loyalty.domain.program import warnings
from loyalty.domain.program.document import Program
from loyalty.domain.program.publication import faults
from tests.support.documents import PUBLISHED_AT, document
from tools.recipes import PAGE, Recipe, recipes

FOUND = recipes(PAGE.read_text(encoding="utf-8"))
TIERS = {
    "basis": "spend",
    "period": "calendar_year",
    "levels": [{"id": "roaster", "name": "Roaster", "reached_at": 1000}],
}
WELCOME = '{"id": "welcome", "name": "Welcome", "effect": {"kind": "fixed", "points": 10}}'


def example(*found: Recipe) -> Program:
    campaigns = [each.campaign for each in found]
    return Program.model_validate(document(campaigns=campaigns, tiers=TIERS))


def odd(published: Program) -> tuple[Fault, ...]:
    return warnings.warnings(published, replaces=None, today=PUBLISHED_AT.date())


def test_there_are_ten_recipes() -> None:
    assert len(FOUND) == 10
    assert len({each.title for each in FOUND}) == 10
    assert all(each.wish for each in FOUND)


@pytest.mark.parametrize("recipe", FOUND, ids=lambda recipe: recipe.title)
def test_a_recipe_can_be_published_as_it_stands(recipe: Recipe) -> None:
    published = example(recipe)

    assert tuple(faults(published)) == ()
    assert odd(published) == ()


def test_all_recipes_can_be_published_together() -> None:
    assert tuple(faults(example(*FOUND))) == ()


def test_a_page_whose_table_lacks_a_recipe_is_refused() -> None:
    page = f"## Ten recipes\n\n### Welcome\n\n```json\n{WELCOME}\n```\n\n## The language\n"

    with pytest.raises(SystemExit, match="Welcome"):
        recipes(page)
    table = "| you want | recipe |\n|---|---|\n| members | [Welcome](#welcome) |\n\n### "
    (found,) = recipes(page.replace("### ", table))
    assert (found.title, found.wish, found.campaign["id"]) == ("Welcome", "members", "welcome")
