"""What points that end soon could still buy."""

from datetime import UTC, date, datetime
from typing import Any, Final

import pytest

from loyalty.domain.ledger.account import Account, TierFloor
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.recommendations.ending import PaidReward, reward_for
from tests.support.documents import published, reward

NOW: Final = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
LOT: Final = date(2026, 11, 30)
GOLD: Final = {
    "basis": "spend",
    "period": "calendar_year",
    "levels": [{"id": "gold", "name": "Gold", "reached_at": 10**9}],
}


def account(points: int = 100, **parts: Any) -> Account:
    holding = Holding(lots={LOT: points})
    return Account(member_id="mem_1", balance=points, holding=holding, **parts)


def paid(points: int, *rewards: dict[str, Any], of: Account | None = None) -> PaidReward | None:
    program = published(rewards=list(rewards), tiers=GOLD)
    return reward_for(points, of or account(), program=program, now=NOW)


def test_it_is_the_dearest_reward_that_the_points_alone_pay_for() -> None:
    menu = (
        reward(id="cookie", cost_points=10),
        reward(id="latte", cost_points=40),
        reward(id="cake", cost_points=41),
    )

    assert paid(40, *menu) == PaidReward("latte", 40)
    assert paid(39, *menu) == PaidReward("cookie", 10)
    assert paid(9, *menu) is None


@pytest.mark.parametrize(
    "parts",
    [
        {"stock": 5},
        {"for": {"fact": "consent", "name": "email"}},
        {"tiers": ["gold"]},
        {"available_until": "2026-11-20"},
        {"offered": False},
    ],
)
def test_nobody_comes_for_what_they_may_not_get(parts: dict[str, Any]) -> None:
    cookie = reward(id="cookie", cost_points=10)

    assert paid(40, cookie, reward(**parts)) == PaidReward("cookie", 10)


def test_a_level_pays_its_own_price() -> None:
    golden = account(tier_floor=TierFloor("gold", LOT))
    latte = reward(tier_costs={"gold": 30})

    assert paid(35, latte, of=golden) == PaidReward("latte", 30)
    assert paid(35, latte) is None


def test_who_had_it_as_often_as_one_may_is_not_told_of_it() -> None:
    often = account(redeemed={"latte": 1})

    assert paid(40, reward(per_member_max=1), of=often) is None
