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
            campaign(id="oat", name="Oat", activation="offer"),
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
        "offerable": [["oat", "Oat"]],
    }


def result(**parts: Any) -> dict[str, Any]:
    row = {
        "campaign_id": "tuesday",
        "state": "ended",
        "members": 9000,
        "held_out": 1000,
        "effect": "not_proven",
        "uplift_minor": 120.4,
        "low_minor": -10.2,
        "high_minor": 250.9,
        "points": 84000,
        "cost_minor": 84000,
        "break_even": 0.0775,
        "outcome": "not_proven",
    }
    return row | parts


PLAIN = (
    "Members who can use it bought for €1.20 more on average than members who are held out. "
    "The true difference is very likely between €0.10 less and €2.51 more."
)
COST = "It gave them 84,000 beans, worth €840.00 at most."
EARNED = "That is earned back at a margin of 7.8% or more."


@pytest.mark.parametrize(
    ("parts", "sentences"),
    [
        (
            {},
            [
                f"{PLAIN} That may be chance.",
                f"{COST} {EARNED} Whether it pays for itself is not proven.",
            ],
        ),
        (
            {"state": "running", "cost_minor": None, "break_even": None, "outcome": None},
            [
                f"{PLAIN} That may still be chance: the longer it runs, the surer the answer.",
                "It gave them 84,000 beans.",
            ],
        ),
        (
            {"effect": "more", "low_minor": 30, "outcome": "pays"},
            [
                f"{PLAIN.replace('€0.10 less', '€0.30')} That is proven.",
                f"{COST} {EARNED} It pays for itself.",
            ],
        ),
        (
            {
                "effect": "less", "uplift_minor": -80, "low_minor": -150, "high_minor": -10,
                "break_even": None, "outcome": "loses",
            },
            [
                ("Members who can use it bought for €0.80 less on average than members who are "
                "held out. The true difference is very likely between €0.10 and €1.50 less. "
                "That is proven."),
                f"{COST} It costs more than it brings in.",
            ],
        ),
        (
            {"effect": "too_few", "members": 90, "held_out": 8},
            [
                ("There are too few members to say what it brings in: 90 can use it and 8 are held "
                "out. It takes 100 of each.")
            ],
        ),
        (
            {"effect": "wrong_split", "held_out": 600},
            [
                (
                    "Do not trust its figures: 600 of 9,600 members are held out, which is not the "
                    "share that was drawn. Were members imported or deleted?"
                )
            ],
        ),
    ],
)  # fmt: skip
def test_what_a_campaign_brought_in_is_said_in_sentences(
    parts: dict[str, Any], sentences: list[str]
) -> None:
    program = {"currency": "EUR", "time_zone": "Europe/Paris", "points": {"many": "beans"}}
    found = run_script(
        """return resultWords(row, new Format(program, "en-GB"));""",
        imports={"format.js": "Format", "campaign_result_words.js": "resultWords"},
        row=result(**parts),
        program=program,
    )

    assert found == sentences
