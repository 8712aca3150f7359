"""Campaigns in the console: in words, from recipes, and the names that a program uses."""

from typing import Any

import pytest

from tests.support.campaigns import campaign
from tests.support.documents import document, rule
from tests.support.scripts import run_script

LEVELS = {"levels": [{"id": "silver", "name": "Silver"}, {"id": "gold", "name": "Gold"}]}
TUESDAY = campaign(**{"for": {"any": [{"fact": "tier", "is_in": ["roaster"]}]}})


def in_words(name: str, part: object) -> str:
    program = {"currency": "EUR", "time_zone": "Europe/Paris", "points": {"many": "beans"}}
    words: str = run_script(
        f"""const format = new Format(program, "en-GB");
        return {name}(part, format, (count) => format.points(count));""",
        imports={"format.js": "Format", "campaign_words.js": name},
        part=part,
        program=program,
    )
    return words


def added(program: dict[str, Any], new: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the place of a campaign that was added, and the campaign."""
    found = run_script(
        "return withCampaign(program, campaign);",
        imports={"campaign_recipes.js": "withCampaign"},
        program=program,
        campaign=new,
    )
    campaigns = found["document"].pop("campaigns")
    assert found["document"] == {name: program[name] for name in program if name != "campaigns"}
    return found["pointer"], campaigns[int(found["pointer"].rpartition("/")[2])]


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({}, "always"),
        ({"starts_on": "2026-12-01"}, "from 1 Dec 2026 on"),
        ({"ends_on": "2026-12-31"}, "until 31 Dec 2026"),
        ({"starts_on": "2026-12-01", "ends_on": "2026-12-31"}, "1 Dec 2026 to 31 Dec 2026"),
        ({"weekdays": ["tue"]}, "Tuesdays"),
        ({"weekdays": ["fri", "tue", "mon", "wed", "thu"]}, "Monday to Friday"),
        ({"weekdays": ["mon", "tue", "thu"]}, "Mondays, Tuesdays, Thursdays"),
        (
            {
                "weekdays": ["sat", "sun"],
                "hours": [{"from": "09:00", "until": "12:00"}, {"from": "22:00", "until": "02:00"}],
            },
            "Saturdays, Sundays, 09:00 to 12:00 and 22:00 to 02:00",
        ),
    ],
)
def test_when_a_campaign_runs(when: dict[str, Any], words: str) -> None:
    assert in_words("windowWords", when) == words


@pytest.mark.parametrize(
    ("effect", "words"),
    [
        ({"kind": "multiply", "percent": 150}, "1.5 times the earning rules"),
        ({"kind": "rate", "points": 2, "per_minor": 250}, "2 beans for €2.50"),
        ({"kind": "fixed", "points": 1000}, "1,000 beans"),
        ({"kind": "per_unit", "points": 60, "every": 3}, "60 beans for 3 units"),
        ({"kind": "per_unit", "points": 5}, "5 beans for a unit"),
        (
            {
                "kind": "steps",
                "steps": [
                    {"at_least_minor": 3000, "points": 50},
                    {"at_least_minor": 6000, "points": 150},
                ],
            },
            "50 beans from €30.00, 150 beans from €60.00",
        ),
        (None, ""),
    ],
)
def test_what_a_campaign_gives(effect: object, words: str) -> None:
    assert in_words("effectWords", effect) == words


def test_a_recipe_gets_an_id_that_no_campaign_and_no_rule_has() -> None:
    program = document(earning_rules=[rule(id="happy")], campaigns=[campaign()])

    assert added(program, campaign(id="new")) == ("/campaigns/1", campaign(id="new"))
    assert added(program, campaign())[1]["id"] not in {"welcome", "happy"}
    assert added(program, campaign(id="happy"))[1]["id"] not in {"welcome", "happy"}


def test_levels_of_a_recipe_become_the_programs_highest() -> None:
    def level_of(**parts: Any) -> Any:
        return added(document(**parts), TUESDAY)[1]["for"]["any"][0]["is_in"]

    assert level_of(tiers=LEVELS) == ["gold"]
    assert level_of(tiers={"levels": [{"id": "roaster", "name": "Roaster"}]}) == ["roaster"]
    # Without levels it is a mistake, which the check names.
    assert level_of(tiers=None) == ["roaster"]


def test_a_basket_offers_the_names_that_rules_and_campaigns_use() -> None:
    of_app = {"all": [{"fact": "channel", "is_in": ["app"]}, {"fact": "code", "is_in": ["FLYER"]}]}
    program = document(
        earning_rules=[rule(include_categories=["beans"], tenders=["stored_value"])],
        campaigns=[
            campaign(
                lines={"skus": ["A"], "lists": ["sale"], "brands": ["house"], "tags": ["hot"]},
                **{"if": of_app},
            ),
            campaign(id="club", name="Club", activation="join"),
        ],
        lists={"sale": ["B", "A"]},
        tiers=LEVELS,
    )

    names = run_script(
        "return namesIn(program);", imports={"basket_names.js": "namesIn"}, program=program
    )

    assert names == {
        "categories": ["beans"],
        "skus": ["A", "B"],
        "channels": ["app"],
        "codes": ["FLYER"],
        "locations": [],
        "sources": [],
        "tenders": ["stored_value"],
        "brands": ["house"],
        "tags": ["hot"],
        "levels": [["silver", "Silver"], ["gold", "Gold"]],
        "joinable": [["club", "Club"]],
    }
