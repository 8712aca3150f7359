"""What the calendar does to an account."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.ledger.account import (
    Account,
    Activation,
    Expired,
    Settlement,
    counters_of_use,
    lapse_of,
    settlement,
)
from loyalty.domain.ledger.holding import Holding, PendingDates
from tests.support.documents import published

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


def test_all_points_expire_together_after_too_long_without_activity() -> None:
    """A lot that was reinstated keeps the days that it was given."""
    soon, yesterday = TODAY + timedelta(days=3), TODAY - timedelta(days=1)
    held = replace(
        account({NEVER: 9, TODAY + timedelta(days=9): 1, soon: 2}), reinstated={soon: yesterday}
    )

    settled = settlement(held, today=TODAY, lapses_after=yesterday)

    assert settled.steps == (
        Expired(TODAY + timedelta(days=9), yesterday, 1),
        Expired(NEVER, yesterday, 9),
    )


def test_points_of_their_own_date_expire_on_it_if_that_is_sooner_than_inactivity() -> None:
    yesterday = TODAY - timedelta(days=1)
    held = account({yesterday: 3, TODAY + timedelta(days=9): 1})

    settled = settlement(held, today=TODAY, lapses_after=TODAY + timedelta(days=5))

    assert settled.steps == (Expired(yesterday, yesterday, 3),)


def test_enrolling_is_an_activity() -> None:
    """Or what somebody is given who enrolls long after inactivity was switched on would be gone."""
    program = published(inactivity={"months": 6}, inactivity_since=date(2020, 1, 1))
    newcomer = replace(account({}), enrolled_at=datetime(2026, 11, 1, 12, tzinfo=UTC))

    assert lapse_of(newcomer, program) == date(2027, 5, 1)
    assert lapse_of(newcomer, program, active_on=TODAY) == date(2027, 5, 21)
    assert lapse_of(newcomer, published()) == NEVER


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
