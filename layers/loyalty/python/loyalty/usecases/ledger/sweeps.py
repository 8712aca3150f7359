"""Sweeps: find what the calendar has made due, and settle it.

What members see and spend is right by date whether or not a sweep ever ran. A sweep records it, so
that events are sent, reports add up and held points return.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import batched, groupby
from typing import TYPE_CHECKING, Final, Protocol

from loyalty.domain.kernel.calendar import midnight
from loyalty.usecases.ledger.accounts import settled
from loyalty.usecases.ledger.redemption import release
from loyalty.usecases.work_pages import ITEMS_MAX, Progress, WorkPage, WorkPages

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.usecases.ports import Desk, Listed

# A schedule wakes the sweep every five minutes, give or take one. Work that is due before the next
# run is handed out now and waits in the queue, so a hold is released within a minute of its end.
AHEAD: Final = timedelta(minutes=6)
JITTER: Final = timedelta(minutes=1)
MINUTE: Final = timedelta(minutes=1)

# No write ever lists anything under a moment in the past, so a past day that is empty stays empty.
# One day is left for clocks that differ and for a list that lags.
LOOK_BACK: Final = timedelta(days=1)

# 10,000 members. With more in the queue, the work found earlier is still on its way.
WAITING_MAX: Final = 400

# In the meantime, the retries of its own message work on it.
PUT_OFF: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DueItem:
    """A member or a voucher that is listed as due. `name` is the moment and the owner."""

    name: str

    @property
    def due_at(self) -> datetime:
        return datetime.fromisoformat(self.name.partition("#")[0])

    @property
    def owner(self) -> str:
        return self.name.partition("#")[2]

    @property
    def voucher_code(self) -> str | None:
        """The voucher's code; None if it is a member."""
        kind, _, code = self.owner.rpartition("#")
        return code if kind else None

    @property
    def lane(self) -> str:
        return "members" if self.voucher_code is None else "vouchers"


@dataclass(frozen=True, slots=True)
class Shard:
    """One of the parts into which the list of a UTC day is split."""

    day: date
    number: int


class DueList(Protocol):
    """What is due in one program, by UTC day and shard. It may lag by a moment."""

    @property
    def shards(self) -> int: ...

    def page(
        self, shard: Shard, *, since: datetime | None, until: datetime, after: str | None = None
    ) -> Listed[DueItem]:
        """One page of a shard by time, bounds included; `after` is the previous page's `next`."""
        ...

    def relist(self, due: DueItem, moment: datetime | None, *, seen: Account | None = None) -> None:
        """List it under a different moment, or not at all.

        Nothing happens if another write has listed it in the meantime, or if the account's due
        date is no longer the one `seen`.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """Finds what is due in one program and hands it out as pages of work."""

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
        """Hand out everything that is due on every unfinished day; returns how many were found.

        `since` looks again at finished days from that day on. `began` is the day on which the
        program began, for its very first sweep. While the queue is full of work found earlier,
        only what has become due since the last run is handed out.
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
        """Hand out one page of a shard; the rest of the shard becomes work of its own."""
        listed = self.dues.page(shard, since=since, until=self.until, after=after)
        pages = list(self._paged(listed.items))
        if listed.next:
            rest = f"{shard.day.isoformat()}/{shard.number}/{listed.next}"
            pages.append(WorkPage(program_id=self.program_id, lane="shards", items=(rest,)))
        if pages:
            self.pages.send(pages)
        return len(listed.items)

    def hand_out_rest(self, rest: str) -> int:
        """Continue with a shard where `hand_out_shard` stopped."""
        day, number, after = rest.split("/", 2)
        return self.hand_out_shard(Shard(date.fromisoformat(day), int(number)), after=after)

    def _hand_out_news(self) -> int:
        since = self.now - JITTER
        return sum(self._hand_out_day(day, since=since) for day in _days(since, self.until))

    def _hand_out_day(self, day: date, *, since: datetime | None = None) -> int:
        shards = (Shard(day, number) for number in range(self.dues.shards))
        return sum(self.hand_out_shard(shard, since=since) for shard in shards)

    def _paged(self, found: Sequence[DueItem]) -> Iterator[WorkPage]:
        """Pages of work, separate for members and vouchers and for each minute they are due."""

        def wave(due: DueItem) -> tuple[str, timedelta]:
            minutes = -((self.now - due.due_at) // MINUTE)
            return due.lane, max(minutes, 0) * MINUTE

        for (lane, delay), dues in groupby(sorted(found, key=wave), key=wave):
            for some in batched(dues, ITEMS_MAX, strict=False):
                items = tuple(due.name for due in some)
                yield WorkPage(program_id=self.program_id, lane=lane, items=items, delay=delay)


def wake(due: DueItem, *, dues: DueList, desk: Desk) -> None:
    """Settle a member or a voucher that is due; one that is early stays as it is.

    Raises:
        TryAgain: other writers were faster too often.
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
    # Nothing was written, so its place in the list is unchanged: move it where it belongs. In a
    # program that moved to another time zone midnights differ, and an ended account is never due.
    belongs = (
        midnight(account.due, desk.program.document.zone) if is_active and account.due else None
    )
    if belongs != due.due_at:
        dues.relist(due, belongs, seen=account)


def put_off(due: DueItem, *, dues: DueList, now: datetime) -> None:
    """Keep a failed item out of the sweep's way for a day."""
    dues.relist(due, now + PUT_OFF)


def _days(first: date, until: datetime) -> Iterator[date]:
    """The UTC days from one to that of a moment, both included."""
    day = first.astimezone(UTC).date() if isinstance(first, datetime) else first
    while day <= until.astimezone(UTC).date():
        yield day
        day += timedelta(days=1)
