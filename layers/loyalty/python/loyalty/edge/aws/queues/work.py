"""Queues of pages: sent in batches, worked off item by item, with failed items set apart.

Every message carries the group of its program and lane. SQS then serves quiet groups before one
that has filled the queue: a month's end in one program delays neither another program nor holds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from datetime import timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from loyalty.domain.kernel.errors import TryAgain
from loyalty.edge.aws.queues.batches import BatchAnswer, handle_messages, log_failure
from loyalty.edge.faults import is_passing
from loyalty.edge.logs import failure, logger
from loyalty.usecases.work_pages import WorkPage

if TYPE_CHECKING:
    from loyalty.edge.aws.queues.record import QueueRecord
    from loyalty.sdk.services import AwsService

# Limits of SendMessageBatch, and of DelaySeconds.
ENTRIES_MAX: Final = 10
DELAY_MAX: Final = timedelta(minutes=15)
ATTEMPTS_MAX: Final = 4

# Lambda's own loop detection is off for functions that feed their own queue. The longest legitimate
# chain is that of a shard with ten million due members: 10,000 pages of 1,000.
HOPS_MAX: Final = 10_000

# The page in progress: every page sent in the meantime counts as its successor.
_taken: Final[ContextVar[WorkPage | None]] = ContextVar("taken", default=None)


class EndlessLoopError(RuntimeError):
    """A page led to more pages than any of our work needs."""


class FailedAlone(RuntimeError):
    """An item failed on a page of its own."""


class PageQueue:
    """Implements `Pages` over a standard queue."""

    def __init__(
        self, sqs: AwsService, *, url: str, pause: Callable[[int], None] = lambda _: None
    ) -> None:
        self._sqs = sqs
        self._url = url
        self._pause = pause

    def send(self, pages: Iterable[WorkPage]) -> None:
        """Send pages; when it raises, some of them may have arrived.

        Raises:
            TryAgain: the queue refused some of them in every attempt.
            EndlessLoopError: more than `HOPS_MAX` pages led to one of these; it is not sent.
        """
        for some in batched(pages, ENTRIES_MAX, strict=False):
            self._send([_entry(number, page) for number, page in enumerate(some)])

    def _send(self, entries: Sequence[Mapping[str, Any]]) -> None:
        waiting = {entry["Id"]: entry for entry in entries}
        for attempt in range(1, ATTEMPTS_MAX + 1):
            answer = self._sqs.call(
                "SendMessageBatch", {"QueueUrl": self._url, "Entries": list(waiting.values())}
            )
            waiting = {each["Id"]: waiting[each["Id"]] for each in answer.get("Failed", ())}
            if not waiting:
                return
            if attempt < ATTEMPTS_MAX:
                self._pause(attempt)
        raise TryAgain("The queue did not accept every message")

    def waiting(self) -> int:
        name: Final = "ApproximateNumberOfMessages"
        attributes_request = {"QueueUrl": self._url, "AttributeNames": [name]}
        answer = self._sqs.call("GetQueueAttributes", attributes_request)
        return int(answer["Attributes"][name])


def work(
    event: dict[str, Any],
    *,
    take: Callable[[WorkPage, str], None],
    pages: PageQueue,
    put_apart: Callable[[WorkPage], None] = lambda _: None,
    unnamed: Sequence[str] = (),
) -> BatchAnswer:
    """Work off the pages of a batch item by item; a failing item holds up no other.

    An item that fails among others is sent again on a page of its own, with the cause, and
    `put_apart` is called with that page. An item that fails alone goes back to the queue, and in
    the end to the dead letters, with its cause. If a service did not answer, the whole page goes
    back instead, because doing an item twice changes nothing. Items of the lanes in `unnamed` are
    not logged.
    """
    apart: list[WorkPage] = []

    def take_page(record: QueueRecord) -> None:
        page = _page(record.content)
        failed: list[WorkPage] = []
        outage: Exception | None = None
        for item in page.items:
            try:
                _take(take, page, item)
            except Exception as error:  # whatever it is, the other items go on
                if is_passing(error):
                    outage = error
                    continue
                cause = failure(error)
                logger.error(
                    "item failed",
                    message_id=record.message_id,
                    program_id=page.program_id,
                    lane=page.lane,
                    item=None if page.lane in unnamed else item,
                    is_alone=page.cause is not None,
                    failure=cause,
                )
                if page.cause is not None:
                    raise FailedAlone from error
                failed.append(replace(page, items=(item,), delay=timedelta(), cause=cause))
        if outage is not None:
            raise outage
        apart.extend(failed)

    # A page that failed alone is in the log already.
    on_failure = log_failure("page not done", quietly=(FailedAlone,))
    answer = handle_messages(event, take_page, on_failure=on_failure)
    if apart:
        pages.send(apart)
    for page in apart:
        put_apart(page)
    return answer


def _take(take: Callable[[WorkPage, str], None], page: WorkPage, item: str) -> None:
    token = _taken.set(page)
    try:
        take(page, item)
    finally:
        _taken.reset(token)


def _hops(page: WorkPage) -> int:
    taken = _taken.get()
    hops = page.hops if taken is None else taken.hops + 1
    if hops > HOPS_MAX:
        raise EndlessLoopError(f"{hops} pages led to one of {page.program_id}/{page.lane}.")
    return hops


def _entry(number: int, page: WorkPage) -> Mapping[str, Any]:
    message = {"v": 1, "program_id": page.program_id, "lane": page.lane, "items": page.items}
    if page.cause is not None:
        message["cause"] = page.cause
    if hops := _hops(page):
        message["hops"] = hops
    return {
        "Id": str(number),
        "MessageBody": json.dumps(message, separators=(",", ":")),
        "MessageGroupId": f"{page.program_id}/{page.lane}",
        "DelaySeconds": int(min(page.delay, DELAY_MAX).total_seconds()),
    }


def _page(message: Mapping[str, Any]) -> WorkPage:
    return WorkPage(
        program_id=message["program_id"],
        lane=message["lane"],
        items=tuple(message["items"]),
        cause=message.get("cause"),
        hops=message.get("hops", 0),
    )
