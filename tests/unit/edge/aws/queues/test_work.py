"""Pages of work on a queue: how many led to one, and where a loop ends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from loyalty.domain.kernel.errors import TryAgain
from loyalty.edge.aws.queues.work import HOPS_MAX, EndlessLoopError, PageQueue, work
from loyalty.usecases.work_pages import WorkPage

PAGE = WorkPage(program_id="bean", lane="shards", items=("one",))


class Sqs:
    """Keeps what is sent, as the messages of an event."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        assert operation == "SendMessageBatch"
        self.records += [
            {
                "messageId": each["Id"],
                "body": each["MessageBody"],
                "attributes": {"ApproximateReceiveCount": "1"},
                "eventSource": "aws:sqs",
            }
            for each in parameters["Entries"]
        ]
        return {}


@pytest.fixture
def sqs() -> Sqs:
    return Sqs()


@pytest.fixture
def pages(sqs: Sqs) -> PageQueue:
    return PageQueue(sqs, url="queue")


def work_off(sqs: Sqs, pages: PageQueue) -> Any:
    """Work off what is in the queue with a function that sends each page once more."""
    records, sqs.records = sqs.records, []
    return work(
        {"Records": records},
        take=lambda _page, _item: pages.send([PAGE]),
        pages=pages,
    )


def hops(sqs: Sqs) -> list[int]:
    return [json.loads(record["body"]).get("hops", 0) for record in sqs.records]


def test_a_page_counts_the_pages_that_led_to_it(sqs: Sqs, pages: PageQueue) -> None:
    pages.send([PAGE, PAGE])
    found = [hops(sqs)]
    for _ in range(3):
        work_off(sqs, pages)
        found.append(hops(sqs))

    assert found == [[0, 0], [1, 1], [2, 2], [3, 3]]


def test_a_loop_ends_in_the_dead_letters(sqs: Sqs, pages: PageQueue) -> None:
    pages.send([WorkPage(program_id="bean", lane="shards", items=("one",), hops=HOPS_MAX)])

    # First it is put apart with its cause, then it is given back to the queue as failed.
    assert work_off(sqs, pages) == {"batchItemFailures": []}
    (apart,) = sqs.records
    assert json.loads(apart["body"])["hops"] == HOPS_MAX
    assert json.loads(apart["body"])["cause"]["kind"] == EndlessLoopError.__name__
    assert work_off(sqs, pages) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert sqs.records == []


def test_a_page_beyond_the_end_of_a_loop_is_not_sent(sqs: Sqs, pages: PageQueue) -> None:
    with pytest.raises(EndlessLoopError):
        pages.send([WorkPage(program_id="bean", lane="shards", items=("one",), hops=HOPS_MAX + 1)])

    assert sqs.records == []


def test_a_page_that_cannot_be_read_goes_back_and_holds_up_no_other(
    sqs: Sqs, pages: PageQueue
) -> None:
    unreadable = {
        "messageId": "torn",
        "body": "{",
        "attributes": {"ApproximateReceiveCount": "1"},
        "eventSource": "aws:sqs",
    }
    pages.send([PAGE])
    done: list[str] = []

    answer = work(
        {"Records": [unreadable, *sqs.records]},
        take=lambda _page, item: done.append(item),
        pages=pages,
    )

    assert answer == {"batchItemFailures": [{"itemIdentifier": "torn"}]}
    assert done == ["one"]


def test_an_item_that_fails_among_others_is_sent_again_alone_and_put_apart(
    sqs: Sqs, pages: PageQueue
) -> None:
    pages.send([WorkPage(program_id="bean", lane="members", items=("one", "two", "three"))])
    records, sqs.records = sqs.records, []
    done: list[str] = []
    put_apart: list[WorkPage] = []

    def take(_page: WorkPage, item: str) -> None:
        if item == "two":
            raise LookupError
        done.append(item)

    answer = work({"Records": records}, take=take, pages=pages, put_apart=put_apart.append)

    assert answer == {"batchItemFailures": []}
    assert done == ["one", "three"]
    assert [page.items for page in put_apart] == [("two",)]
    assert [json.loads(record["body"])["items"] for record in sqs.records] == [["two"]]


def test_a_page_goes_back_whole_if_a_service_is_out(sqs: Sqs, pages: PageQueue) -> None:
    """Otherwise each item would be on its own in the queue, where it has few attempts."""
    pages.send([WorkPage(program_id="bean", lane="members", items=("ana", "bob", "cid"))])
    records, sqs.records = sqs.records, []
    done: list[str] = []

    def take(_page: WorkPage, item: str) -> None:
        if item == "ana":
            raise TryAgain
        if item == "bob":
            raise LookupError
        done.append(item)

    answer = work({"Records": records}, take=take, pages=pages)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert done == ["cid"]
    assert sqs.records == []
