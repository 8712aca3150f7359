"""Both sides get what they were promised once the friend has bought, and lose it exactly."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.ledger.account import Account
from loyalty.usecases.orders.accrual import Customer, GuestOrderKept, claim, earn
from loyalty.usecases.orders.edits import record_version
from tests.support.bringing import CLEO, DAN, Bringing
from tests.support.club import ANA, BOB, bought
from tests.support.documents import reward
from tests.support.engagement import Killed
from tests.support.memory import NOW
from tests.support.orders import line

OF_BOB = Customer(member_id=BOB, named=BOB)
MINIMUM: dict[str, Any] = {"counts": {"amount_minor_min": 3000}}


def buys(club: Bringing, order_id: str = "1", amount: int = 3000, friend: str = BOB) -> None:
    club.sells(order_id, amount, member=friend)
    club.looks_at(order_id)


def held(club: Bringing) -> tuple[int, int]:
    return club.holds(ANA), club.holds(BOB)


def test_both_get_what_was_promised_after_the_first_order_and_wait_for_the_return_period() -> None:
    club = Bringing(**MINIMUM)
    club.claims()

    buys(club)

    assert held(club) == (500, 100)
    assert club.account(ANA).holding.pending_points == 500
    club.now += timedelta(days=14)
    assert club.account(ANA).holding.points == 500
    for member in (ANA, BOB):
        club.must_add_up(member)


def test_an_order_without_a_claim_too_small_or_too_late_brings_nothing() -> None:
    club = Bringing(**MINIMUM)
    buys(club, "0", friend=CLEO)
    club.claims()
    buys(club, "1", 2999)
    club.now += timedelta(days=61)
    later = replace(bought("2", line(3000)), occurred_at=club.now)
    earn(later, customer=OF_BOB, desk=club.desk)
    club.looks_at("2")

    assert held(club) == (0, 0)


def test_a_partial_refund_below_the_minimum_takes_both_back_and_an_edit_restores_them() -> None:
    club = Bringing(**MINIMUM)
    club.claims()
    buys(club, amount=4000)

    club.refunds("1", amount_minor=500)
    club.looks_at("1")
    assert held(club) == (500, 100)
    club.refunds("1", amount_minor=600)
    club.looks_at("1")
    assert held(club) == (0, 0)
    assert club.sees().friends[0].stage == "undone"

    later = bought("1", line(9000), told_at=NOW + timedelta(minutes=1))
    record_version(later, customer=OF_BOB, desk=club.desk)
    club.looks_at("1")

    assert held(club) == (500, 100)
    for member in (ANA, BOB):
        club.must_add_up(member)


def test_what_is_kept_stays_if_the_program_says_so() -> None:
    club = Bringing(if_undone="keep")
    club.claims()
    buys(club)

    club.refunds("1", amount_minor=3000)
    club.looks_at("1")

    assert held(club) == (500, 100)


def test_with_two_orders_a_refund_of_one_takes_all_back() -> None:
    club = Bringing(orders=2)
    club.claims()
    buys(club, "1")
    assert held(club) == (0, 0)
    buys(club, "2")
    assert held(club) == (500, 100)
    buys(club, "3")

    club.refunds("1", amount_minor=3000)
    club.looks_at("1")
    assert held(club) == (500, 100)
    club.refunds("2", amount_minor=3000)
    club.looks_at("2")

    assert held(club) == (0, 0)


def test_a_friend_may_get_a_reward() -> None:
    club = Bringing(
        {"rewards": [reward(stock=None, per_member_max=None)]}, friend={"reward_id": "latte"}
    )
    club.claims()

    buys(club)

    (voucher,) = club.desk.books.vouchers([BOB], limit=5, start=None).items
    assert (voucher.reward_id, voucher.points) == ("latte", 0)
    club.refunds("1", amount_minor=3000)
    club.looks_at("1")
    (voucher,) = club.desk.books.vouchers([BOB], limit=5, start=None).items
    assert voucher.state == "cancelled"


def test_the_caps_leave_the_friend_what_was_promised() -> None:
    club = Bringing(caps={"per_month": 1})
    for friend in (BOB, CLEO):
        club.claims(friend)
        buys(club, friend, friend=friend)

    assert (club.holds(ANA), club.holds(BOB), club.holds(CLEO)) == (500, 100, 100)
    assert club.sees().left_in_month == 0


def test_a_place_that_is_given_back_is_taken_by_the_next_friend() -> None:
    club = Bringing(caps={"ever": 1})
    club.claims(BOB)
    buys(club, "1")
    club.refunds("1", amount_minor=3000)
    club.looks_at("1")
    club.claims(CLEO)
    buys(club, "2", friend=CLEO)

    later = bought("1", line(9000), told_at=NOW + timedelta(minutes=1))
    record_version(later, customer=OF_BOB, desk=club.desk)
    club.looks_at("1")

    assert (club.holds(ANA), club.holds(BOB), club.holds(CLEO)) == (500, 100, 100)


def test_two_friends_who_race_for_one_place_get_one() -> None:
    club = Bringing(caps={"ever": 1})
    for friend in (BOB, CLEO):
        club.claims(friend)
        club.sells(friend, member=friend)

    # Cleo's order is looked at between any two steps of the look at Bob's.
    club.table.rivals = [lambda: None, lambda: club.looks_at(CLEO)]
    club.looks_at(BOB)
    club.looks_at(BOB, CLEO)

    assert (club.holds(ANA), club.holds(BOB), club.holds(CLEO)) == (500, 100, 100)


def test_what_is_held_brings_nothing_until_it_is_approved() -> None:
    club = Bringing(signals=[{"signal": "device", "then": "hold"}])
    club.friends.note(ANA, "device", "d1", now=NOW, kept_for=timedelta(days=1))
    club.claims(digests={"device": "d1"})
    buys(club)
    assert held(club) == (0, 0)

    club.decides("approved")
    club.looks_at_friend()

    assert held(club) == (500, 100)


def test_a_code_on_an_order_is_a_claim_and_the_order_counts_itself() -> None:
    club = Bringing()
    earn(bought("1", line(3000), codes=(club.code, "FLYER")), customer=OF_BOB, desk=club.desk)

    club.looks_at("1")

    assert held(club) == (500, 100)


def test_a_guests_order_with_a_code_counts_once_it_is_claimed() -> None:
    club = Bringing()
    order = bought("1", line(3000), codes=(club.code,))
    placed = earn(
        order, customer=Customer(member_id=None, named="guest", guest="g"), desk=club.desk
    )
    assert isinstance(placed, GuestOrderKept)
    club.looks_at("1")
    assert club.friends.referrals([BOB]) == []

    claim(placed.placeholder, member_id=BOB, desk=club.desk)
    club.looks_at("1")

    assert held(club) == (500, 100)


def test_a_guests_order_of_before_the_claim_shows_that_the_friend_was_not_new() -> None:
    club = Bringing()
    order = bought("1", line(3000), days_ago=3)
    placed = earn(
        order, customer=Customer(member_id=None, named="guest", guest="g"), desk=club.desk
    )
    assert isinstance(placed, GuestOrderKept)
    club.claims()
    claim(placed.placeholder, member_id=BOB, desk=club.desk)
    club.looks_at("1")

    buys(club, "2")

    assert held(club) == (0, 0)


def test_an_order_that_came_before_its_claim_on_that_day_counts_once_the_friend_is_looked_at() -> (
    None
):
    club = Bringing(new_only=False)
    buys(club)
    club.claims()

    club.looks_at_friend()

    assert held(club) == (500, 100)


@pytest.mark.parametrize("pair", [(BOB, ANA), (ANA, BOB)])
def test_a_friend_who_turns_out_to_be_the_member_loses_both(pair: tuple[str, str]) -> None:
    club = Bringing()
    club.claims()
    buys(club)

    club.merges(*pair)
    club.looks_at_friend(pair[0])

    # What the merged one got is taken from the survivor.
    assert sum(held(club)) == 0
    assert club.stored(pair[1]).holding.pending_points == 0
    club.must_add_up(pair[1])


def test_a_friend_who_was_brought_twice_is_brought_by_the_first_after_a_merge() -> None:
    club = Bringing()
    club.claims(BOB)
    club.now += timedelta(minutes=1)
    club.claims(CLEO, code=club.code_of(DAN))
    buys(club, "1", friend=BOB)
    buys(club, "2", friend=CLEO)
    assert (club.holds(ANA), club.holds(DAN)) == (500, 500)

    club.merges(BOB, CLEO)
    club.looks_at_friend(BOB)

    assert (club.holds(ANA), club.holds(DAN)) == (500, 0)
    assert club.holds(BOB) + club.holds(CLEO) == 100


def test_a_code_that_a_member_shared_before_a_merge_brings_friends_to_the_survivor() -> None:
    club = Bringing(caps={"ever": 1})
    club.merges(ANA, DAN)
    for friend in (BOB, CLEO):
        club.claims(friend)

    buys(club, "1", friend=BOB)
    buys(club, "2", friend=CLEO)
    assert (club.holds(DAN), club.holds(BOB), club.holds(CLEO)) == (500, 100, 100)
    assert club.sees(DAN).given_for == 1
    club.refunds("1", amount_minor=3000)
    club.looks_at("1")

    assert (club.holds(DAN), club.sees(DAN).given_for) == (0, 0)
    club.must_add_up(DAN)


def test_a_survivor_who_opens_a_code_meanwhile_gets_no_more_than_the_caps_say() -> None:
    club = Bringing(caps={"ever": 1})
    club.merges(ANA, DAN)
    club.claims(BOB)
    club.sells("1", member=BOB)

    def opens_and_brings() -> None:
        club.claims(CLEO, code=club.code_of(DAN))
        buys(club, "2", friend=CLEO)

    # The order is counted first, and then its place within the caps is taken.
    club.table.rivals = [lambda: None, opens_and_brings]
    club.looks_at("1")

    assert (club.holds(DAN), club.holds(BOB), club.holds(CLEO)) == (500, 100, 100)


def test_nothing_goes_to_a_member_who_was_erased_and_the_friend_gets_theirs() -> None:
    club = Bringing()
    club.claims()
    closed = replace(club.stored(ANA), status="closed")
    assert isinstance(closed, Account)
    club.puts(closed)

    buys(club)

    assert held(club) == (0, 100)


def test_the_terms_of_the_claim_stay_what_they_are() -> None:
    club = Bringing()
    club.claims()
    club.publishes_referrals(None)

    buys(club)

    assert held(club) == (500, 100)


@settings(max_examples=25)
@given(st.integers(0, 8), st.booleans(), st.booleans())
def test_a_worker_who_is_killed_anywhere_goes_on_where_it_ended(
    dies_at: int, takes_effect: bool, refunds: bool
) -> None:
    club, calm = Bringing(caps={"ever": 1}), Bringing(caps={"ever": 1})
    for each in (club, calm):
        each.claims()
        each.sells("1", 3000, member=BOB)
        if refunds:
            each.looks_at("1")
            each.refunds("1", amount_minor=3000)
    club.table.dies_at, club.table.takes_effect = dies_at, takes_effect
    with suppress(Killed):
        club.looks_at("1")
    club.table.dies_at = None

    for each in (club, calm):
        each.looks_at("1")
        each.looks_at("1")

    assert held(club) == held(calm) == ((0, 0) if refunds else (500, 100))
    assert club.referral_of().stands is calm.referral_of().stands is not refunds
    assert club.sees().given_for == calm.sees().given_for == (0 if refunds else 1)
    for member in (ANA, BOB):
        club.must_add_up(member)


def test_a_program_that_never_had_referrals_reads_nothing() -> None:
    club = Bringing()
    club.program = replace(club.program, refers_since=None)
    club.sells("1", member=BOB)
    club.table.dies_at = 0

    club.looks_at("1")
    club.looks_at_friend()


def test_an_award_that_was_decided_before_a_refund_is_not_given_after_it() -> None:
    club = Bringing()
    club.claims()
    club.sells("1", 3000, member=BOB)

    def refunded() -> None:
        club.refunds("1", amount_minor=3000)
        club.looks_at("1")

    club.table.rivals = [lambda: None, lambda: None, refunded]
    with suppress(TryAgain):
        club.looks_at("1")
    club.looks_at("1")

    assert held(club) == (0, 0)


def test_an_order_of_somebody_whom_nobody_brought_costs_three_reads_and_no_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    club = Bringing()
    club.sells("1", member=CLEO)
    club.table.dies_at = 0
    reads: list[str] = []
    for name in ("get", "get_many", "query"):
        read = getattr(club.table, name)
        noting = partial(_noting, reads, name, read)
        monkeypatch.setattr(club.table, name, noting)

    club.looks_at("1")

    assert len(reads) == 3


def _noting(reads: list[str], name: str, read: Any, *args: Any, **parts: Any) -> Any:
    reads.append(name)
    return read(*args, **parts)
