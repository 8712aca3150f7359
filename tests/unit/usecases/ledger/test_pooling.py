"""Redemptions from a household: races of those who spend and leave, and what returns to whom."""

from datetime import timedelta
from functools import partial
from typing import Any, Final

import pytest

from loyalty.domain.kernel.errors import InsufficientPoints, TryAgain, WrongState
from loyalty.domain.ledger.corrections import close
from loyalty.domain.ledger.entries import Redemption
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.usecases.households.membership import (
    begin_household,
    invite,
    join_household,
    leave_household,
    share_points,
)
from loyalty.usecases.ledger.corrections import merge_members
from loyalty.usecases.ledger.redemption import (
    RequestedReward,
    cancel,
    end_vouchers,
    redeem_reward,
    release,
    voucher_of,
)
from tests.support.documents import reward
from tests.support.memory import NOW, BusyTable, Shop

SIX: Final = tuple(f"mem_{name}" for name in ("ana", "ben", "cem", "dia", "eva", "fin"))
ANA, BEN, CEM = SIX[:3]
TODAY: Final = NOW.date()


def shop(*members: str, engine: BusyTable | None = None, **rules: Any) -> Shop:
    """A café where a latte costs 40 points, and a household of all members."""
    cafe = Shop(
        *members,
        engine=engine,
        rewards=[reward()],
        households={"waits_days": 0} | rules,
        hold_minutes=15,
    )
    begin_household(members[0], desk=cafe.desk)
    for member_id in members[1:]:
        join_household(member_id, invite(members[0], desk=cafe.desk).token, desk=cafe.desk)
    return cafe


def redeemed(of: Shop, member_id: str = ANA, key: str = "k1", *, hold: bool = False) -> Voucher:
    request = RequestedReward(reward_id="latte", hold=hold, from_household=True)
    recorded = redeem_reward(member_id, request=request, request_id=key, desk=of.desk)
    assert isinstance(recorded.entry.detail, Redemption)
    return voucher_of(recorded.entry.detail.code, desk=of.desk)


def balances(of: Shop, *members: str) -> list[int]:
    for member_id in members:
        of.must_add_up(member_id)
    return [of.account(member_id).balance for member_id in members]


def test_others_pay_what_own_points_do_not_and_get_it_back_with_its_dates() -> None:
    cafe = shop(ANA, BEN, CEM)
    soon = TODAY + timedelta(days=3)
    cafe.adjust_balance(ANA, 10)
    cafe.adjust_balance(BEN, 100)
    cafe.adjust_balance(CEM, 20, expiring_on=soon)
    before = [cafe.account(each).holding for each in (ANA, BEN, CEM)]

    voucher = redeemed(cafe)

    assert balances(cafe, ANA, BEN, CEM) == [0, 90, 0]
    assert redeemed(cafe) == voucher
    cancel(voucher.redemption_id, member_id=None, desk=cafe.desk)
    cancel(voucher.redemption_id, member_id=None, desk=cafe.desk)
    assert [cafe.account(each).holding for each in (ANA, BEN, CEM)] == before
    assert balances(cafe, ANA, BEN, CEM) == [10, 100, 20]


def test_six_who_redeem_at_once_spend_no_point_twice() -> None:
    table = BusyTable()
    cafe = shop(*SIX, engine=table)
    for member_id in SIX:
        cafe.adjust_balance(member_id, 30)
    refused: list[str] = []

    def rival(member_id: str) -> None:
        try:
            redeemed(cafe, member_id, key=member_id)
        except (InsufficientPoints, TryAgain):
            refused.append(member_id)

    table.rivals += [partial(rival, each) for each in SIX[1:]]
    rival(ANA)

    spent = 6 * 30 - sum(balances(cafe, *SIX))
    vouchers = [item for item in table.items.values() if item.get("kind") == "voucher"]
    assert spent == 40 * len(vouchers)
    assert len(vouchers) == 4
    assert len(refused) == 2


def test_whoever_left_a_moment_ago_is_not_drawn_from() -> None:
    table = BusyTable()
    cafe = shop(ANA, BEN, engine=table)
    cafe.adjust_balance(BEN, 100)
    table.rivals.append(lambda: leave_household(BEN, desk=cafe.desk))

    with pytest.raises(InsufficientPoints):
        redeemed(cafe)
    assert balances(cafe, BEN) == [100]


def test_whoever_was_removed_a_moment_ago_draws_no_more() -> None:
    table = BusyTable()
    cafe = shop(ANA, BEN, engine=table)
    cafe.adjust_balance(BEN, 100)
    table.rivals.append(lambda: leave_household(ANA, desk=cafe.desk))

    with pytest.raises(WrongState):
        redeemed(cafe)
    assert balances(cafe, BEN) == [100]


def test_whoever_shares_less_a_moment_ago_gives_no_more_than_that() -> None:
    table = BusyTable()
    cafe = shop(ANA, BEN, engine=table)
    cafe.adjust_balance(BEN, 100)
    table.rivals.append(lambda: share_points(BEN, most=39, desk=cafe.desk))

    with pytest.raises(InsufficientPoints):
        redeemed(cafe)


def test_no_more_than_the_most_of_a_month_is_drawn_of_one_member() -> None:
    cafe = shop(ANA, BEN, drawn_per_month_max=70)
    cafe.adjust_balance(BEN, 200)
    redeemed(cafe)

    with pytest.raises(InsufficientPoints):
        redeemed(cafe, key="k2")
    cafe.now += timedelta(days=10)
    redeemed(cafe, key="k2")
    assert balances(cafe, BEN) == [120]


def test_nobody_draws_or_is_drawn_from_before_the_waiting_time_is_over() -> None:
    cafe = shop(ANA, BEN, waits_days=30)
    cafe.adjust_balance(BEN, 100)

    with pytest.raises(WrongState):
        redeemed(cafe)
    cafe.now += timedelta(days=30)
    assert redeemed(cafe).points == 40


def test_a_contributor_of_a_hold_that_ran_out_gets_expired_points_back_for_a_while() -> None:
    cafe = shop(ANA, BEN)
    cafe.adjust_balance(BEN, 40, expiring_on=TODAY)
    voucher = redeemed(cafe, hold=True)
    cafe.now += timedelta(days=1)

    release(voucher.code, desk=cafe.desk)

    days = cafe.program.document.reinstate_days
    assert cafe.account(BEN).holding.lots == {TODAY + timedelta(days=days): 40}
    assert balances(cafe, ANA, BEN) == [0, 40]


def test_points_return_to_the_survivor_of_a_contributor_who_was_merged() -> None:
    cafe = shop(ANA, BEN, CEM)
    cafe.adjust_balance(BEN, 25)
    cafe.adjust_balance(CEM, 25)
    voucher = redeemed(cafe)
    merge_members(BEN, into=CEM, request_id="m1", desk=cafe.desk)

    cancel(voucher.redemption_id, member_id=None, desk=cafe.desk)

    assert balances(cafe, ANA, CEM) == [0, 50]


def test_all_points_return_to_whoever_became_one_with_the_redeemer() -> None:
    cafe = shop(ANA, BEN)
    cafe.adjust_balance(ANA, 15)
    cafe.adjust_balance(BEN, 25)
    voucher = redeemed(cafe)
    merge_members(ANA, into=BEN, request_id="m1", desk=cafe.desk)

    cancel(voucher.redemption_id, member_id=None, desk=cafe.desk)

    assert balances(cafe, BEN) == [40]


def erase(of: Shop, member_id: str) -> None:
    account = of.desk.books.account(member_id, strong=True)
    assert account is not None
    of.desk.books.post(close(account, program=of.program, now=of.now))
    end_vouchers(member_id, desk=of.desk)


def test_the_part_of_an_erased_contributor_does_not_return() -> None:
    cafe = shop(ANA, BEN, CEM)
    cafe.adjust_balance(BEN, 25)
    cafe.adjust_balance(CEM, 25)
    voucher = redeemed(cafe)
    erase(cafe, BEN)

    cancel(voucher.redemption_id, member_id=None, desk=cafe.desk)

    assert balances(cafe, CEM)[0] + sum(voucher.shared[BEN].slices.values()) == 50


def test_contributors_get_their_points_back_when_the_redeemer_is_erased() -> None:
    cafe = shop(ANA, BEN)
    cafe.adjust_balance(ANA, 15)
    cafe.adjust_balance(BEN, 25)
    voucher = redeemed(cafe)

    erase(cafe, ANA)

    assert balances(cafe, BEN) == [25]
    assert voucher_of(voucher.code, desk=cafe.desk).state == "cancelled"
