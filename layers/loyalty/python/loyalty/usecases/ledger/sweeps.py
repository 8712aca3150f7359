"""Sweeps: finding what the calendar has made due, and letting each catch up with it.

What members see and spend is right by date whether or not a sweep ever ran. The sweep is what
records it, so that events are sent, reports add up and held points return.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import batched, groupby
from typing import Final, Protocol

from loyalty.domain.kernel.calendar import midnight
from loyalty.domain.ledger.account import Account
from loyalty.usecases.ledger.accounts import settled
from loyalty.usecases.ledger.redemption import release
from loyalty.usecases.ports import Desk, Listed
from loyalty.usecases.work_pages import ITEMS_MAX, Progress, WorkPage, WorkPages

# A schedule wakes the sweep every five minutes, give or take one. What is due before the next time
# is handed out now and waits in the queue, so a hold is released within a minute of its end.
AHEAD: Final = timedelta(minutes=6)
JITTER: Final = timedelta(minutes=1)
MINUTE: Final = timedelta(minutes=1)

# Nothing is ever listed under a moment that has passed when it is written, so a day that is over
# and empty stays so. One day is left for clocks that differ and for a list that is behind.
LOOK_BACK: Final = timedelta(days=1)

# 10,000 members: so many are being worked on that what was found before is on its way.
WAITING_MAX: Final = 400

# Retries of its own message see to a failed one meanwhile.
PUT_OFF: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DueItem:
    """A member or a voucher, listed as due. `name` is the moment and whose it is."""

    name: str

    @property
    def due_at(self) -> datetime:
        return datetime.fromisoformat(self.name.partition("#")[0])

    @property
    def owner(self) -> str:
        return self.name.partition("#")[2]

    @property
    def voucher_code(self) -> str | None:
        """None: it is a member."""
        kind, _, code = self.owner.rpartition("#")
        return code if kind else None

    @property
    def lane(self) -> str:
        return "members" if self.voucher_code is None else "vouchers"


@dataclass(frozen=True, slots=True)
class Shard:
    """One of the parts in which the list of a UTC day is kept."""

    day: date
    number: int


class DueList(Protocol):
    """Who is due in one program, by UTC day and shard. It may be a moment behind."""

    @property
    def shards(self) -> int: ...

    def page(
        self, shard: Shard, *, since: datetime | None, until: datetime, after: str | None = None
    ) -> Listed[DueItem]:
        """The first of a shard in the order of time, `after` a page's `next`; bounds included."""
        ...

    def relist(self, due: DueItem, moment: datetime | None, *, seen: Account | None = None) -> None:
        """List it under another moment, or not at all.

        Nothing happens where it was listed anew in the meantime, or where the day on which the
        account is due is no longer the one that was `seen`.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """Finds what is due in one program, and hands it out."""

    program_id: str
    dues: DueList
    pages: WorkPages
    now: datetime

    @property
    def until(self) -> datetime:
        return self.now + AHEAD

    def hand_out(
        self, *, progress: Progress, began: Callable[[], date], since: date | None = None
    ) -> int:
        """Hand out all that is due on every unfinished day; gives how many were found.

        `since` looks at finished days again, from there on. `began` is the day on which the
        program began, for its very first sweep. While the queue is full with what was found
        before, only what has become due since the last time is handed out.
        """
        if self.pages.waiting() > WAITING_MAX:
            return self._hand_out_news()
        mark = progress.reached()
        unfinished = date.fromisoformat(mark) if mark else began()
        found = 0
        for day in _days(min(since or unfinished, unfinished), self.until):
            found_now = self._hand_out_day(day)
            found += found_now
            # Days are finished one after the other, without a gap.
            is_over = day < self.now.astimezone(UTC).date() - LOOK_BACK
            if found_now == 0 and is_over and day == unfinished:
                unfinished += timedelta(days=1)
                progress.advance(unfinished.isoformat())
        return found

    def hand_out_shard(
        self, shard: Shard, *, since: datetime | None = None, after: str | None = None
    ) -> int:
        """Hand out one page of a shard; what is left of it becomes work of its own."""
        listed = self.dues.page(shard, since=since, until=self.until, after=after)
        pages = list(self._paged(listed.items))
        if listed.next:
            rest = f"{shard.day.isoformat()}/{shard.number}/{listed.next}"
            pages.append(WorkPage(program_id=self.program_id, lane="shards", items=(rest,)))
        if pages:
            self.pages.send(pages)
        return len(listed.items)

    def hand_out_rest(self, rest: str) -> int:
        """Go on with a shard where `hand_out_shard` left it."""
        day, number, after = rest.split("/", 2)
        return self.hand_out_shard(Shard(date.fromisoformat(day), int(number)), after=after)

    def _hand_out_news(self) -> int:
        since = self.now - JITTER
        return sum(self._hand_out_day(day, since=since) for day in _days(since, self.until))

    def _hand_out_day(self, day: date, *, since: datetime | None = None) -> int:
        shards = (Shard(day, number) for number in range(self.dues.shards))
        return sum(self.hand_out_shard(shard, since=since) for shard in shards)

    def _paged(self, found: Sequence[DueItem]) -> Iterator[WorkPage]:
        """Members and vouchers apart, and apart by the minute in which they become due."""

        def wave(due: DueItem) -> tuple[str, timedelta]:
            minutes = -((self.now - due.due_at) // MINUTE)
            return due.lane, max(minutes, 0) * MINUTE

        for (lane, delay), dues in groupby(sorted(found, key=wave), key=wave):
            for some in batched(dues, ITEMS_MAX, strict=False):
                items = tuple(due.name for due in some)
                yield WorkPage(program_id=self.program_id, lane=lane, items=items, delay=delay)


def wake(due: DueItem, *, dues: DueList, desk: Desk) -> None:
    """Let a member or a voucher catch up with the calendar; whoever is early is left alone.

    Raises:
        TryAgain: overtaken too often.
    """
    if due.voucher_code is not None:
        release(due.voucher_code, desk=desk)
        return
    account = desk.books.account(due.owner, strong=True)
    if account is None:
        return
    is_active = account.status == "active"
    if is_active and settled(desk, account) is not account:
        return
    # Nobody wrote it, so it stays listed as it is: put it where it belongs. A program that moved
    # to another time zone has other midnights, and who was merged or erased has none.
    belongs = (
        midnight(account.due, desk.program.document.zone) if is_active and account.due else None
    )
    if belongs != due.due_at:
        dues.relist(due, belongs, seen=account)


def put_off(due: DueItem, *, dues: DueList, now: datetime) -> None:
    """Take what failed out of the sweep's way for a day."""
    dues.relist(due, now + PUT_OFF)


def _days(first: date, until: datetime) -> Iterator[date]:
    """The UTC days from one to that of a moment, both included."""
    day = first.astimezone(UTC).date() if isinstance(first, datetime) else first
    while day <= until.astimezone(UTC).date():
        yield day
        day += timedelta(days=1)
