"""What the calendar does to an account."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.ledger.account import (
    Account,
    Activation,
    Expired,
    Settlement,
    counters_of_use,
    settlement,
)
from loyalty.domain.ledger.holding import Holding, PendingDates

TODAY = date(2026, 11, 21)
NEAR = st.dates(TODAY - timedelta(days=5), TODAY + timedelta(days=5))
LOTS = st.dictionaries(NEAR | st.just(NEVER), st.integers(0, 100), max_size=6)
PENDING = st.dictionaries(
    st.builds(
        lambda available, days: PendingDates(available, available + timedelta(days=days)),
        NEAR,
        st.integers(0, 5),
    ),
    st.integers(0, 100),
    max_size=5,
)


def account(
    lots: dict[date, int] | None = None,
    pending: dict[PendingDates, int] | None = None,
    debt: int = 0,
) -> Account:
    holding = Holding(lots=lots or {}, debt=debt, pending=pending or {})
    return Account(member_id="mem_1", balance=holding.points, holding=holding)


def test_points_can_be_spent_on_their_last_day_and_not_on_the_next() -> None:
    held = account({TODAY: 40})

    on_the_day = settlement(held, today=TODAY)
    after = settlement(held, today=TODAY + timedelta(days=1))

    assert on_the_day.after.holding.spendable == 40
    assert after.after.holding.spendable == 0
    assert after.steps == (Expired(TODAY, TODAY, 40),)


def test_pending_points_pay_debt_before_they_become_spendable() -> None:
    dates = PendingDates(TODAY, NEVER)
    held = account(pending={dates: 50}, debt=20)

    settled = settlement(held, today=TODAY)

    assert settled.steps == (Activation(dates, 50, 20),)
    assert (settled.after.holding, settled.after.balance) == (Holding(lots={NEVER: 30}), 30)


def test_pending_points_whose_two_dates_have_both_passed_activate_and_then_expire() -> None:
    dates = PendingDates(TODAY - timedelta(days=3), TODAY - timedelta(days=1))
    held = account(pending={dates: 7})

    settled = settlement(held, today=TODAY)

    assert settled.steps == (
        Activation(dates, 7, 0),
        Expired(dates.expires_on, dates.expires_on, 7),
    )


def test_undated_points_expire_together_after_too_long_without_activity() -> None:
    held = account({NEVER: 9, TODAY + timedelta(days=9): 1})

    settled = settlement(held, today=TODAY, undated_until=TODAY - timedelta(days=1))

    assert settled.steps == (Expired(NEVER, TODAY - timedelta(days=1), 9),)


@given(LOTS, PENDING, st.integers(0, 50))
def test_settling_twice_is_settling_once_and_keeps_the_books(
    lots: dict[date, int], pending: dict[PendingDates, int], debt: int
) -> None:
    held = account({} if debt else lots, pending, debt)

    settled = settlement(held, today=TODAY)

    after = settled.after
    assert settlement(after, today=TODAY).steps == ()
    assert after.balance == after.holding.points
    assert not (after.holding.debt and after.holding.spendable)
    due = after.holding.first_due()
    assert due is None or due > TODAY


@given(LOTS, PENDING, st.integers(1, 4))
def test_settling_in_rounds_gives_the_same_account_as_settling_at_once(
    lots: dict[date, int], pending: dict[PendingDates, int], steps_max: int
) -> None:
    held = account(lots, pending)
    whole = settlement(held, today=TODAY)

    rounds = held
    while (settled := settlement(rounds, today=TODAY, steps_max=steps_max)).steps:
        rounds = settled.after

    assert settlement(rounds, today=TODAY) == Settlement((), whole.after)


def test_settling_drops_the_counters_of_past_months() -> None:
    used = Account(
        member_id="mem_1", redeemed={"latte": 2, "transfers#2026-10": 3, "transfers#2026-11": 1}
    )

    assert counters_of_use(used, today=TODAY) == {"latte": 2, "transfers#2026-11": 1}
