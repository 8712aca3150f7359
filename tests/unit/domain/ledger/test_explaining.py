"""An explanation names, for every point that is held, the entry that brought it."""

from collections import Counter
from datetime import date, timedelta
from itertools import accumulate
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.ledger.entries import CalendarCause, Cause, Entry, OrderCause, RequestCause
from loyalty.domain.ledger.explaining import Taking, explain
from loyalty.domain.ledger.holding import Holding, PendingDates, total
from tests.support.ledger import LOT, NOON, WAITING, entry

LATER_LOT: Final = LOT + timedelta(days=31)


def order(order_id: str, points: int, lot: date = LOT) -> Entry:
    return entry(OrderCause("pos", order_id, "accrual"), Holding(lots={lot: points}))


def refund(order_id: str, points: int, *, debt: int = 0) -> Entry:
    cause = OrderCause("pos", order_id, "clawback", "r1")
    return entry(cause, Holding(lots={LOT: -points}, debt=debt))


def spent(points: int, name: str = "spent") -> Entry:
    return entry(RequestCause(name, "redemption"), Holding(lots={LOT: -points}))


def test_points_are_those_of_the_entries_that_brought_them() -> None:
    first, second = order("1", 49), order("2", 10, LATER_LOT)

    found = explain([first, second])

    assert [(lot.expires_on, lot.points) for lot in found.lots] == [(LOT, 49), (LATER_LOT, 10)]
    assert [origin.entry for origin in found.origins] == [first, second]
    assert found.held == first.effect + second.effect


def test_the_oldest_points_of_a_lot_are_spent_first() -> None:
    first, second, bought = order("1", 30), order("2", 30), spent(40)

    (lot,) = explain([first, second, bought]).lots

    (origin,) = lot.origins
    assert (origin.entry, origin.brought, origin.remaining) == (second, 30, 20)
    assert origin.takings == (Taking(bought, 10),)


def test_a_refund_takes_the_points_of_its_own_order_first() -> None:
    first, second, back = order("1", 30), order("2", 30), refund("2", 20)

    (lot,) = explain([first, second, back]).lots

    assert [(origin.entry, origin.remaining) for origin in lot.origins] == [
        (first, 30),
        (second, 10),
    ]


def test_a_refund_takes_other_points_if_its_own_are_spent() -> None:
    first, bought, second = order("1", 30), spent(30), order("2", 30)
    back = refund("1", 20)

    (lot,) = explain([first, bought, second, back]).lots

    (origin,) = lot.origins
    assert (origin.entry, origin.takings) == (second, (Taking(back, 20),))


def test_points_that_became_available_are_those_of_their_order() -> None:
    bought = entry(OrderCause("pos", "1", "accrual"), Holding(pending={WAITING: 30}))
    released = entry(
        CalendarCause("ana", "activation", (WAITING.available_on,), 1),
        Holding(pending={WAITING: -30}, lots={WAITING.expires_on: 25}, debt=-5),
    )
    in_debt = entry(RequestCause("debt", "adjustment"), Holding(debt=5))

    before, after = explain([in_debt, bought]), explain([in_debt, bought, released])

    assert [(each.dates, each.points) for each in before.pending] == [(WAITING, 30)]
    assert before.debt == (Taking(in_debt, 5),)
    assert after.pending == ()
    assert [(origin.entry, origin.remaining) for origin in after.origins] == [(bought, 25)]
    assert after.debt == ()


def test_what_was_taken_by_a_clock_that_is_behind_is_taken_all_the_same() -> None:
    first, second = order("1", 30), order("2", 30)

    (lot,) = explain([first, spent(40), second]).lots

    assert lot.points == 20


def test_a_debt_is_explained_from_when_there_was_none() -> None:
    paid_off = [
        entry(RequestCause("a", "adjustment"), Holding(debt=5)),
        entry(RequestCause("b", "adjustment"), Holding(debt=-5)),
    ]
    back = refund("1", 0, debt=7)

    assert explain([*paid_off, back]).debt == (Taking(back, 7),)


@st.composite
def books(draw: st.DrawFn) -> list[Entry]:
    """Entries of one account that never take what it does not hold."""
    entries: list[Entry] = []
    held = Holding()
    for number in range(draw(st.integers(0, 14))):
        kind = draw(st.sampled_from(["earn", "wait", "release", "spend", "refund"]))
        cause: Cause = RequestCause(str(number), "redemption")
        effect = Holding()
        lot = draw(st.sampled_from([LOT, LATER_LOT]))
        dates = PendingDates(date(2026, 12, draw(st.integers(1, 3))), lot)
        if kind == "earn":
            cause = OrderCause("pos", draw(st.sampled_from("abc")) + str(number), "accrual")
            effect = (held + Holding(lots={lot: draw(st.integers(1, 50))})).netted() - held
        elif kind == "wait":
            cause = OrderCause("pos", str(number), "accrual")
            effect = Holding(pending={dates: draw(st.integers(1, 50))})
        elif kind == "release" and held.pending:
            due = draw(st.sampled_from(sorted(held.pending)))
            points = held.pending[due]
            cause = CalendarCause("ana", "activation", (due.available_on,), number)
            released = Holding(pending={due: -points}, lots={due.expires_on: points})
            effect = (held + released).netted() - held
        elif kind == "spend":
            effect = -held.take(draw(st.integers(0, 60)))
        elif kind == "refund":
            points = draw(st.integers(1, 60))
            taken = held.take(points)
            cause = OrderCause("pos", "a0", "clawback", str(number))
            effect = Holding(debt=points - taken.spendable) - taken
        entries.append(entry(cause, effect, recorded_at=NOON + timedelta(seconds=number)))
        held += effect
    return entries


@given(books())
def test_origins_add_up_to_what_is_held_after_every_entry(entries: list[Entry]) -> None:
    for number, held in enumerate(accumulate(each.effect for each in entries), 1):
        found = explain(entries[:number])

        assert found.held == held
        assert {lot.expires_on: lot.points for lot in found.lots} == dict(held.lots)
        assert {each.dates: each.points for each in found.pending} == dict(held.pending)
        assert sum(change.points for change in found.debt) == held.debt
        assert all(origin.remaining > 0 for origin in found.origins)


@given(books())
def test_no_entry_takes_or_leaves_more_than_it_moved(entries: list[Entry]) -> None:
    found = explain(entries)
    takings: Counter[str] = Counter()
    for origin in found.origins:
        takings.update({taking.entry.id: taking.points for taking in origin.takings})
    moved = {each.id: each.effect for each in entries}

    for origin in found.origins:
        arrived = moved[origin.entry.id]
        assert origin.remaining <= arrived.spendable + arrived.pending_points
    for entry_id, points in takings.items():
        assert points <= -min(moved[entry_id].spendable + moved[entry_id].pending_points, 0)


def test_an_account_without_entries_needs_no_explanation() -> None:
    assert explain([]).held == total([])


def test_points_that_a_review_releases_are_still_those_of_their_order() -> None:
    held = PendingDates(WAITING.available_on + timedelta(days=9), WAITING.expires_on)
    accrual = entry(OrderCause("pos", "1", "accrual"), Holding(pending={held: 50}))
    release = entry(
        OrderCause("pos", "1", "activation", "~review"),
        Holding(lots={WAITING.expires_on: 20}, pending={held: -50, WAITING: 30}),
    )

    found = explain([accrual, release])

    assert [origin.entry for origin in found.origins] == [accrual, accrual]
    assert [(each.dates, each.points) for each in found.pending] == [(WAITING, 30)]
    assert found.held == accrual.effect + release.effect
