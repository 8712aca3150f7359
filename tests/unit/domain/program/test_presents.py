"""Presents and given rewards in the program document: what is refused when it is published."""

from typing import Any

import pytest

from loyalty.domain.program.publication import faults
from tests.support.documents import program, reward


@pytest.mark.parametrize(
    ("anniversary", "rewards", "place", "code"),
    [
        ({}, [], "/presents/anniversary", "present_unclear"),
        (
            {"bonus_points": 5, "reward_id": "latte"},
            [reward()],
            "/presents/anniversary",
            "present_unclear",
        ),
        ({"reward_id": "tea"}, [reward()], "/presents/anniversary/reward_id", "unknown_reward"),
        (
            {"reward_id": "latte"},
            [reward(stock=9)],
            "/presents/anniversary/reward_id",
            "present_limited",
        ),
    ],
)
def test_an_anniversary_is_points_or_a_reward_that_can_always_be_given(
    anniversary: dict[str, Any], rewards: list[dict[str, Any]], place: str, code: str
) -> None:
    (fault,) = faults(program(presents={"anniversary": anniversary}, rewards=rewards))

    assert (fault.pointer, fault.code) == (place, code)


def test_only_a_reward_that_is_not_offered_costs_nothing() -> None:
    (fault,) = faults(program(rewards=[reward(cost_points=0)]))

    assert (fault.pointer, fault.code) == ("/rewards/0/cost_points", "costs_nothing")
    assert faults(program(rewards=[reward(cost_points=0, offered=False)])) == ()
