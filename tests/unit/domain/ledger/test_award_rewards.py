"""The reward of an award: a voucher for nothing, which goes with the award until it is used."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from loyalty.domain.ledger.award_rewards import RewardStep, give_reward, take_reward
from loyalty.domain.ledger.entries import Redemption, RewardGrant
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.member_awards import MemberAward
from loyalty.domain.ledger.vouchers import Voucher
from tests.support.accounts import account
from tests.support.documents import published, reward
from tests.support.ledger import LOT
from tests.support.orders import NOON

PROGRAM: Final = published(rewards=[reward(offered=False, cost_points=0, voucher_days=10)])
AWARD: Final = MemberAward(
    award_id="challenge.three.ana.ever.1",
    member_id="ana",
    given_for="challenge",
    rule_id="three",
    points=0,
    available_on=LOT,
    expires_on=LOT,
    reward_id="latte",
    stands=True,
    step=1,
)


def given(award: MemberAward = AWARD, voucher: Voucher | None = None) -> RewardStep:
    return give_reward(
        award,
        reward=PROGRAM.document.rewards[0],
        voucher=voucher,
        code="C1",
        account=account(),
        program=PROGRAM,
        now=NOON,
    )


def issued() -> tuple[MemberAward, Voucher]:
    step = given()
    assert step.issues is not None
    return step.award, step.issues


def test_an_award_issues_a_voucher_that_costs_nothing_and_says_what_it_is_for() -> None:
    step = given()

    assert step.entry is not None
    assert step.issues is not None
    assert step.entry.effect == Holding()
    assert isinstance(step.entry.detail, Redemption)
    assert step.entry.detail.grant == RewardGrant(
        granted_for="challenge", rule_id="three", award_id=AWARD.award_id
    )
    assert (step.issues.points, step.issues.state, step.issues.granted_for) == (
        0,
        "issued",
        "challenge",
    )
    assert step.award.code == step.issues.code == "C1"


def test_an_unused_voucher_is_cancelled_and_another_one_is_given_again() -> None:
    award, voucher = issued()

    taken = take_reward(award, voucher=voucher, now=NOON)

    assert taken.change is not None
    assert taken.change.becomes.state == "cancelled"
    again = given(replace(award, step=3), voucher=taken.change.becomes)
    assert again.issues is not None
    assert again.issues.redemption_id != voucher.redemption_id


def test_a_shop_that_has_the_code_lets_go_of_it_first() -> None:
    award, voucher = issued()

    taken = take_reward(award, voucher=replace(voucher, in_shops=("shop",)), now=NOON)

    assert taken.change is not None
    assert taken.change.becomes.state == "cancelling"


def test_a_used_voucher_is_kept_and_stands_again_without_another_one() -> None:
    award, voucher = issued()
    used = replace(voucher, state="used")

    taken = take_reward(award, voucher=used, now=NOON)
    again = given(taken.award, voucher=used)

    assert taken.change is None
    assert taken.award.reward_kept
    assert again.issues is None
    assert not again.award.reward_kept


@pytest.mark.parametrize("days", [11, 40])
def test_a_voucher_that_expired_is_not_issued_again(days: int) -> None:
    award, voucher = issued()

    taken = take_reward(award, voucher=voucher, now=NOON + timedelta(days=days))

    assert taken == RewardStep(award)
    assert given(award, voucher=voucher).issues is None
