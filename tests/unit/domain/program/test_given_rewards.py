"""Rewards that the document promises to give: what might not be there is refused."""

from typing import Any

import pytest

from loyalty.domain.program.document import Program
from loyalty.domain.program.given_rewards import given_reward
from tests.support.documents import program, reward


def found(reward_id: str, **parts: Any) -> list[str]:
    document = Program.model_validate(program(rewards=[reward(**parts)]))
    return [fault.code for fault in given_reward(reward_id, document, "/gives/0/reward_id")]


def test_a_reward_that_is_only_given_can_be_promised() -> None:
    assert found("latte", offered=False, cost_points=0) == []


@pytest.mark.parametrize(
    "limit",
    [{"stock": 5}, {"per_member_max": 1}, {"pay": {"amount_minor": 1, "per_points": 1}}],
)
def test_a_reward_that_may_run_out_or_that_pays_is_not_promised(limit: dict[str, Any]) -> None:
    assert found("latte", **limit) == ["grant_of_limited"]


def test_there_must_be_such_a_reward() -> None:
    assert found("tea") == ["unknown_reward"]
