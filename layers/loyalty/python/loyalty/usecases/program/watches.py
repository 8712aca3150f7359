"""Watches: after each day, what they find in the lake opens reviews, once for each cause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from loyalty.domain.ledger.reviews import Review, WatchFinding

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.watches import AnyWatch

# By then the facts of a day are in the lake.
FACTS_LATE_MAX: Final = timedelta(hours=1)
# After a longer outage, only so many days are looked at.
DAYS_AT_ONCE_MAX: Final = 7


class Found(NamedTuple):
    """What a watch found: of which member or person of the staff, why now, and how much."""

    member_id: str | None
    staff_member: str | None
    cause: str
    found: int


class Findings(Protocol):
    """What watches find in the lake of a program."""

    def find(self, watch: AnyWatch, *, last: date) -> Sequence[Found]:
        """What is found up to the end of a day."""
        ...


class WatchBook(Protocol):
    """The reviews of a program, and the day up to which watches looked."""

    def watched_on(self) -> date | None:
        """Read strongly."""
        ...

    def note_watched(self, day: date) -> None: ...

    def open(self, review: Review) -> None:
        """Store a new review; one with this id stays as it is."""
        ...


def keep_watch(document: Program, *, book: WatchBook, findings: Findings, now: datetime) -> None:
    """Open reviews for what the watches of a document find up to the end of each day.

    A review has the id of its cause. So a run that is killed and repeated opens none twice, and
    none that was decided is opened again.

    Raises:
        TryAgain: the table did not answer; a repeated call resumes where it stopped.
    """
    if not document.watches:
        return
    yesterday = document.today(now - FACTS_LATE_MAX) - timedelta(days=1)
    watched = book.watched_on()
    if watched is not None and watched >= yesterday:
        return
    missed = (yesterday - watched).days if watched else 1
    for days_ago in reversed(range(min(missed, DAYS_AT_ONCE_MAX))):
        last = yesterday - timedelta(days=days_ago)
        for watch in document.watches:
            for found in findings.find(watch, last=last):
                book.open(_review(watch, found, now=now))
    book.note_watched(yesterday)


def _review(watch: AnyWatch, found: Found, *, now: datetime) -> Review:
    return Review(
        member_id=found.member_id,
        finding=WatchFinding(watch.id, watch.kind, watch.at_least, found.found, found.cause),
        opened_at=now,
        caused_by=found.staff_member,
    )
