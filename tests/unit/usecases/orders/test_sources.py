"""The sources of orders are noted once each, by whoever reads the table's changes."""

import pytest

from loyalty.domain.changes import Record, TableChange
from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.ledger.entries import Placeholder
from loyalty.usecases.orders import sources
from loyalty.usecases.orders.sources import SourceNotes
from tests.support.ledger import NOON, accrual, order


class Noted:
    """What is noted, and how often it was read."""

    def __init__(self, *noted: str) -> None:
        self.noted = list(noted)
        self.reads = 0

    def all(self, program_id: str) -> list[str]:
        self.reads += 1
        return list(self.noted)

    def note(self, program_id: str, source: str) -> None:
        self.noted.append(source)


def change(after: Record) -> TableChange:
    return TableChange(program_id="bean", made_at=NOON, before=None, after=after)


def of(source: str) -> TableChange:
    return change(accrual(order(source=source)))


def guest(source: str) -> TableChange:
    return change(Placeholder(source=source, order_id="1", recorded_at=NOON, count=1))


def test_orders_of_members_and_guests_tell_their_source() -> None:
    noted = Noted()

    SourceNotes(noted).note([of("till"), guest("webshop"), of("till")])

    assert noted.noted == ["till", "webshop"]


def test_a_source_that_is_noted_is_neither_noted_nor_read_again() -> None:
    noted = Noted("till")
    notes = SourceNotes(noted)

    for _ in range(3):
        notes.note([of("till")])

    assert (noted.noted, noted.reads) == (["till"], 1)


def test_a_client_that_makes_up_sources_does_not_fill_the_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sources, "SOURCES_MAX", 3)
    noted = Noted("till")

    SourceNotes(noted).note([of(f"receipt-{number}") for number in range(9)])

    assert len(noted.noted) == 3


def test_what_could_not_be_noted_is_noted_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    noted = Noted()
    notes = SourceNotes(noted)

    def unavailable(*_: object) -> None:
        raise TryAgain

    with monkeypatch.context() as patched:
        patched.setattr(Noted, "note", unavailable)
        with pytest.raises(TryAgain):
            notes.note([of("till")])
    notes.note([of("till")])

    assert noted.noted == ["till"]
