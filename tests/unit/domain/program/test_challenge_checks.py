"""Challenges in the program document: what is refused when it is published."""

from typing import Any

import pytest

from loyalty.domain.program.publication import faults
from tests.support.activities import activity
from tests.support.challenges import challenge
from tests.support.documents import program, reward

TEN = {"what": "categories", "of": {"categories": ["tea", "coffee"]}}
STREAK = {"every": "week", "in_a_row": 4}


@pytest.mark.parametrize(
    ("parts", "place", "code"),
    [
        ({"target": None}, "/target", "no_target"),
        ({"streak": STREAK}, "/target", "contradiction"),
        ({"target": None, "streak": STREAK, "window": "week"}, "/window", "contradiction"),
        ({"starts_on": "2026-11-02", "ends_on": "2026-11-01"}, "/ends_on", "empty_window"),
        (
            {"window": {"starts_on": "2026-11-02", "ends_on": "2026-11-01"}},
            "/window/ends_on",
            "empty_window",
        ),
        (
            {"counts": {"what": "units", "of": {"lists": ["none"]}}},
            "/counts/of/lists/0",
            "unknown_list",
        ),
        ({"counts": {"what": "categories"}}, "/counts/of/categories", "out_of_range"),
        ({"counts": TEN, "target": 3}, "/target", "out_of_reach"),
        ({"gives": [{}]}, "/gives/0", "gift_unclear"),
        ({"gives": [{"points": 5, "badge": "regular"}]}, "/gives/0", "gift_unclear"),
        ({"gives": [{"reward_id": "latte", "badge": "regular"}]}, "/gives/0", "gift_unclear"),
        ({"gives": [{"reward_id": "unheard"}]}, "/gives/0/reward_id", "unknown_reward"),
        ({"gives": [{"reward_id": "few"}]}, "/gives/0/reward_id", "grant_of_limited"),
        ({"gives": [{"reward_id": "once"}]}, "/gives/0/reward_id", "grant_of_limited"),
        ({"gives": [{"reward_id": "latte"}] * 2}, "/gives/1/reward_id", "second_reward"),
        ({"tiers": ["gold"]}, "/tiers/0", "unknown_level"),
        ({"gives": [{"badge": "unheard"}]}, "/gives/0/badge", "unknown_badge"),
        ({"gives": [{"badge": "regular"}] * 2}, "/gives/1/badge", "duplicate_id"),
        ({"gives": [{"points": 10**12}] * 2}, "/gives", "out_of_range"),
    ],
)
def test_each_mistake_has_its_place(parts: dict[str, Any], place: str, code: str) -> None:
    badges = [{"id": "regular", "name": "Regular"}]

    rewards = [reward(), reward(id="few", stock=5), reward(id="once", per_member_max=1)]
    (fault,) = faults(program(challenges=[challenge(**parts)], badges=badges, rewards=rewards))

    assert (fault.pointer, fault.code) == (f"/challenges/0{place}", code)


def test_ids_of_challenges_and_of_badges_are_unique() -> None:
    badge = {"id": "regular", "name": "Regular"}

    found = faults(program(challenges=[challenge(), challenge()], badges=[badge, badge]))

    assert [(fault.pointer, fault.code) for fault in found] == [
        ("/challenges/1/id", "duplicate_id"),
        ("/badges/1/id", "duplicate_id"),
    ]


@pytest.mark.parametrize(
    ("wrong", "place", "code"),
    [
        ({"counts": {"what": "activities"}}, "counts/activity", "missing"),
        (
            {"counts": {"what": "activities", "activity": "dance"}},
            "counts/activity",
            "unknown_activity",
        ),
        (
            {"counts": {"what": "orders", "activity": "review"}},
            "counts/activity",
            "contradiction",
        ),
        (
            {"counts": {"what": "activities", "activity": "review", "per_order_max": 2}},
            "counts/per_order_max",
            "contradiction",
        ),
    ],
)
def test_a_challenge_that_counts_activities_names_one_and_nothing_of_orders(
    wrong: dict[str, Any], place: str, code: str
) -> None:
    document = program(challenges=[challenge(**wrong)], activities=[activity()])

    assert [(each.pointer, each.code) for each in faults(document)] == [
        (f"/challenges/0/{place}", code)
    ]
