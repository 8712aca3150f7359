"""Households of members: begun, joined by invitation, left, and seen."""

from datetime import timedelta
from typing import Any, Final

import pytest

from loyalty.domain.kernel.errors import Forbidden, LimitReached, NotFound, WrongState
from loyalty.usecases.households.membership import (
    begin_household,
    household_of,
    invite,
    join_household,
    leave_household,
    remove_from_household,
    share_points,
)
from loyalty.usecases.ledger.corrections import merge_members
from tests.support.memory import BusyTable, Shop

ANA: Final = "mem_ana"
BEN: Final = "mem_ben"
CEM: Final = "mem_cem"


def shop(*, engine: BusyTable | None = None, **rules: Any) -> Shop:
    households = {"waits_days": 0, "rejoin_days": 90} | rules
    cafe = Shop(ANA, BEN, CEM, engine=engine, households=households)
    begin_household(ANA, desk=cafe.desk)
    return cafe


def joined(of: Shop, *members: str) -> None:
    for member_id in members:
        assert join_household(member_id, invite(ANA, desk=of.desk).token, desk=of.desk)


def members(of: Shop, member_id: str = ANA) -> list[str]:
    found = household_of(member_id, desk=of.desk)
    return [each.member_id for each in found.sharers] if found else []


def test_an_invitation_lets_one_member_in_once() -> None:
    cafe = shop()
    invitation = invite(ANA, desk=cafe.desk)

    assert join_household(BEN, invitation.token, desk=cafe.desk)
    assert not join_household(BEN, invitation.token, desk=cafe.desk)
    with pytest.raises(NotFound):
        join_household(CEM, invitation.token, desk=cafe.desk)
    assert members(cafe, BEN) == [ANA, BEN]


@pytest.mark.parametrize("token", ["", ".", "hh_no.CODE", "hh_code1.CODE9", "x" * 100])
def test_a_made_up_invitation_lets_nobody_in(token: str) -> None:
    cafe = shop()

    with pytest.raises(NotFound):
        join_household(BEN, token, desk=cafe.desk)


def test_an_invitation_ends_after_a_week() -> None:
    cafe = shop()
    invitation = invite(ANA, desk=cafe.desk)
    cafe.now += timedelta(days=7)

    with pytest.raises(NotFound):
        join_household(BEN, invitation.token, desk=cafe.desk)


def test_a_household_has_no_more_members_than_the_program_allows() -> None:
    cafe = shop(members_max=2)
    tokens = [invite(ANA, desk=cafe.desk).token for _ in range(2)]
    join_household(BEN, tokens[0], desk=cafe.desk)

    with pytest.raises(LimitReached):
        join_household(CEM, tokens[1], desk=cafe.desk)
    with pytest.raises(LimitReached):
        invite(ANA, desk=cafe.desk)


def test_two_who_accept_at_once_do_not_both_take_the_last_place() -> None:
    table = BusyTable()
    cafe = shop(engine=table, members_max=2)
    tokens = [invite(ANA, desk=cafe.desk).token for _ in range(2)]
    table.rivals.append(lambda: join_household(BEN, tokens[0], desk=cafe.desk))

    with pytest.raises(LimitReached):
        join_household(CEM, tokens[1], desk=cafe.desk)
    assert members(cafe) == [ANA, BEN]
    assert members(cafe, CEM) == []


def test_only_the_owner_invites_and_removes() -> None:
    cafe = shop()
    joined(cafe, BEN, CEM)

    with pytest.raises(Forbidden):
        invite(BEN, desk=cafe.desk)
    with pytest.raises(Forbidden):
        remove_from_household(BEN, CEM, desk=cafe.desk)
    for _ in range(2):
        remove_from_household(ANA, BEN, desk=cafe.desk)
    assert members(cafe) == [ANA, CEM]


def test_nobody_is_removed_from_a_household_that_they_have_begun_at_this_moment() -> None:
    table = BusyTable()
    cafe = shop(engine=table, rejoin_days=0)
    joined(cafe, BEN)

    def moves_out() -> None:
        leave_household(BEN, desk=cafe.desk)
        begin_household(BEN, desk=cafe.desk)

    table.rivals.append(moves_out)

    remove_from_household(ANA, BEN, desk=cafe.desk)
    assert (members(cafe), members(cafe, BEN)) == ([ANA], [BEN])


def test_nobody_is_in_two_households() -> None:
    cafe = shop()
    begin_household(BEN, desk=cafe.desk)

    with pytest.raises(WrongState):
        join_household(BEN, invite(ANA, desk=cafe.desk).token, desk=cafe.desk)
    assert not begin_household(BEN, desk=cafe.desk)


def test_whoever_left_waits_before_they_join_again() -> None:
    cafe = shop()
    joined(cafe, BEN)
    leave_household(BEN, desk=cafe.desk)
    assert leave_household(BEN, desk=cafe.desk) is None

    with pytest.raises(WrongState):
        begin_household(BEN, desk=cafe.desk)
    cafe.now += timedelta(days=90)
    assert begin_household(BEN, desk=cafe.desk)


def test_the_household_of_an_owner_who_leaves_goes_to_the_next_and_ends_with_the_last() -> None:
    cafe = shop()
    joined(cafe, BEN)
    leave_household(ANA, desk=cafe.desk)

    assert invite(BEN, desk=cafe.desk).token.startswith("hh_")
    leave_household(BEN, desk=cafe.desk)
    assert not [item for item in cafe.engine.items.values() if item.get("kind") == "household"]


def test_a_merged_member_leaves_their_household() -> None:
    cafe = shop()
    joined(cafe, BEN, CEM)

    merge_members(ANA, into=BEN, request_id="m1", desk=cafe.desk)

    assert members(cafe, BEN) == [BEN, CEM]
    assert invite(BEN, desk=cafe.desk).token


def test_a_member_sees_what_they_can_spend_and_what_each_shares() -> None:
    cafe = shop(drawn_per_month_max=50)
    joined(cafe, BEN, CEM)
    for member_id, points in ((ANA, 10), (BEN, 20), (CEM, 70)):
        cafe.adjust_balance(member_id, points)
    share_points(BEN, most=5, desk=cafe.desk)

    found = household_of(ANA, desk=cafe.desk)

    assert found is not None
    assert found.spendable == 10 + 5 + 50
    assert {each.member_id: each.shareable for each in found.sharers} == {
        ANA: 10,
        BEN: 5,
        CEM: 50,
    }


def test_a_program_without_households_has_none() -> None:
    cafe = Shop(ANA)

    with pytest.raises(Forbidden):
        begin_household(ANA, desk=cafe.desk)
    assert household_of(ANA, desk=cafe.desk) is None
