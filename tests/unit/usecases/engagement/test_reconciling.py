"""What orders count and what is given for it follows the orders, whatever happens on the way."""

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.domain.ledger.entries import AwardCause
from loyalty.domain.ledger.postings import OrderStateChange, Posting
from loyalty.domain.ledger.refunds import OrderState
from loyalty.usecases.ledger.corrections import merge_members
from loyalty.usecases.ledger.redemption import RequestedReward, redeem_reward
from loyalty.usecases.orders.accrual import Customer, GuestOrderKept, claim, earn
from loyalty.usecases.orders.edits import record_version
from tests.support.challenges import challenge
from tests.support.club import ANA, BOB, bought
from tests.support.documents import reward
from tests.support.engagement import Collecting, Killed
from tests.support.memory import NOW
from tests.support.orders import line

OF_ANA: Final = Customer(member_id=ANA, named=ANA)


def edits(club: Collecting, order_id: str, *lines: Any, minute: int = 1) -> None:
    later = bought(order_id, *lines, told_at=NOW + timedelta(minutes=minute))
    record_version(later, customer=OF_ANA, desk=club.desk)


def test_the_order_that_completes_a_challenge_brings_a_bonus() -> None:
    club = Collecting(challenge())

    for order_id in "123":
        club.sells(order_id)
        club.looks_at(order_id)

    assert club.progress().given == {"ever": {ANA: 1}}
    assert club.account(ANA).balance == 30 + 50
    bonus = club.entries(ANA)[-1]
    assert bonus.cause == AwardCause(f"challenge.three.{ANA}.ever.1", "bonus", 1)
    club.must_add_up(ANA)
    club.must_be_consistent()


def test_looking_again_changes_nothing() -> None:
    club = Collecting(challenge())
    for order_id in "123":
        club.sells(order_id)
    club.looks_at(*"123")
    items = dict(club.engine.items)

    club.looks_at(*"321")

    assert club.engine.items == items


def test_a_refund_takes_back_what_its_order_completed_and_an_edit_restores_it() -> None:
    club = Collecting(challenge(counts={"what": "units"}, target=3))
    club.sells("1", quantity=3)
    club.looks_at("1")
    club.refunds("1", quantities={"1": 1})
    club.looks_at("1")
    taken_back = club.bonuses()

    edits(club, "1", line(1500, quantity=4))
    club.looks_at("1")

    assert (taken_back, club.bonuses()) == (0, 50)
    assert club.progress().windows["ever"].tally == {"*": 3}
    club.must_add_up(ANA)
    club.must_be_consistent()


def test_spent_points_of_an_undone_challenge_become_debt_or_are_forgiven() -> None:
    left = {}
    for clawback in ("unlimited", "within_balance"):
        club = Collecting(challenge(target=1), clawback=clawback, rewards=[reward(cost_points=55)])
        club.sells("1")
        club.looks_at("1")
        redeem_reward(
            ANA, request=RequestedReward(reward_id="latte"), request_id="r", desk=club.desk
        )
        club.refunds("1", whole=True)
        club.looks_at("1")
        (award,) = club.awards().values()
        left[clawback] = (award.standing.owed, award.standing.forgiven, club.stored().holding.debt)
        club.must_add_up(ANA)
        club.must_be_consistent()

    assert left == {"unlimited": (50, 0, 55), "within_balance": (0, 50, 0)}


def test_points_that_wait_never_become_a_debt() -> None:
    club = Collecting(challenge(target=1, wait_days=14), clawback="unlimited")
    club.sells("1")
    club.looks_at("1")
    assert club.stored().holding.pending_points == 50

    club.refunds("1", whole=True)
    club.looks_at("1")

    assert club.stored().holding.is_empty


def test_a_badge_alone_moves_no_points() -> None:
    badges = [{"id": "regular", "name": "Regular"}]
    club = Collecting(challenge(target=1, gives=[{"badge": "regular"}]), badges=badges)
    club.sells("1")
    entries = len(club.entries(ANA))

    club.looks_at("1")

    assert (len(club.entries(ANA)), club.progress().given) == (entries, {"ever": {ANA: 1}})


def test_an_order_counts_by_the_version_that_decided_it() -> None:
    club = Collecting()
    club.sells("1")
    club.publishes(challenge(target=2))
    club.sells("2")
    club.publishes(challenge(target=3, gives=[{"points": 70}]))
    club.sells("3")
    club.publishes()
    club.sells("4")

    club.looks_at(*"1234")

    # The window began under the second version, so its terms judge it.
    assert club.progress().windows["ever"].tally == {"*": 2}
    assert club.bonuses() == 50


def test_a_guests_order_counts_once_it_is_claimed() -> None:
    club = Collecting(challenge(target=1))
    guest = Customer(member_id=None, named="guest", guest="email#1#digest")
    recorded = earn(bought("1", line(1000)), customer=guest, desk=club.desk)
    assert isinstance(recorded, GuestOrderKept)
    club.looks_at("1")
    assert club.progress().windows == {}

    claim(recorded.placeholder, member_id=ANA, desk=club.desk)
    club.looks_at("1")

    assert club.bonuses() == 50


def test_merged_members_have_one_progress_and_what_it_is_worth() -> None:
    club = Collecting(challenge(times_max=2), members=(ANA, BOB))
    for order_id, member in (("1", ANA), ("2", ANA), ("3", BOB), ("4", BOB)):
        club.sells(order_id, member=member)
    club.looks_at(*"1234")

    merge_members(BOB, into=ANA, request_id="m", desk=club.desk)
    club.unites(BOB)

    assert club.progress().windows["ever"].tally == {"*": 4}
    assert club.progress(BOB).windows == {}
    assert club.bonuses() == 50
    club.refunds("3", whole=True)
    club.sells("5", member=BOB)
    club.looks_at("3", "5")
    assert club.progress().windows["ever"].tally == {"*": 4}
    club.must_add_up(ANA)
    club.must_be_consistent()


def test_a_merge_that_nobody_told_of_is_found_with_the_next_order() -> None:
    club = Collecting(challenge(), members=(ANA, BOB))
    for order_id, member in (("1", ANA), ("2", BOB), ("3", BOB)):
        club.sells(order_id, member=member)
    club.looks_at("1", "2")
    merge_members(BOB, into=ANA, request_id="m", desk=club.desk)

    club.looks_at("3")

    assert (club.progress().windows["ever"].tally, club.bonuses()) == ({"*": 3}, 50)
    club.must_be_consistent()


def test_an_award_that_only_one_of_two_merged_members_deserves_is_taken_from_the_survivor() -> None:
    club = Collecting(challenge(target=2), members=(ANA, BOB))
    for order_id, member in (("1", ANA), ("2", ANA), ("3", BOB), ("4", BOB)):
        club.sells(order_id, member=member)
    club.looks_at(*"1234")
    merge_members(BOB, into=ANA, request_id="m", desk=club.desk)

    club.unites(BOB)

    assert club.progress().given == {"ever": {BOB: 1}}
    assert club.account(ANA).balance == 40 + 50
    club.must_add_up(ANA)


def test_nothing_moves_for_a_member_who_was_erased() -> None:
    club = Collecting(challenge(target=1))
    club.sells("1")
    closed = replace(club.stored(), status="closed")
    club.puts(closed)
    items = dict(club.engine.items)

    club.looks_at("1")

    assert club.engine.items == items


def test_a_refund_during_a_look_is_not_overwritten_with_an_older_state() -> None:
    club = Collecting(challenge(target=1))
    club.sells("1")

    def refunded_and_looked_at() -> None:
        club.refunds("1", whole=True)
        club.looks_at("1")

    club.table.rivals.append(refunded_and_looked_at)
    club.looks_at("1")

    assert (club.progress().windows, club.bonuses()) == ({}, 0)


def test_an_order_that_was_rejected_in_a_review_counts_nothing() -> None:
    club = Collecting(challenge(target=1))
    club.sells("1")
    club.looks_at("1")
    state = OrderState(taken=(0,), counter=1, verdict="rejected")
    change = OrderStateChange("till", "1", state, counter_seen=None)
    club.desk.books.post(Posting(order_state=change))

    club.looks_at("1")

    assert (club.progress().windows, club.bonuses()) == ({}, 0)


@pytest.mark.parametrize("takes_effect", [False, True])
@pytest.mark.parametrize("dies_at", range(4))
def test_a_worker_that_is_killed_anywhere_is_made_up_for_by_the_next(
    dies_at: int, *, takes_effect: bool
) -> None:
    club, whole = (Collecting(challenge(target=1, times_max=3)) for _ in range(2))
    for each in (club, whole):
        each.sells("1")
        each.looks_at("1")
        each.sells("2")
        each.sells("3")
        each.refunds("1", whole=True)
    whole.looks_at(*"123")

    club.table.dies_at, club.table.takes_effect = dies_at, takes_effect
    with pytest.raises(Killed):
        club.looks_at(*"123")
    club.looks_at(*"123")

    assert club.state() == whole.state()
    club.must_add_up(ANA)
    club.must_be_consistent()


RULES: Final = st.sampled_from(
    [
        challenge(times_max=2),
        challenge(counts={"what": "units"}, target=4, window="week", times_max=3),
        challenge(counts={"what": "spend_minor", "per_order_max": 900}, target=1500, wait_days=3),
        challenge(target=None, streak={"every": "day", "in_a_row": 2, "freezes": 1}, times_max=9),
        challenge(counts={"what": "categories", "of": {"categories": ["tea", "cake"]}}, target=2),
    ]
)
DEEDS: Final = st.lists(
    st.tuples(
        st.sampled_from(["sell", "sell", "refund", "edit", "look", "look", "kill"]),
        st.integers(0, 4),
        st.integers(1, 3),
    ),
    max_size=14,
)


@given(RULES, DEEDS, st.permutations(range(5)), st.booleans())
@settings(max_examples=40)
def test_progress_and_awards_are_those_of_the_final_orders(
    rule: dict[str, Any], deeds: list[tuple[str, int, int]], last: list[int], effect: bool
) -> None:
    club = Collecting(rule, clawback="unlimited")
    sold: set[int] = set()
    for minute, (deed, number, amount) in enumerate(deeds, 1):
        name = f"{number}"
        goods = line(400 * amount, quantity=amount, category=["tea", "cake"][number % 2])
        if deed == "sell" and number not in sold:
            sold.add(number)
            club.sells(name, 500, days_ago=number, quantity=2, category="tea")
        elif deed == "refund" and number in sold:
            club.refunds(name, amount_minor=200 * amount)
        elif deed == "edit" and number in sold:
            later = bought(name, goods, days_ago=number, told_at=NOW + timedelta(minutes=minute))
            record_version(later, customer=OF_ANA, desk=club.desk)
        elif deed == "look":
            club.looks_at(name)
        elif deed == "kill":
            club.table.dies_at, club.table.takes_effect = amount - 1, effect
            with suppress(Killed):
                club.looks_at(*map(str, range(5)))
            club.table.dies_at = None
    club.looks_at(*map(str, last))

    assert club.bonuses() == 50 * naive_awards(club, rule, sold)
    club.must_add_up(ANA)
    club.must_be_consistent()


def naive_awards(club: Collecting, rule: dict[str, Any], sold: set[int]) -> int:
    """The awards that the orders are worth as they are now, computed without the engine."""
    counts = rule["counts"]
    by_window: dict[str, list[tuple[str, int]]] = {}
    for number in sold:
        left = club.left_of(f"{number}")
        lines = [each for each in left.lines if each.amount_minor > 0]
        if not lines:
            continue
        amount = {
            "orders": 1,
            "units": sum(each.quantity for each in lines),
            "spend_minor": min(sum(each.amount_minor for each in lines), 900),
            "categories": 1,
        }[counts["what"]]
        day = left.occurred_at.date()
        window = day.isoformat() if rule.get("streak") else _window(rule, day)
        by_window.setdefault(window, []).append((str(lines[0].category), amount))
    times_max = rule.get("times_max", 1)
    if rule.get("streak"):
        days = sorted(date.fromisoformat(window).toordinal() for window in by_window)
        found = 0
        while len(days) > 1:
            is_pair = days[1] - days[0] - 1 <= 1
            found += is_pair
            days = days[2:] if is_pair else days[1:]
        return min(found, int(times_max))
    totals = [
        len({category for category, _ in each})
        if counts["what"] == "categories"
        else sum(amount for _, amount in each)
        for each in by_window.values()
    ]
    target = int(rule["target"])
    return sum(min(total // target, int(times_max)) for total in totals)


def _window(rule: dict[str, Any], day: date) -> str:
    return str(day.isocalendar()[:2]) if rule.get("window") == "week" else "ever"
