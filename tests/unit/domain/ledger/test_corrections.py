"""Corrections by people: every one is an entry, and no points appear or vanish beside it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from loyalty.domain.kernel.limits import POINTS_MAX
from loyalty.domain.ledger.account import Account, TierFloor
from loyalty.domain.ledger.corrections import (
    add_points,
    bonus,
    close,
    folded,
    grant,
    has_room_for,
    merge,
    take_points,
    transfer,
)
from loyalty.domain.ledger.entries import Adjustment, Bonus, BonusOccasion
from loyalty.domain.ledger.holding import Holding, PendingDates
from loyalty.domain.ledger.postings import Posting
from loyalty.domain.program.kinds import LOTS_MAX
from tests.support.accounts import account, effect_of
from tests.support.documents import published

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SOON, LATER = date(2026, 12, 1), date(2027, 3, 1)
PROGRAM = published(
    time_zone="UTC",
    expiry={"model": "after_earning", "months": 1, "round_to": "none"},
    transfers={"points_max": 1000, "per_month_max": 3},
)
WHY = Adjustment(reason="goodwill", reference=None)


def added(held: Account, points: int, expiring_on: date | None = None) -> Posting:
    return add_points(
        points,
        account=held,
        program=PROGRAM,
        expiring_on=expiring_on,
        why=WHY,
        request_id="r1",
        fingerprint="f",
        now=NOW,
    )


def taken(held: Account, points: int) -> Posting:
    return take_points(
        points,
        account=held,
        program=PROGRAM,
        why=WHY,
        request_id="r1",
        fingerprint="f",
        now=NOW,
    )


def given(points: int, *, giver: Account, taker: Account) -> Posting:
    return transfer(
        points,
        giver=giver,
        taker=taker,
        program=PROGRAM,
        request_id="r1",
        fingerprint="f",
        now=NOW,
    )


def merged(loser: Account, survivor: Account) -> Posting:
    return merge(loser, survivor, program=PROGRAM, request_id="r1", fingerprint="f", now=NOW)


def becomes(posting: Posting, member_id: str) -> Account:
    (found,) = (each.becomes for each in posting.changes if each.member_id == member_id)
    assert found is not None
    return found


class TestAddingAndTaking:
    def test_added_points_expire_on_the_given_day_or_like_points_earned_today(self) -> None:
        assert effect_of(added(account(), 10, LATER)) == Holding(lots={LATER: 10})
        assert effect_of(added(account(), 10)) == Holding(lots={date(2026, 12, 21): 10})

    def test_people_cannot_raise_a_balance_above_the_maximum(self) -> None:
        full = account({LATER: POINTS_MAX})

        assert not has_room_for(1, full)
        assert added(account(), 10).changes[0].balance_at_most == POINTS_MAX - 10

    def test_taking_more_points_than_there_are_leaves_a_debt(self) -> None:
        posting = taken(account({LATER: 30}), 50)

        assert effect_of(posting) == Holding(lots={LATER: -30}, debt=20)
        assert posting.changes[0].balance_seen == 30

    def test_taking_points_relies_only_on_the_lots_that_they_come_from(self) -> None:
        (change,) = taken(account({SOON: 30, LATER: 30}), 40).changes

        assert change.balance_seen is None
        assert (change.lots_exactly, change.lots_at_least) == ({SOON: 30}, {LATER: 10})

    def test_a_bonus_is_no_adjustment_and_says_what_it_was_given_for(self) -> None:
        birthday = Bonus(given_for="birthday")
        posting = bonus(
            10,
            account=account(),
            program=PROGRAM,
            why=birthday,
            request_id="r1",
            fingerprint="f",
            now=NOW,
        )

        assert [(each.kind, each.detail) for each in posting.entries] == [("bonus", birthday)]


class TestATransfer:
    def test_moves_the_points_that_expire_soonest_and_keeps_their_dates(self) -> None:
        giver = account({SOON: 10, LATER: 50})

        posting = given(30, giver=giver, taker=account(member_id="bob"))

        assert effect_of(posting) == Holding(lots={SOON: -10, LATER: -20})
        assert effect_of(posting, "bob") == Holding(lots={SOON: 10, LATER: 20})

    def test_pays_the_takers_debt_first(self) -> None:
        posting = given(30, giver=account({LATER: 50}), taker=account(debt=25, member_id="bob"))

        assert effect_of(posting, "bob") == Holding(lots={LATER: 5}, debt=-25)

    def test_counts_toward_the_givers_limit_of_the_month(self) -> None:
        posting = given(30, giver=account({LATER: 50}), taker=account(member_id="bob"))

        assert posting.changes[0].redeemed == {"transfers#2026-11": 1}
        assert posting.changes[0].redeemed_below == {"transfers#2026-11": 3}

    def test_relies_on_the_whole_account_while_some_points_cannot_be_given_yet(self) -> None:
        free = account({LATER: 50}, entries=7)
        waiting = replace(free, giveable_from={LATER: 20})
        taker = account(member_id="bob")

        assert given(30, giver=free, taker=taker).changes[0].entries_seen is None
        assert given(30, giver=waiting, taker=taker).changes[0].entries_seen == 7

    def test_keeps_the_first_end_of_reinstated_points(self) -> None:
        giver = account({LATER: 50}, reinstated={LATER: SOON})

        posting = given(30, giver=giver, taker=account(member_id="bob"))

        assert posting.changes[1].reinstated == {LATER: SOON}


class TestAMerge:
    def test_gives_everything_to_the_survivor_and_pays_debts(self) -> None:
        dates = PendingDates(SOON, LATER)
        ana = account(debt=20, pending={dates: 5})
        bob = account({SOON: 15, LATER: 30}, member_id="bob")

        posting = merged(ana, bob)

        assert becomes(posting, "ana").holding.is_empty
        assert becomes(posting, "bob").holding == Holding(lots={LATER: 25}, pending={dates: 5})
        assert becomes(posting, "bob").balance == 25

    def test_leaves_a_way_from_the_loser_to_the_survivor_and_back(self) -> None:
        posting = merged(account(absorbed=("eve",)), account(member_id="bob"))

        assert (becomes(posting, "ana").status, becomes(posting, "ana").into) == ("merged", "bob")
        assert becomes(posting, "bob").absorbed == ("ana", "eve")

    def test_relies_on_the_whole_of_both_accounts(self) -> None:
        posting = merged(account(entries=3), account(member_id="bob", entries=5))

        assert [each.entries_seen for each in posting.changes] == [3, 5]

    def test_adds_up_what_limits_count(self) -> None:
        posting = merged(
            account(redeemed={"latte": 1}), account(member_id="bob", redeemed={"latte": 2})
        )

        assert becomes(posting, "bob").redeemed == {"latte": 3}

    def test_joins_the_closest_lots_where_there_are_more_than_sixty(self) -> None:
        lots = {SOON + timedelta(days=3 * number): 1 for number in range(LOTS_MAX)}

        joined = folded(lots | {SOON + timedelta(days=1): 5})

        assert len(joined) == LOTS_MAX
        assert joined[SOON + timedelta(days=1)] == 6


def test_closing_an_account_removes_what_it_held_with_an_entry() -> None:
    held = account({LATER: 30}, entries=2)

    posting = close(held, program=PROGRAM, now=NOW)

    assert effect_of(posting) == Holding(lots={LATER: -30})
    assert becomes(posting, "ana") == Account(
        member_id="ana", status="closed", entries=3, ended_at=NOW
    )
    assert close(account(), program=PROGRAM, now=NOW).entries == ()


def test_granting_a_level_twice_changes_nothing_the_second_time() -> None:
    levels = [{"id": "gold", "name": "Gold", "reached_at": 100}]
    program = published(
        time_zone="UTC", tiers={"basis": "spend", "period": "calendar_year", "levels": levels}
    )
    floor = TierFloor("gold", LATER)

    posting = grant(account(), floor, program=program, now=NOW)

    assert posting is not None
    held = becomes(posting, "ana")
    assert (held.tier_floor, held.tier_announced) == (floor, "gold")
    assert held.due == LATER + timedelta(days=1)
    assert grant(held, floor, program=program, now=NOW) is None


IN_DAYS = {"model": "after_earning", "round_to": "none"}
BY_SOURCE = published(
    time_zone="UTC",
    expiry=IN_DAYS | {"days": 30},
    expiry_by_source={
        "adjustment": IN_DAYS | {"days": 2},
        "survey": IN_DAYS | {"days": 3},
        "transfer": IN_DAYS | {"days": 20},
    },
    transfers={"points_max": 1000, "per_month_max": 3},
    surveys=[{"id": "visit", "kind": "csat", "question": "How was it?", "per": "order"}],
    inactivity={"months": 6, "activities": ["survey"]},
    inactivity_since=date(2026, 11, 1),
)


@pytest.mark.parametrize(("given_for", "days"), [("survey", 3), ("birthday", 30)])
def test_a_bonus_expires_by_what_it_is_given_for(given_for: BonusOccasion, days: int) -> None:
    posting = bonus(
        5,
        account=account(),
        program=BY_SOURCE,
        why=Bonus(given_for=given_for),
        request_id="r1",
        fingerprint="f",
        now=NOW,
    )

    assert effect_of(posting).lots == {NOW.date() + timedelta(days=days): 5}
    # In this program only answers are an activity.
    active_on = NOW.date() if given_for == "survey" else None
    assert posting.changes[0].active_on == active_on


def test_an_adjustment_expires_as_the_program_says_of_adjustments() -> None:
    posting = add_points(
        5,
        account=account(),
        program=BY_SOURCE,
        expiring_on=None,
        why=WHY,
        request_id="r1",
        fingerprint="f",
        now=NOW,
    )

    assert effect_of(posting).lots == {NOW.date() + timedelta(days=2): 5}
    assert posting.changes[0].active_on is None


def test_transferred_points_expire_by_their_date_or_sooner() -> None:
    """Giving points to and fro never makes them live longer."""
    posting = transfer(
        30,
        giver=account({SOON: 10, LATER: 20}),
        taker=account(member_id="mem_2"),
        program=BY_SOURCE,
        request_id="r1",
        fingerprint="f",
        now=NOW,
    )

    given, received = posting.entries
    assert given.effect == Holding(lots={SOON: -10, LATER: -20})
    assert received.effect == Holding(lots={SOON: 10, NOW.date() + timedelta(days=20): 20})
