"""What the calendar did to an account becomes entries, and the next due day is set."""

from datetime import UTC, date, datetime, timedelta

from loyalty.domain.ledger.account import Account, TierFloor
from loyalty.domain.ledger.entries import CalendarCause
from loyalty.domain.ledger.holding import Holding, PendingDates
from loyalty.domain.ledger.postings import Posting
from loyalty.domain.ledger.settling import STEPS_MAX, settle
from tests.support.accounts import account
from tests.support.documents import published

PROGRAM = published(time_zone="America/New_York")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TODAY = date(2026, 11, 21)
YESTERDAY, LATER = TODAY - timedelta(days=1), TODAY + timedelta(days=9)


def settled(held: Account) -> Posting:
    posting = settle(held, program=PROGRAM, now=NOW)
    assert posting is not None
    return posting


def after(posting: Posting) -> Account:
    becomes = posting.changes[0].becomes
    assert becomes is not None
    return becomes


def test_an_account_with_nothing_due_is_left_alone() -> None:
    held = account({LATER: 5}, due=LATER + timedelta(days=1))

    assert settle(held, program=PROGRAM, now=NOW) is None


def test_a_lot_expires_at_the_programs_midnight_after_its_last_day() -> None:
    (entry,) = settled(account({YESTERDAY: 5}, due=TODAY, entries=3)).entries

    assert entry.cause == CalendarCause("ana", "expiry", (YESTERDAY,), 3)
    assert entry.effect == Holding(lots={YESTERDAY: -5})
    assert entry.happened_at == datetime(2026, 11, 21, 5, tzinfo=UTC)
    assert entry.recorded_at == NOW


def test_pending_points_become_a_lot_and_pay_debt() -> None:
    dates = PendingDates(TODAY, LATER)

    posting = settled(account(debt=3, pending={dates: 10}, due=TODAY))

    assert [entry.kind for entry in posting.entries] == ["activation"]
    assert after(posting).holding == Holding(lots={LATER: 7})


def test_a_settled_account_is_due_on_the_day_after_its_next_lot_ends() -> None:
    posting = settled(account({YESTERDAY: 5, LATER: 7}, due=TODAY))

    assert after(posting).due == LATER + timedelta(days=1)
    assert posting.changes[0].entries_seen == 0


def test_an_account_with_nothing_to_come_is_never_due_again() -> None:
    assert after(settled(account({YESTERDAY: 5}, due=TODAY))).due is None


def test_a_due_date_that_came_too_early_is_moved_without_an_entry() -> None:
    posting = settled(account({LATER: 7}, due=YESTERDAY))

    assert posting.entries == ()
    assert after(posting).due == LATER + timedelta(days=1)


def test_more_steps_than_one_transaction_holds_are_left_for_the_next_round() -> None:
    lots = {TODAY - timedelta(days=1 + number): 1 for number in range(STEPS_MAX + 5)}
    first_due = min(lots)

    posting = settled(account(lots, due=first_due))

    assert len(posting.entries) == STEPS_MAX
    assert after(posting).due == first_due
    assert len(settled(after(posting)).entries) == 5


def test_settling_announces_the_end_of_a_granted_level() -> None:
    levels = [{"id": "gold", "name": "Gold", "reached_at": 100}]
    program = published(
        tiers={"basis": "spend", "period": "calendar_year", "levels": levels}, time_zone="UTC"
    )
    held = account(tier_floor=TierFloor("gold", YESTERDAY), tier_announced="gold", due=TODAY)

    posting = settle(held, program=program, now=NOW)

    assert posting is not None
    assert posting.entries == ()
    assert (after(posting).tier_announced, after(posting).tier_downs) == (None, 1)
