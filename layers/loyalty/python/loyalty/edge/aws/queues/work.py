"""Queues of pages: sent in batches, worked off one item at a time, what fails put apart.

Every message carries the group of its program and lane. SQS then serves quiet groups before one
that has filled the queue: a month's end in one program delays neither another program nor holds.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import replace
from datetime import timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.base import FailureResponse
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from loyalty.domain.kernel.errors import TryAgain
from loyalty.edge.logs import failure, logger
from loyalty.usecases.work_pages import WorkPage

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

# Limits of SendMessageBatch, and of DelaySeconds.
ENTRIES_MAX: Final = 10
DELAY_MAX: Final = timedelta(minutes=15)
ATTEMPTS_MAX: Final = 4

# Lambda's own detection of loops is off for functions that feed their own queue. The longest chain
# that ends by itself is that of a shard with ten million due members: 10,000 pages of 1,000.
HOPS_MAX: Final = 10_000

# The page that is worked on: what is sent meanwhile was led to by it, whoever sends it.
_taken: Final[ContextVar[WorkPage | None]] = ContextVar("taken", default=None)


class EndlessLoopError(RuntimeError):
    """A page led to more pages than any work of ours needs."""


class PageQueue:
    """Implements `Pages` over a standard queue."""

    def __init__(
        self, client: "SQSClient", *, url: str, pause: Callable[[int], None] = lambda _: None
    ) -> None:
        self._client = client
        self._url = url
        self._pause = pause

    def send(self, pages: Iterable[WorkPage]) -> None:
        """Send pages; when it raises, some of them may have arrived.

        Raises:
            TryAgain: the queue refused some of them every time.
            EndlessLoopError: more than `HOPS_MAX` pages led to this one; none of them is sent.
        """
        for some in batched(pages, ENTRIES_MAX, strict=False):
            self._send([_entry(number, page) for number, page in enumerate(some)])

    def _send(self, entries: "Sequence[SendMessageBatchRequestEntryTypeDef]") -> None:
        waiting = {entry["Id"]: entry for entry in entries}
        for attempt in range(1, ATTEMPTS_MAX + 1):
            answer = self._client.send_message_batch(
                QueueUrl=self._url, Entries=list(waiting.values())
            )
            waiting = {each["Id"]: waiting[each["Id"]] for each in answer.get("Failed", ())}
            if not waiting:
                return
            if attempt < ATTEMPTS_MAX:
                self._pause(attempt)
        raise TryAgain("The queue did not take everything")

    def waiting(self) -> int:
        name: Final = "ApproximateNumberOfMessages"
        answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=[name])
        return int(answer["Attributes"][name])


def work(
    event: dict[str, Any],
    context: LambdaContext,
    *,
    take: Callable[[WorkPage, str], None],
    pages: PageQueue,
    put_apart: Callable[[WorkPage], None] = lambda _: None,
    unnamed: Sequence[str] = (),
) -> PartialItemFailureResponse:
    """Work off messages of the queue, item by item; whatever fails holds up no other.

    An item that fails among others is sent again alone, with its cause, and `put_apart` is told.
    One that fails alone goes back to the queue, and in the end to the dead letters, cause and all.
    The items of lanes that are `unnamed` are no business of the log.
    """
    one_by_one = _OneByOne(unnamed=unnamed)
    answer = process_partial_response(
        event={"Records": list(_items(event["Records"]))},
        record_handler=lambda record: _take(take, record["page"], record.body),
        processor=one_by_one,
        context=context,
    )
    if one_by_one.apart:
        pages.send(one_by_one.apart)
    for page in one_by_one.apart:
        put_apart(page)
    return answer


def _take(take: Callable[[WorkPage, str], None], page: WorkPage, item: str) -> None:
    token = _taken.set(page)
    try:
        take(page, item)
    finally:
        _taken.reset(token)


class _OneByOne(BatchProcessor):
    """Takes items as if each were a message; reports only those that were alone on theirs."""

    def __init__(self, *, unnamed: Sequence[str]) -> None:
        # A batch of nothing but failures is no failure of the function.
        super().__init__(EventType.SQS, raise_on_entire_batch_failure=False)
        self.apart: list[WorkPage] = []
        self._unnamed = unnamed

    def failure_handler(self, record: Any, exception: Any) -> FailureResponse:
        page: WorkPage = record["page"]
        cause = failure(exception[1])
        logger.error(
            "item failed",
            message_id=record.message_id,
            program_id=page.program_id,
            lane=page.lane,
            item=None if page.lane in self._unnamed else record.body,
            is_alone=page.cause is not None,
            failure=cause,
        )
        if page.cause is not None:
            return super().failure_handler(record, exception)
        self.apart.append(replace(page, items=(record.body,), delay=timedelta(), cause=cause))
        return "fail", type(exception[1]).__qualname__, record


def _items(records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each item of each message as a message of its own."""
    for record in records:
        page = _page(SQSRecord(record).body)
        yield from (record | {"body": item, "page": page} for item in page.items)


def _hops(page: WorkPage) -> int:
    taken = _taken.get()
    hops = page.hops if taken is None else taken.hops + 1
    if hops > HOPS_MAX:
        raise EndlessLoopError(f"{hops} pages led to one of {page.program_id}/{page.lane}.")
    return hops


def _entry(number: int, page: WorkPage) -> "SendMessageBatchRequestEntryTypeDef":
    told = {"v": 1, "program_id": page.program_id, "lane": page.lane, "items": page.items}
    if page.cause is not None:
        told["cause"] = page.cause
    if hops := _hops(page):
        told["hops"] = hops
    return {
        "Id": str(number),
        "MessageBody": json.dumps(told, separators=(",", ":")),
        "MessageGroupId": f"{page.program_id}/{page.lane}",
        "DelaySeconds": int(min(page.delay, DELAY_MAX).total_seconds()),
    }


def _page(body: str) -> WorkPage:
    told = json.loads(body)
    return WorkPage(
        program_id=told["program_id"],
        lane=told["lane"],
        items=tuple(told["items"]),
        cause=told.get("cause"),
        hops=told.get("hops", 0),
    )
