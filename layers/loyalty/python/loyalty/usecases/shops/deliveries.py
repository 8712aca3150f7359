"""Deliveries of storefronts: list them with their outcomes, and replay them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.shops.deliveries import (
    LISTED_DAYS,
    EventBody,
    Handled,
    StoredDelivery,
    is_contradicted,
    log_time,
    read_log_id,
)
from loyalty.domain.shops.storefront import (
    TROUBLES,
    Delivery,
    Outcome,
    Status,
)
from loyalty.usecases.ports import Listed

if TYPE_CHECKING:
    from loyalty.usecases.shops.platforms import FindPlatform

HEALTH_PERIOD: Final = timedelta(days=1)
# As many as the inbox lists in one call.
HEALTH_DELIVERIES_MAX: Final = 1000
# A hundred calls on the queue, ten on the table, one on the inbox: one to two seconds.
REPLAYED_AT_ONCE_MAX: Final = 1000

# Queued deliveries are applied within seconds. A run looks for stranded ones every hour, and may
# itself be up to half an hour late.
STRANDED_AFTER: Final = timedelta(minutes=30)
STRANDED_BEFORE: Final = timedelta(hours=2)

# The outcome of a delivery that has not been applied yet.
RECEIVED: Final = Outcome(status="received")


class ReceivedDeliveries(Protocol):
    """What a storefront sent: what was accepted, and what was refused."""

    def refused_at(self, program_id: str, storefront_id: str) -> datetime | None:
        """When a delivery was refused for its signature last, to a few minutes."""
        ...

    def newest(
        self,
        program_id: str,
        storefront_id: str,
        *,
        since: datetime,
        before: datetime,
        before_id: str | None,
        limit: int,
    ) -> Listed[StoredDelivery]:
        """Newest first. A page may be shorter than `limit` even if more follow."""
        ...


class InboxReader(ReceivedDeliveries, Protocol):
    """Deliveries as they were received."""

    def read(self, stored: StoredDelivery) -> Delivery | None: ...

    def find(self, program_id: str, storefront_id: str, log_id: str) -> StoredDelivery | None: ...

    def oldest(
        self, program_id: str, storefront_id: str, *, since: str, before: str, limit: int
    ) -> Listed[StoredDelivery]:
        """In the order of receipt; `since` and `before` are times or log ids."""
        ...


class DeliveryLog(Protocol):
    """The outcome of each delivery, for as long as the inbox keeps the delivery."""

    def outcomes(self, stored: Sequence[StoredDelivery]) -> Mapping[StoredDelivery, Handled]:
        """Outcomes of the deliveries that have one; others are left out."""
        ...


class Bodies(Protocol):
    """The bodies that were delivered for each event."""

    def bodies_of_event(self, stored: StoredDelivery) -> tuple[EventBody, ...]: ...


class ReplayQueue(Protocol):
    """The queue of deliveries that wait to be applied."""

    def send_again(self, stored: Sequence[StoredDelivery], *, asked_at: datetime) -> None:
        """Queue deliveries. The same request within five minutes queues nothing twice.

        Raises:
            TryAgain: some could not be queued.
        """
        ...


class ListedDelivery(NamedTuple):
    """A delivery in the list."""

    stored: StoredDelivery
    handled: Handled


@dataclass(frozen=True, slots=True)
class Files:
    """Where deliveries and their outcomes are stored, and how to find the platform of one."""

    inbox: InboxReader
    log: DeliveryLog
    find_platform: FindPlatform


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How well a storefront's recent deliveries were applied.

    `counts` counts the deliveries since `since` by status. `is_all` is false if there were more
    deliveries than were counted. `topics` are those of the newest thousand of 30 days.
    """

    last: ListedDelivery | None
    last_trouble: ListedDelivery | None
    counts: Mapping[str, int]
    since: datetime
    is_all: bool
    topics: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Deliveries received at or after `since` and before `before`.

    If `statuses` is not empty, only deliveries with one of these statuses.
    """

    since: datetime
    before: datetime
    statuses: Collection[Status] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """How many deliveries of a span were queued. `next` is where to continue, None at the end."""

    queued: int
    next: str | None


def deliveries_page(
    storefront_id: str,
    *,
    program_id: str,
    files: Files,
    limit: int,
    before_id: str | None,
    now: datetime,
) -> Listed[ListedDelivery]:
    """The deliveries of the last 30 days with their outcomes, newest first."""
    page = files.inbox.newest(
        program_id,
        storefront_id,
        since=now - timedelta(days=LISTED_DAYS),
        before=_time_of(before_id) or _from_now_on(now),
        before_id=before_id,
        limit=limit,
    )
    outcomes = files.log.outcomes(page.items)
    return Listed([_line(stored, outcomes, files=files) for stored in page.items], page.next)


def health(storefront_id: str, *, program_id: str, files: Files, now: datetime) -> Health:
    """How well the deliveries of the last day were applied; looks at the newest thousand."""
    since = now - HEALTH_PERIOD
    page = files.inbox.newest(
        program_id,
        storefront_id,
        since=now - timedelta(days=LISTED_DAYS),
        before=_from_now_on(now),
        before_id=None,
        limit=HEALTH_DELIVERIES_MAX,
    )
    outcomes = files.log.outcomes(page.items)
    recent = [each for each in page.items if each.received_at >= since]
    troubles = (each for each in page.items if _status(each, outcomes) in TROUBLES)
    trouble = next(troubles, None)
    return Health(
        last=_line(page.items[0], outcomes, files=files) if page.items else None,
        last_trouble=_line(trouble, outcomes, files=files) if trouble else None,
        counts=Counter(_status(each, outcomes) for each in recent),
        since=since,
        is_all=page.next is None or len(recent) < len(page.items),
        topics=frozenset(
            each.envelope.topic for each in outcomes.values() if each.envelope is not None
        ),
    )


def delivery_in(
    inbox: InboxReader, storefront_id: str, log_id: str, *, program_id: str
) -> StoredDelivery:
    """The stored delivery with this log id.

    Raises:
        NotFound: no such delivery in the last 30 days.
    """
    stored = inbox.find(program_id, storefront_id, log_id) if read_log_id(log_id) else None
    if stored is None:
        raise NotFound
    return stored


def delivery_with_outcome(
    storefront_id: str, log_id: str, *, program_id: str, files: Files
) -> ListedDelivery:
    """A delivery with its latest outcome.

    Raises:
        NotFound: no such delivery in the last 30 days.
    """
    stored = delivery_in(files.inbox, storefront_id, log_id, program_id=program_id)
    return _line(stored, files.log.outcomes([stored]), files=files)


def replay(
    storefront_id: str,
    log_id: str,
    *,
    program_id: str,
    files: Files,
    queue: ReplayQueue,
    now: datetime,
) -> ListedDelivery:
    """Queue a delivery to be applied again, in sequence with others about the same order.

    Nothing counts twice, because the content is the same as the first time.

    Raises:
        NotFound: no such delivery in the last 30 days.
    """
    line = delivery_with_outcome(storefront_id, log_id, program_id=program_id, files=files)
    queue.send_again([line.stored], asked_at=now)
    return line


def replay_span(
    storefront_id: str,
    span: Span,
    *,
    program_id: str,
    files: Files,
    queue: ReplayQueue,
    after: str | None,
    asked_at: datetime,
) -> Replayed:
    """Queue deliveries of a span to be applied again, oldest first, as many as fit in one call.

    A call that continues or repeats another passes the same `asked_at`. A call that is repeated
    because its answer was lost queues nothing twice.
    """
    page = files.inbox.oldest(
        program_id,
        storefront_id,
        # Keys begin with a log id; `~` sorts after every key that begins with this one.
        since=f"{after}~" if after else log_time(span.since),
        before=log_time(span.before),
        limit=REPLAYED_AT_ONCE_MAX,
    )
    chosen = page.items
    if span.statuses:
        outcomes = files.log.outcomes(page.items)
        chosen = [each for each in page.items if _status(each, outcomes) in span.statuses]
    queue.send_again(chosen, asked_at=asked_at)
    return Replayed(queued=len(chosen), next=page.next)


def queue_stranded(
    storefront_id: str, *, program_id: str, files: Files, queue: ReplayQueue, now: datetime
) -> int:
    """Queue deliveries that were stored but never applied. Returns how many.

    They are stranded if the function that received them was killed, or if the queue did not
    answer; not every platform delivers again. A delivery that is still queued is then applied
    twice, and counts once.
    """
    span = Span(
        since=now - STRANDED_BEFORE,
        before=now - STRANDED_AFTER,
        statuses={RECEIVED.status},
    )
    queued, after = 0, None
    while True:
        done = replay_span(
            storefront_id,
            span,
            program_id=program_id,
            files=files,
            queue=queue,
            after=after,
            asked_at=now,
        )
        queued, after = queued + done.queued, done.next
        if after is None:
            return queued


def contradicts(stored: StoredDelivery, *, bodies: Bodies) -> bool:
    """Whether a delivery contradicts an earlier delivery of the same event.

    Two that arrive at the same moment may both pass if they are about different orders, because
    neither of them is the first.
    """
    return is_contradicted(stored, bodies.bodies_of_event(stored))


def _line(
    stored_delivery: StoredDelivery, outcomes: Mapping[StoredDelivery, Handled], *, files: Files
) -> ListedDelivery:
    """A row of the list. If no envelope was recorded yet, it is read from the delivery itself."""
    handled = outcomes.get(stored_delivery)
    if handled and handled.envelope:
        return ListedDelivery(stored_delivery, handled)
    delivery = files.inbox.read(stored_delivery)
    envelope = None
    if delivery:
        envelope = files.find_platform(delivery.platform).envelope(delivery.body, delivery.headers)
    return ListedDelivery(
        stored_delivery,
        Handled(
            envelope=envelope,
            source=delivery.source if delivery else None,
            outcome=handled.outcome if handled else RECEIVED,
            applied_at=handled.applied_at if handled else None,
            attempts=handled.attempts if handled else 0,
        ),
    )


def _status(stored_delivery: StoredDelivery, outcomes: Mapping[StoredDelivery, Handled]) -> Status:
    handled = outcomes.get(stored_delivery)
    return handled.outcome.status if handled else RECEIVED.status


def _time_of(log_id: str | None) -> datetime | None:
    named = read_log_id(log_id) if log_id else None
    return named[0] if named else None


def _from_now_on(now: datetime) -> datetime:
    """Machines' clocks differ, so a delivery received just now may be dated a moment later."""
    return now + timedelta(minutes=1)
