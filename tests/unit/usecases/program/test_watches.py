"""Watches open a review once for each cause, whatever happens to the run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest

from local.memory import MemoryEngine
from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.ledger.reviews import Review
from loyalty.domain.program.publication import faults
from loyalty.domain.program.watches import AnyWatch
from loyalty.table.reviews import TableReviews
from loyalty.usecases.program.watches import Found, keep_watch
from tests.support.documents import program

# One in the afternoon in Paris, the program's zone.
NOON: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
YESTERDAY: Final = date(2026, 11, 20)
FARMING: Final = {"id": "farming", "kind": "forgiven"}
ADJUSTING: Final = {"id": "limit", "kind": "near_limit", "points_from": 45, "points_to": 50}


@dataclass
class Drawn:
    """Finds the same every day."""

    found: Sequence[Found] = (Found("ana", None, "2026-11", 2),)
    periods: list[tuple[str, date]] = field(default_factory=list)

    def find(self, watch: AnyWatch, *, last: date) -> Sequence[Found]:
        self.periods.append((watch.id, last))
        return self.found


class Failing(TableReviews):
    """A table that stops answering after some writes."""

    left = 0

    def open(self, review: Review) -> None:
        if not self.left:
            raise TryAgain
        self.left -= 1
        super().open(review)


@pytest.fixture
def book() -> TableReviews:
    return TableReviews(MemoryEngine(), program_id="bean")


def run(book: TableReviews, findings: Drawn, *, now: datetime = NOON, watches: Any = None) -> None:
    document = program(watches=[FARMING] if watches is None else watches)
    keep_watch(document, book=book, findings=findings, now=now)


def opened(book: TableReviews) -> list[Review]:
    return list(book.listed(matches=lambda _: True, limit=50, start=None).items)


def test_what_a_watch_finds_opens_a_review(book: TableReviews) -> None:
    run(book, Drawn((Found("ana", "bea", "2026-11#bea", 3),)))

    (review,) = opened(book)
    assert (review.member_id, review.caused_by, review.order) == ("ana", "bea", None)
    assert review.finding is not None
    assert (review.finding.watch_id, review.finding.at_least, review.finding.found) == (
        "farming",
        2,
        3,
    )
    assert book.find(review.review_id) == review


def test_each_day_is_looked_at_once_when_its_facts_are_there(book: TableReviews) -> None:
    findings = Drawn()
    midnight = datetime(2026, 11, 20, 23, tzinfo=UTC)
    for minutes in (0, 59, 60, 600):
        run(book, findings, now=midnight + timedelta(minutes=minutes))

    assert [last for _, last in findings.periods] == [date(2026, 11, 19), YESTERDAY]


def test_days_of_an_outage_are_made_up_for(book: TableReviews) -> None:
    findings = Drawn()
    run(book, findings, now=NOON - timedelta(days=3))
    run(book, findings)
    run(book, findings, now=NOON + timedelta(days=30))

    days = [last for _, last in findings.periods]
    assert days[:4] == [YESTERDAY - timedelta(days=each) for each in (3, 2, 1, 0)]
    assert len(days) == 4 + 7
    assert len(opened(book)) == 1


def test_a_review_that_is_there_stays_as_it_is(book: TableReviews) -> None:
    run(book, Drawn())
    run(book, Drawn((Found("ana", None, "2026-11", 9),)), now=NOON + timedelta(days=1))

    (review,) = opened(book)
    assert review.finding is not None
    assert (review.finding.found, review.opened_at) == (2, NOON)


def test_a_killed_run_goes_on_and_opens_nothing_twice() -> None:
    book = Failing(MemoryEngine(), program_id="bean")
    findings = Drawn(tuple(Found(f"m{each}", None, "2026-11", 2) for each in range(3)))
    for left in range(3):
        book.left = left
        with pytest.raises(TryAgain):
            run(book, findings)
        assert book.watched_on() is None
    book.left = 10

    run(book, findings)

    assert len(opened(book)) == 3
    assert book.watched_on() == YESTERDAY


def test_a_program_without_watches_looks_at_nothing(book: TableReviews) -> None:
    findings = Drawn()

    run(book, findings, watches=[])

    assert findings.periods == []
    assert book.watched_on() is None


@pytest.mark.parametrize(
    ("watch", "pointer", "code"),
    [
        (ADJUSTING | {"points_to": 44}, "/watches/0/points_to", "contradiction"),
        (
            {
                "id": "closed",
                "kind": "out_of_hours",
                "sources": ["pos"],
                "opens_at": "20:00",
                "closes_at": "08:00",
            },
            "/watches/0/closes_at",
            "empty_window",
        ),
    ],
)
def test_a_mistake_in_a_watch_is_named_at_its_place(
    watch: dict[str, Any], pointer: str, code: str
) -> None:
    (found,) = faults(program(watches=[watch]))

    assert (found.pointer, found.code) == (pointer, code)
