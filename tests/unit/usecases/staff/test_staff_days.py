"""Each day is reviewed once, whatever stops a run, by the program's own days."""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from local.memory import MemoryEngine
from loyalty.domain.staff.staff_days import StaffDay
from loyalty.table.actions import TableActions
from loyalty.table.due import TableProgress
from loyalty.table.staff_days import TableStaffDays
from loyalty.usecases.staff.staff_days import review_days
from tests.support.ledger import action
from tests.support.sweeping import Killed

AUCKLAND: Final = ZoneInfo("Pacific/Auckland")
# The 22nd of November, half past three in the afternoon in Auckland.
NOW: Final = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)


class Program:
    """The tables of one program."""

    def __init__(self) -> None:
        engine = MemoryEngine()
        self.actions = TableActions(engine, program_id="bean")
        self.days = TableStaffDays(engine, program_id="bean")
        self.progress = TableProgress(engine, program_id="bean", of="staff_days")

    def act(self, points: int, *, began_at: datetime, by: str = "bea") -> None:
        name = f"{by}-{began_at:%m-%d-%H}"
        begun = action(points=points, by=by, began_at=began_at, action_id=name)
        self.actions.begin(begun)

    def review(self, now: datetime = NOW) -> int:
        return review_days(
            actions=self.actions,
            days=self.days,
            progress=self.progress,
            zone=AUCKLAND,
            now=now,
        )

    @property
    def stored(self) -> dict[date, StaffDay]:
        found = self.days.between(date(2026, 1, 1), date(2026, 12, 31))
        return {staff_day.day: staff_day for staff_day in found}


@pytest.fixture
def program() -> Program:
    return Program()


def test_a_day_is_that_of_the_program(program: Program) -> None:
    midnight = datetime(2026, 11, 20, 11, tzinfo=UTC)
    for moment in (midnight - timedelta(microseconds=1), midnight, midnight + timedelta(hours=24)):
        program.act(10, began_at=moment)

    program.review()

    assert program.stored == {date(2026, 11, 21): StaffDay(day=date(2026, 11, 21), moved=(10,))}


def test_days_without_points_are_not_stored_and_not_read_again(program: Program) -> None:
    program.review()
    program.act(10, began_at=NOW - timedelta(days=1))

    assert program.review() == 0
    assert program.stored == {}


def test_nights_that_were_missed_are_made_up_for(program: Program) -> None:
    program.review()
    for number in range(3):
        program.act(10 + number, began_at=NOW + timedelta(days=number))

    program.review(NOW + timedelta(days=3))

    assert [each.moved for each in program.stored.values()] == [(10,), (11,), (12,)]


def test_an_unusual_hand_is_stored_once_though_the_run_is_killed_after_it(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        program.days.put(StaffDay(day=date(2026, 10, 1) + timedelta(days=number), moved=(10,)))
    program.act(500, began_at=NOW - timedelta(days=1))

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(program.progress, "advance", killed)
        with pytest.raises(Killed):
            program.review()
    first = program.stored[date(2026, 11, 21)]
    # What was reported stays, though it would be different now.
    program.act(900, began_at=NOW - timedelta(days=1, hours=1), by="eve")
    program.review()

    assert program.stored[date(2026, 11, 21)] == first
    assert [hand.person for hand in first.unusual] == ["bea"]
