"""Boards in the program document: what is refused when it is published."""

from typing import Any

import pytest

from loyalty.domain.program.publication import faults
from tests.support.challenges import challenge
from tests.support.documents import program, reward

STREAK = {"every": "week", "in_a_row": 4}
KINDS = {"what": "categories", "of": {"categories": ["tea", "coffee"]}}


def board(**parts: Any) -> dict[str, Any]:
    return {"id": "cups", "name": "Most cups", "challenge": "three"} | parts


def test_a_board_with_prizes_can_be_published() -> None:
    prizes = [{"to_place": 3, "points": 100}, {"to_place": 10, "reward_id": "latte"}]
    parts: dict[str, Any] = {"challenges": [challenge(window="month")], "rewards": [reward()]}

    assert faults(program(boards=[board(prizes=prizes)], **parts)) == ()


@pytest.mark.parametrize(
    ("of", "parts", "place", "code"),
    [
        ({}, {"challenge": "none"}, "/challenge", "unknown_challenge"),
        ({"streak": STREAK, "target": None}, {}, "/challenge", "not_ranked"),
        ({"counts": KINDS, "target": 2}, {}, "/challenge", "not_ranked"),
        ({"window": "day"}, {}, "/challenge", "not_ranked"),
        ({}, {"prizes": [{"to_place": 1, "points": 5}]}, "/challenge", "no_end"),
        ({"window": "week"}, {"prizes": [{"to_place": 1}]}, "/prizes/0", "prize_unclear"),
        (
            {"window": "week"},
            {"prizes": [{"to_place": 11, "points": 5}]},
            "/prizes/0/to_place",
            "out_of_reach",
        ),
        (
            {"window": "week"},
            {"prizes": [{"to_place": 1, "points": 5}] * 2},
            "/prizes/1/to_place",
            "duplicate_id",
        ),
        (
            {"window": "week"},
            {"prizes": [{"to_place": 1, "reward_id": "few"}]},
            "/prizes/0/reward_id",
            "grant_of_limited",
        ),
    ],
)
def test_each_mistake_has_its_place(
    of: dict[str, Any], parts: dict[str, Any], place: str, code: str
) -> None:
    rewards = [reward(), reward(id="few", stock=5)]
    challenges = [challenge(**of)]

    (fault,) = faults(program(challenges=challenges, boards=[board(**parts)], rewards=rewards))

    assert (fault.pointer, fault.code) == (f"/boards/0{place}", code)
