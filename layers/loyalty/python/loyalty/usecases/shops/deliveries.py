"""Deliveries: what was received and what came of it, and applying it once more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol

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
from loyalty.usecases.shops.platforms import FindPlatform

HEALTH_PERIOD: Final = timedelta(days=1)
# What the inbox lists in one call.
HEALTH_DELIVERIES_MAX: Final = 1000
# A hundred calls on the queue, ten on the table, one on the inbox: one to two seconds.
REPLAYED_AT_ONCE_MAX: Final = 1000

# What is queued is applied within seconds. Somebody looks every hour, and may be half an hour late.
STRANDED_AFTER: Final = timedelta(minutes=30)
STRANDED_BEFORE: Final = timedelta(hours=2)

# Nothing is known of a delivery that has not been applied yet.
RECEIVED: Final = Outcome(status="received")


class InboxReader(Protocol):
    """Deliveries as they were received."""

    def read(self, stored: StoredDelivery) -> Delivery | None: ...

    def find(self, program_id: str, storefront_id: str, log_id: str) -> StoredDelivery | None: ...

    def oldest(
        self, program_id: str, storefront_id: str, *, since: str, before: str, limit: int
    ) -> Listed[StoredDelivery]:
        """In the order they were received; `since` and `before` are times or ids of the log."""
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
        """Newest first. A page may be shorter than its limit though more follow."""
        ...


class DeliveryLog(Protocol):
    """What came of each delivery, for as long as the inbox keeps it."""

    def outcomes(self, stored: Sequence[StoredDelivery]) -> Mapping[StoredDelivery, Handled]:
        """Of those of which anything is known."""
        ...


class Bodies(Protocol):
    """What was told of each event."""

    def bodies_of_event(self, stored: StoredDelivery) -> tuple[EventBody, ...]: ...


class ReplayQueue(Protocol):
    """The queue of deliveries to be applied."""

    def send_again(self, stored: Sequence[StoredDelivery], *, asked_at: datetime) -> None:
        """What is asked for twice in five minutes by the same request is sent once.

        Raises:
            TryAgain: not all could be sent.
        """
        ...


class ListedDelivery(NamedTuple):
    """A delivery in the list."""

    stored: StoredDelivery
    handled: Handled


@dataclass(frozen=True, slots=True)
class Files:
    """Where deliveries lie, what came of them, and who understands them."""

    inbox: InboxReader
    log: DeliveryLog
    find_platform: FindPlatform


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a storefront's deliveries fared lately.

    `counts` is by status of those since `since`; `is_all`: there were no more.
    """

    last: ListedDelivery | None
    last_trouble: ListedDelivery | None
    counts: Mapping[str, int]
    since: datetime
    is_all: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Deliveries that were received from one moment on and before another.

    `statuses` narrows them to some of which that came; none: all.
    """

    since: datetime
    before: datetime
    statuses: Collection[Status] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """How many of a span were queued; `next` is where to go on, None where it is done."""

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
    """The deliveries of the last 30 days with what came of each, newest first."""
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
    """How the deliveries of the last day fared, as far as a thousand of them tell."""
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
    )


def delivery_in(
    inbox: InboxReader, storefront_id: str, log_id: str, *, program_id: str
) -> StoredDelivery:
    """Where a delivery lies that a caller names.

    Raises:
        NotFound: no such delivery in the last 30 days.
    """
    stored = inbox.find(program_id, storefront_id, log_id) if read_log_id(log_id) else None
    if stored is None:
        raise NotFound
    return stored


def replay(
    storefront_id: str,
    log_id: str,
    *,
    program_id: str,
    files: Files,
    queue: ReplayQueue,
    now: datetime,
) -> ListedDelivery:
    """Apply a delivery once more, in order with whatever else is told of its order.

    Nothing counts twice: what it says is what it said the first time.

    Raises:
        NotFound: no such delivery in the last 30 days.
    """
    stored = delivery_in(files.inbox, storefront_id, log_id, program_id=program_id)
    line = _line(stored, files.log.outcomes([stored]), files=files)
    queue.send_again([stored], asked_at=now)
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
    """Apply deliveries of a span once more, oldest first, as many as fit into one call.

    `after` and `asked_at` are those of the call before, so that a call that lost its answer and is
    sent again queues nothing twice.
    """
    page = files.inbox.oldest(
        program_id,
        storefront_id,
        # A key that begins with an id comes after the id itself: `~` comes after every key with it.
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
    """Queue what was kept, and of which nothing has come; tells how many.

    Whoever took it in was killed, or the queue did not answer, and not every platform delivers
    again. What the queue holds after all is applied twice, and counts once.
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
    """Whether a delivery says otherwise what was told of the same event before.

    Two that come at the very same time may both pass, if they are of different orders: neither of
    them is the first then.
    """
    return is_contradicted(stored, bodies.bodies_of_event(stored))


def _line(
    stored_delivery: StoredDelivery, outcomes: Mapping[StoredDelivery, Handled], *, files: Files
) -> ListedDelivery:
    """What nobody has noted of it is read from the delivery itself."""
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
    """Clocks of two machines differ: what was received just now may be dated a moment later."""
    return now + timedelta(minutes=1)
