"""What a change of an account does, and exactly what it relies on."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from loyalty.domain.ledger.entries import CalendarCause, OrderCause, RequestCause
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.postings import (
    NARROW_LOTS_MAX,
    DueTime,
    Posting,
    VoucherChange,
    addition,
    change_by_addition,
    change_by_taking,
    expiry_at_once,
    newly_active,
    signed,
    summed,
    taking,
)
from loyalty.domain.program.kinds import LOTS_MAX
from tests.support.accounts import account
from tests.support.documents import published
from tests.support.ledger import LOT, entry, request, voucher

TODAY = date(2026, 11, 21)
NEAR, FAR = date(2026, 12, 1), date(2027, 6, 1)


def days(count: int) -> list[date]:
    return [NEAR + timedelta(days=2 * number) for number in range(count)]


def test_added_points_pay_the_debt_before_they_enter_a_lot() -> None:
    added = addition(account(debt=20), Holding(lots={NEAR: 15, FAR: 15}), today=TODAY)

    assert added.effect == Holding(lots={FAR: 10}, debt=-20)


def test_points_whose_last_day_is_over_expire_at_once() -> None:
    added = addition(account(), Holding(lots={TODAY - timedelta(days=1): 5}), today=TODAY)

    assert added.expired == Holding(lots={TODAY - timedelta(days=1): 5})
    assert added.due is None


def test_an_account_never_has_more_than_sixty_lots() -> None:
    full = account(dict.fromkeys(days(LOTS_MAX), 1))
    between = NEAR + timedelta(days=1)

    added = addition(full, Holding(lots={between: 7}), today=TODAY)

    assert added.effect == Holding(lots={NEAR + timedelta(days=2): 7})


@pytest.mark.parametrize(
    ("due", "moves"), [(None, True), (FAR, True), (date(2026, 12, 2), False), (TODAY, False)]
)
def test_an_addition_moves_the_due_date_only_if_that_is_later_or_missing(
    due: date | None, moves: bool
) -> None:
    added = addition(account(due=due), Holding(lots={NEAR: 5}), today=TODAY)

    assert added.due == DueTime(NEAR + timedelta(days=1), moves=moves)


def test_a_take_relies_on_emptied_lots_exactly_and_on_the_last_one_to_be_enough() -> None:
    held = account({NEAR: 10, FAR: 50})

    exactly, at_least = taking(held, Holding(lots={NEAR: 10, FAR: 20}))

    assert (exactly, at_least) == ({NEAR: 10}, {FAR: 20})


def test_the_last_lot_is_kept_though_it_is_emptied() -> None:
    assert taking(account({NEAR: 10}), Holding(lots={NEAR: 10})) == ({}, {NEAR: 10})


def test_a_take_that_creates_debt_relies_on_the_balance_too() -> None:
    held = account({NEAR: 10})
    taken = Holding(lots={NEAR: 10})
    owing = entry(RequestCause("r", "adjustment"), Holding(debt=5) - taken)

    change = change_by_taking(held, entries=(owing,), taken=taken, relies_on_balance=True)

    assert (change.balance_seen, change.debt_seen) == (10, 0)


def test_a_change_of_too_many_lots_replaces_the_account_and_relies_on_its_version() -> None:
    held = account(entries=7)
    lots = dict.fromkeys(days(NARROW_LOTS_MAX + 1), 1)
    wide = entry(RequestCause("r", "adjustment"), Holding(lots=lots))

    change = change_by_addition(held, entries=(wide,), due=None)

    assert change.entries_seen == 7
    assert change.becomes is not None
    assert change.becomes.holding.lots == lots
    assert change.becomes.entries == 8


def test_the_expiry_of_late_points_is_named_after_the_entry_that_added_them() -> None:
    late = entry(OrderCause("pos", "1001", "edit", "e1"), Holding(lots={TODAY: 5}))

    (expiry,) = expiry_at_once(late, Holding(lots={TODAY: 5}))

    assert expiry.cause == OrderCause("pos", "1001", "expiry", "e1")
    assert expiry.effect == Holding(lots={TODAY: -5})
    assert expiry_at_once(late, Holding()) == ()


def test_the_calendar_never_brings_points_after_their_last_day() -> None:
    calendar = entry(CalendarCause("ana", "expiry", (TODAY,), 0), Holding(lots={TODAY: 5}))

    with pytest.raises(ValueError, match="calendar"):
        expiry_at_once(calendar, Holding(lots={TODAY: 5}))


def test_activity_is_noted_once_a_day_and_never_moves_back() -> None:
    quiet = published(inactivity={"months": 6}, inactivity_since=date(2026, 1, 1))

    assert newly_active(account(), "order", program=quiet, today=TODAY) == TODAY
    assert newly_active(account(active_on=TODAY), "order", program=quiet, today=TODAY) is None
    assert newly_active(account(active_on=NEAR), "order", program=quiet, today=TODAY) is None
    assert newly_active(account(), "order", program=published(), today=TODAY) is None


def test_counters_that_come_to_zero_are_dropped() -> None:
    assert summed({"latte": 1, "mug": 1}, {"latte": -1, "tea": 2}) == {"mug": 1, "tea": 2}


class TestSigning:
    def test_entries_say_which_staff_member_recorded_them_but_not_those_of_the_calendar(
        self,
    ) -> None:
        earned = request("adjustment", Holding(lots={LOT: 5}))
        expired = entry(CalendarCause("mem_1", "expiry", (LOT,), 1), Holding(lots={LOT: -5}))

        written = signed(Posting(entries=(earned, expired)), by="cashier-1")

        assert [each.recorded_by for each in written.entries] == ["cashier-1", None]

    def test_the_use_of_a_voucher_is_signed_and_no_other_step_of_it(self) -> None:
        issued = voucher(recorded_by="cashier-1")

        steps = [
            signed(Posting(voucher=VoucherChange(issued, becomes)), by="cashier-2").voucher
            for becomes in (replace(issued, state="used"), replace(issued, state="expired"))
        ]

        assert [each.becomes.use_recorded_by for each in steps if each] == ["cashier-2", None]
        assert [each.becomes.recorded_by for each in steps if each] == ["cashier-1"] * 2

    def test_actions_of_members_stay_unsigned(self) -> None:
        posting = Posting(entries=(request("redemption", Holding(lots={LOT: -5})),))

        assert signed(posting, by=None) == posting
