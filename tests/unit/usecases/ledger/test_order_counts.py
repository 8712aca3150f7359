"""Members from before orders were counted: never taken for new ones, and counted exactly."""

from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.domain.kernel.errors import InsufficientPoints, NotFound, TryAgain
from loyalty.domain.ledger.account import Account
from loyalty.table import keys, records
from loyalty.table.engine import Persistent
from loyalty.table.operations import Put
from loyalty.table.order_counts import TableOrderCounts
from loyalty.usecases.ledger.corrections import merge_members
from loyalty.usecases.ledger.order_counts import count_orders
from loyalty.usecases.orders.accrual import Customer
from loyalty.usecases.orders.edits import record_version
from tests.support.campaigns import campaign
from tests.support.club import ANA, BOB, Club, bought
from tests.support.memory import NOW, BusyTable
from tests.support.orders import line

FIRST: Final = campaign(id="first", **{"for": {"fact": "first_order"}})
SECOND: Final = campaign(id="second", **{"for": {"fact": "order_number", "is": 2}})
WIN_BACK: Final = campaign(id="win-back", **{"for": {"fact": "days_since_order", "at_least": 20}})
LATER: Final = campaign(id="later", **{"for": {"not": {"fact": "first_order"}}})


def forget(club: Club, *member_ids: str) -> None:
    """Make the accounts ones from before orders were counted."""
    for member_id in member_ids:
        item = club.engine.items[keys.account("bean", member_id)]
        item.pop("orders", None)
        item.pop("bought_on", None)


def count(club: Club, member_id: str = ANA) -> bool:
    engine = Persistent(club.engine, pause=lambda _attempt: None)
    uncounted = TableOrderCounts(engine, program_id="bean")
    return count_orders(member_id, uncounted=uncounted, desk=club.desk)


def test_a_member_from_before_has_no_first_order_until_their_orders_are_counted() -> None:
    club = Club(FIRST, SECOND, WIN_BACK, LATER)
    club.sells("1", days_ago=30)
    forget(club, ANA)

    assert club.sells("2").opened == ()
    assert (club.stored().orders, club.stored().bought_on) == (None, None)

    assert count(club)
    assert club.stored().orders == 2
    assert club.sells("3").opened == ("later",)


def test_a_member_from_before_who_never_ordered_still_has_a_first_order() -> None:
    club = Club(FIRST)
    forget(club, ANA)

    assert count(club)

    assert club.sells("1").opened == ("first",)


def test_members_whose_orders_are_counted_are_left_as_they_are() -> None:
    club = Club()
    club.sells("1")
    written = dict(club.engine.items)

    assert not count(club)
    assert club.engine.items == written
    with pytest.raises(NotFound):
        count(club, "mem_nobody")


def test_who_was_merged_is_counted_with_the_survivor() -> None:
    club = Club(members=(ANA, BOB))
    club.sells("1")
    club.sells("2", member=BOB, days_ago=3)
    forget(club, BOB)
    merge_members(BOB, into=ANA, request_id="m", desk=club.desk)
    assert club.stored().orders is None

    assert not count(club, BOB)
    assert count(club)

    assert club.stored().orders == 2


@pytest.mark.parametrize("what", ["sells", "refunds", "counts"])
def test_whatever_is_recorded_meanwhile_counts_once(what: str) -> None:
    table = BusyTable()
    club = Club(engine=table)
    club.sells("1")
    club.sells("2")
    forget(club, ANA)
    rivals: dict[str, Any] = {
        "sells": lambda: club.sells("3"),
        "refunds": lambda: club.refunds("2", whole=True),
        "counts": lambda: count(club),
    }
    table.rivals = [rivals[what]]

    count(club)

    assert club.stored().orders == {"sells": 3, "refunds": 1, "counts": 2}[what]


def test_an_answer_that_is_lost_counts_once() -> None:
    table = BusyTable()
    club = Club(engine=table)
    club.sells("1")
    forget(club, ANA)
    table.answers_lost = 1

    count(club)

    assert club.stored().orders == 1


def test_a_list_of_entries_that_lags_behind_is_not_believed() -> None:
    club = Club()
    club.sells("1")
    forget(club, ANA)
    account = club.stored()
    ahead = Account(
        member_id=ANA,
        enrolled_at=NOW,
        balance=account.balance,
        holding=account.holding,
        entries=account.entries + 1,
    )
    club.engine.write([Put(keys.account("bean", ANA), records.account_to_item(ahead, "bean"))])

    with pytest.raises(TryAgain):
        count(club)

    assert club.stored().orders is None


STEPS: Final = st.lists(
    st.one_of(
        st.tuples(
            st.just("sells"),
            st.sampled_from([ANA, BOB]),
            st.tuples(st.sampled_from([0, 1, 1500]), st.integers(0, 40)),
        ),
        st.tuples(
            st.just("refunds"),
            st.integers(0, 9),
            st.sampled_from([{"whole": True}, {"amount_minor": 700}, {"quantities": {"1": 1}}]),
        ),
        st.tuples(st.just("edits"), st.integers(0, 9), st.sampled_from([0, 300, 3000])),
        st.tuples(st.just("spends"), st.sampled_from([ANA, BOB]), st.integers(1, 20)),
    ),
    max_size=14,
)


@settings(max_examples=80)
@given(STEPS, st.integers(0, 14))
def test_orders_are_counted_as_if_each_had_been_counted_when_it_was_recorded(
    steps: list[Any], merges_after: int
) -> None:
    club = Club(members=(ANA, BOB))
    for minute, (kind, who, what) in enumerate(steps):
        club.now = NOW + timedelta(minutes=minute)
        if minute == merges_after:
            merge_members(BOB, into=ANA, request_id="m", desk=club.desk)
        play(club, minute, kind, who, what)
    counted = {each: club.stored(each) for each in (ANA, BOB)}
    forget(club, ANA, BOB)

    for member_id, before in counted.items():
        count(club, member_id)
        after = club.stored(member_id)
        if before.status != "active":
            continue
        assert after.orders == before.orders
        # Of a day on which an edit added goods that another one removed, nothing is left.
        if all(kind != "edits" for kind, *_ in steps):
            assert after.bought_on == before.bought_on


def play(club: Club, minute: int, kind: str, who: Any, what: Any) -> None:
    match kind:
        case "sells":
            amount_minor, days_ago = what
            club.sells(f"{minute}", amount_minor, member=who, days_ago=days_ago)
        case "refunds":
            club.refunds(f"{who}", **what)
        case "edits" if minute:
            # Only of what is recorded by then: a later step must not find its order taken.
            version = bought(f"{min(who, minute - 1)}", line(what), told_at=club.now)
            customer = Customer(member_id=ANA, named=ANA)
            record_version(version, customer=customer, desk=club.desk)
        case "spends":
            try:
                club.adjust_balance(who, -what)
            except InsufficientPoints:
                return
