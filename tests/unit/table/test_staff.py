"""What is stored about staff, and the turn to change roles."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from local.memory import MemoryEngine
from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.staff.people import StaffRecord
from loyalty.table.staff import TURN, TableStaff
from loyalty.usecases.ports import Raced

NOW: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
BEA: Final = StaffRecord(subject="bea", email="bea@example.com", name="Bea")


@pytest.fixture
def staff() -> TableStaff:
    return TableStaff(MemoryEngine(), program_id="bean")


def test_what_is_stored_is_read_again(staff: TableStaff) -> None:
    staff.put(BEA.deprived({"manager"}, now=NOW))

    stored = staff.find("bea", strong=True)

    assert (stored.email, stored.name, stored.is_erased, stored.revision) == (
        BEA.email, BEA.name, False, 1,
    )  # fmt: skip
    assert stored.withdrawn == BEA.deprived({"manager"}, now=NOW).withdrawn
    assert staff.find("eva") == StaffRecord(subject="eva")
    assert set(staff.of(["bea", "eva", "bea"])) == {"bea"}


def test_more_people_than_one_read_takes_are_found(staff: TableStaff) -> None:
    names = [f"p{number}" for number in range(150)]
    for name in names:
        staff.put(StaffRecord(subject=name, name=name))

    assert set(staff.of(names)) == set(names)


def test_a_write_relies_on_the_revision_that_was_read(staff: TableStaff) -> None:
    staff.put(BEA)
    stored = staff.find("bea")
    staff.put(stored.erased())

    # Repeated, because the answer to a first attempt was lost.
    staff.put(stored.erased())
    for late in (BEA, stored, stored.deprived({"cashier"}, now=NOW)):
        with pytest.raises(Raced):
            staff.put(late)


def test_one_request_has_its_turn_until_it_ends(staff: TableStaff) -> None:
    with staff.turn("first", now=NOW):
        with pytest.raises(TryAgain), staff.turn("second", now=NOW + TURN):
            pass
        # Repeated, because the answer to a first attempt was lost.
        with staff.turn("first", now=NOW):
            pass
    with staff.turn("second", now=NOW):
        pass


def test_a_turn_that_nobody_ends_is_taken_over_and_left_alone(staff: TableStaff) -> None:
    with staff.turn("dead", now=NOW):
        late = NOW + TURN + timedelta(seconds=1)
        with staff.turn("next", now=late):
            pass

    with staff.turn("dead", now=NOW), pytest.raises(TryAgain), staff.turn("next", now=NOW):
        pass
