"""A statement is recomputed from entries alone, and agrees with what was shown at the time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from loyalty.domain.ledger.entries import Entry, RequestCause
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.settling import settle
from loyalty.domain.ledger.statements import (
    LotLine,
    StatementPeriod,
    counted_before,
    statement,
    unrecorded,
)
from tests.support.accounts import account
from tests.support.documents import published
from tests.support.ledger import entry

PROGRAM = published(time_zone="UTC")
LOT = date(2026, 11, 30)
MIDNIGHT = datetime(2026, 12, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NOVEMBER = StatementPeriod.of_days(date(2026, 11, 1), LOT, zone=ZoneInfo("UTC"))
DECEMBER = StatementPeriod.of_days(date(2026, 12, 1), date(2026, 12, 31), zone=ZoneInfo("UTC"))


def recorded(points: int, day: int) -> Entry:
    recorded_at = datetime(2026, 11, day, 9, tzinfo=UTC)
    return entry(
        RequestCause(f"day {day}", "adjustment"),
        Holding(lots={LOT: points}),
        member_id="ana",
        happened_at=recorded_at,
        recorded_at=recorded_at,
    )


GIFT, TAKE = recorded(100, day=5), recorded(-30, day=20)
# An account whose lot ended with November, and that no sweep has settled yet.
ENDED = account({LOT: 70}, entries=2, due=date(2026, 12, 1))


def test_a_statement_leads_from_its_opening_to_its_closing_balance() -> None:
    found = statement(GIFT.effect, (TAKE,), due=(), period=NOVEMBER)

    assert (found.opening.points, found.closing.points) == (100, 70)
    assert found.entries == (TAKE,)
    assert found.lots == (LotLine(LOT, opening=100, closing=70),)
    assert found.lots[0].change == -30


def test_both_days_of_a_period_belong_to_it_by_the_programs_calendar() -> None:
    period = StatementPeriod.of_days(LOT, LOT, zone=ZoneInfo("America/New_York"))

    assert period.contains(datetime(2026, 11, 30, 5, tzinfo=UTC))
    assert period.contains(datetime(2026, 12, 1, 5, tzinfo=UTC) - SECOND)
    assert not period.contains(datetime(2026, 12, 1, 5, tzinfo=UTC))


def test_an_entry_counts_from_the_moment_it_was_recorded() -> None:
    assert counted_before((GIFT,), GIFT.recorded_at).is_empty
    assert counted_before((GIFT,), GIFT.recorded_at + SECOND).points == 100


def test_an_expiry_counts_from_its_midnight_on_even_if_recorded_later() -> None:
    posting = settle(ENDED, program=PROGRAM, now=MIDNIGHT + timedelta(hours=7))
    assert posting is not None
    entries = (GIFT, TAKE, *posting.entries)

    assert counted_before(entries, MIDNIGHT).points == 70
    assert counted_before(entries, MIDNIGHT + SECOND).points == 0


def test_an_expiry_belongs_to_the_period_that_begins_at_its_midnight() -> None:
    due = unrecorded(ENDED, program=PROGRAM, now=MIDNIGHT)

    november = statement(Holding(), (GIFT, TAKE), due=due, period=NOVEMBER)
    december = statement(november.closing, (), due=due, period=DECEMBER)

    assert november.closing.points == 70
    assert [each.kind for each in december.entries] == ["expiry"]
    assert december.closing.is_empty


def test_a_later_period_opens_with_expiries_that_no_sweep_has_recorded_yet() -> None:
    due = unrecorded(ENDED, program=PROGRAM, now=MIDNIGHT)
    january = StatementPeriod.of_days(date(2027, 1, 1), date(2027, 1, 31), zone=ZoneInfo("UTC"))

    assert statement(GIFT.effect + TAKE.effect, (), due=due, period=january).opening.is_empty
