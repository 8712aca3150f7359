"""The inbox lists what it keeps by the time it was received, however much there is."""

from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import cast

import pytest

from local.memory import MemoryEngine
from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.shops.deliveries import StoredDelivery, log_time
from loyalty.domain.shops.storefront import Delivery
from loyalty.table.inbox import CONTENT_BYTES_MAX, InboxSearch, TableInbox
from loyalty.table.operations import Delete
from tests.support.received import delivery

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
MONTH_AGO = NOW - timedelta(days=30)
DELIVERY = delivery()
# Nothing of it can be compressed.
LARGE = delivery(Random(1).randbytes(2 * CONTENT_BYTES_MAX))  # no secret


class Bucket:
    """A bucket for large deliveries, in memory."""

    def __init__(self) -> None:
        self.contents: dict[StoredDelivery, bytes] = {}

    def keep(self, delivery: StoredDelivery, content: bytes) -> None:
        self.contents[delivery] = content

    def read(self, delivery: StoredDelivery) -> bytes | None:
        return self.contents.get(delivery)

    def erase(self, delivery: StoredDelivery) -> None:
        self.contents.pop(delivery, None)


@pytest.fixture
def engine() -> MemoryEngine:
    return MemoryEngine()


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def inbox(engine: MemoryEngine, bucket: Bucket) -> TableInbox:
    return TableInbox(engine, large=bucket)


@pytest.fixture
def search(engine: MemoryEngine, bucket: Bucket) -> InboxSearch:
    return InboxSearch(engine, large=bucket, program_id="bean")


_numbers = count(1)


def keep(
    inbox: TableInbox,
    *,
    received_at: datetime,
    storefront_id: str = "online",
    content: Delivery = DELIVERY,
) -> StoredDelivery:
    number = next(_numbers)
    stored_delivery = StoredDelivery(
        program_id="bean",
        storefront_id=storefront_id,
        received_at=received_at,
        delivery_id=f"{number:040x}",
        group=f"{number:032x}",
    )
    inbox.keep(stored_delivery, content)
    return stored_delivery


def newest_first(inbox: TableInbox, *, limit: int) -> list[list[StoredDelivery]]:
    """All pages; fails if there are more than there can be."""
    pages = []
    before, before_id = NOW + timedelta(minutes=1), None
    for _ in range(50):
        page = inbox.newest(
            "bean",
            "online",
            since=MONTH_AGO,
            before=before,
            before_id=before_id,
            limit=limit,
        )
        pages.append(list(page.items))
        if page.next is None:
            return pages
        before, before_id = page.items[-1].received_at, page.next
    raise AssertionError("the list does not end")


@pytest.mark.parametrize("limit", [1, 7, 10])
@pytest.mark.parametrize(
    "ages",
    [
        [],
        [0.0],
        [minutes * 60.0 for minutes in range(23)],
        # A burst within a second, a month ago, or a moment ago, or both.
        [0.01 * each for each in range(24)],
        [29 * 86_400 + 0.01 * each for each in range(24)],
        [0.01 * each for each in range(12)] + [20 * 86_400 + 0.01 * each for each in range(12)],
        # Some in the very same microsecond.
        [5.0] * 9,
    ],
    ids=["none", "one", "evenly", "now", "long ago", "twice", "at once"],
)
def test_pages_from_newest_to_oldest_list_each_delivery_once(
    inbox: TableInbox, ages: list[float], limit: int
) -> None:
    deliveries = [keep(inbox, received_at=NOW - timedelta(seconds=age)) for age in ages]
    keep(inbox, received_at=NOW, storefront_id="online-2")
    keep(inbox, received_at=MONTH_AGO - timedelta(seconds=1))

    pages = newest_first(inbox, limit=limit)

    expected = sorted(deliveries, key=lambda each: each.log_id, reverse=True)
    assert [each for page in pages for each in page] == expected
    assert all(len(page) <= limit for page in pages)
    assert all(pages) or not deliveries


def test_pages_from_oldest_to_newest_list_each_delivery_once(inbox: TableInbox) -> None:
    deliveries = [keep(inbox, received_at=NOW + timedelta(seconds=second)) for second in range(23)]
    found: list[StoredDelivery] = []
    since = log_time(NOW)
    while True:
        page = inbox.oldest(
            "bean",
            "online",
            since=since,
            before=log_time(NOW + timedelta(seconds=20)),
            limit=10,
        )
        found += page.items
        if page.next is None:
            break
        since = f"{page.next}~"

    assert found == deliveries[:20]


@pytest.mark.parametrize("content", [DELIVERY, LARGE], ids=["small", "large"])
def test_a_delivery_is_found_by_its_id_and_read_unchanged(
    inbox: TableInbox, bucket: Bucket, content: Delivery
) -> None:
    stored = keep(inbox, received_at=NOW, content=content)

    assert inbox.find("bean", "online", stored.log_id) == stored
    assert inbox.find("bean", "online", stored.log_id[:-1]) is None
    assert inbox.find("bean", "online", "not an id") is None
    assert inbox.read(stored) == content
    assert (stored in bucket.contents) == (content is LARGE)


def test_a_delivery_that_expired_reads_as_none(inbox: TableInbox, engine: MemoryEngine) -> None:
    stored = keep(inbox, received_at=NOW)
    ((key, item),) = engine.items.items()
    assert datetime.fromtimestamp(cast("int", item["ttl"]), UTC) == NOW + timedelta(days=30)

    engine.write([Delete(key)])

    assert inbox.read(stored) is None
    assert inbox.find("bean", "online", stored.log_id) is None


def test_a_large_delivery_whose_content_expired_reads_as_none(
    inbox: TableInbox, bucket: Bucket
) -> None:
    stored = keep(inbox, received_at=NOW, content=LARGE)

    bucket.contents.clear()

    assert inbox.read(stored) is None


class TestErasing:
    def test_leaves_the_matching_delivery_without_content(
        self, inbox: TableInbox, search: InboxSearch, bucket: Bucket
    ) -> None:
        small, large, other = (
            keep(inbox, received_at=NOW, content=content)
            for content in (DELIVERY, LARGE, delivery(b"other"))
        )

        rest = search.erase(
            start=None, is_about=lambda each: each.body != b"other", until=lambda: False
        )

        assert rest is None
        assert (search.searched, search.erased) == (3, 2)
        assert [inbox.read(each) is None for each in (small, large, other)] == [True, True, False]
        assert bucket.contents == {}
        assert len(newest_first(inbox, limit=10)[0]) == 3

    def test_continues_where_its_time_was_up(
        self, inbox: TableInbox, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("loyalty.table.inbox.SEARCHED_AT_ONCE", 2)
        for second in range(23):
            keep(inbox, received_at=NOW + timedelta(seconds=second))
        keep(inbox, received_at=NOW, storefront_id="till")
        searched, parts, start = 0, 0, None
        while True:
            search = InboxSearch(engine, large=Bucket(), program_id="bean")
            start = search.erase(start=start, is_about=lambda _: True, until=lambda: True)
            searched, parts = searched + search.searched, parts + 1
            if start is None:
                break

        assert searched == 24
        assert parts > 2
        assert all("content" not in item for item in engine.items.values())

    def test_looks_at_no_other_program(self, inbox: TableInbox, engine: MemoryEngine) -> None:
        stored = keep(inbox, received_at=NOW)

        search = InboxSearch(engine, large=Bucket(), program_id="leaf")
        search.erase(start=None, is_about=lambda _: True, until=lambda: False)

        assert inbox.read(stored) == DELIVERY


def test_the_last_refusal_is_noted_at_most_every_ten_minutes(inbox: TableInbox) -> None:
    assert inbox.refused_at("bean", "online") is None

    for minutes in (0, 5, 9):
        received_at = NOW + timedelta(minutes=minutes)
        inbox.note_refused("bean", "online", received_at=received_at)
    assert inbox.refused_at("bean", "online") == NOW

    inbox.note_refused("bean", "online", received_at=NOW + timedelta(minutes=10))
    assert inbox.refused_at("bean", "online") == NOW + timedelta(minutes=10)
    assert inbox.refused_at("bean", "till") is None
    assert newest_first(inbox, limit=10) == [[]]


def test_a_delivery_is_refused_even_if_that_cannot_be_noted() -> None:
    class Down(MemoryEngine):
        def write(self, _operations: object) -> None:
            raise TryAgain

    TableInbox(Down(), large=Bucket()).note_refused("bean", "online", received_at=NOW)
