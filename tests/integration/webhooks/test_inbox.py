"""The inbox lists what it keeps by the time it was received, however much there is."""

from datetime import UTC, datetime, timedelta
from itertools import count

import boto3
import pytest

from loyalty.domain.shops.deliveries import StoredDelivery, log_time
from loyalty.edge.aws import inbox as module
from loyalty.edge.aws.inbox import S3Inbox
from tests.support.received import delivery

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
MONTH_AGO = NOW - timedelta(days=30)
DELIVERY = delivery()


@pytest.fixture
def inbox() -> S3Inbox:
    return S3Inbox(boto3.client("s3"), bucket="inbox")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if S3 listed ten in a call."""
    monkeypatch.setattr(module, "LISTED_AT_ONCE_MAX", 10)


_numbers = count(1)


def keep(inbox: S3Inbox, *, received_at: datetime, storefront_id: str = "online") -> StoredDelivery:
    number = next(_numbers)
    stored_delivery = StoredDelivery(
        program_id="bean",
        storefront_id=storefront_id,
        received_at=received_at,
        delivery_id=f"{number:040x}",
        group=f"{number:032x}",
    )
    inbox.keep(stored_delivery, DELIVERY)
    return stored_delivery


def newest_first(inbox: S3Inbox, *, limit: int) -> list[list[StoredDelivery]]:
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
    inbox: S3Inbox, ages: list[float], limit: int
) -> None:
    deliveries = [keep(inbox, received_at=NOW - timedelta(seconds=age)) for age in ages]
    keep(inbox, received_at=NOW, storefront_id="online-2")
    keep(inbox, received_at=MONTH_AGO - timedelta(seconds=1))

    pages = newest_first(inbox, limit=limit)

    expected = sorted(deliveries, key=lambda each: each.log_id, reverse=True)
    assert [each for page in pages for each in page] == expected
    assert all(len(page) <= limit for page in pages)
    assert all(pages) or not deliveries


def test_the_newest_deliveries_of_a_burst_are_found_in_few_calls(
    inbox: S3Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(100):
        keep(inbox, received_at=NOW - timedelta(milliseconds=number))
    calls = 0
    between = S3Inbox._between

    def counted(self: S3Inbox, *arguments: object) -> object:
        nonlocal calls
        calls += 1
        return between(self, *arguments)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(S3Inbox, "_between", counted)

    page = inbox.newest("bean", "online", since=MONTH_AGO, before=NOW, before_id=None, limit=5)

    assert len(page.items) == 5
    # A month in milliseconds is 2 ** 31.
    assert calls <= 32


def test_pages_from_oldest_to_newest_list_each_delivery_once(inbox: S3Inbox) -> None:
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


def test_an_object_that_is_not_a_delivery_is_skipped(inbox: S3Inbox) -> None:
    delivery = keep(inbox, received_at=NOW)
    for name in ("notes.txt", "20261121T100000000000Z.x.y.json", "99999999T999999999999Z.json"):
        boto3.client("s3").put_object(Bucket="inbox", Key=f"bean/online/{name}", Body=b"")

    assert newest_first(inbox, limit=10) == [[delivery]]


def test_a_delivery_is_found_by_its_id_and_read_unchanged(inbox: S3Inbox) -> None:
    delivery = keep(inbox, received_at=NOW)

    assert inbox.find("bean", "online", delivery.log_id) == delivery
    assert inbox.find("bean", "online", delivery.log_id[:-1]) is None
    assert inbox.read(delivery) == DELIVERY


def test_a_deleted_delivery_reads_as_none(inbox: S3Inbox) -> None:
    delivery = keep(inbox, received_at=NOW)
    boto3.client("s3").delete_object(
        Bucket="inbox", Key=f"bean/online/{delivery.log_id}.{delivery.group}.json"
    )

    assert inbox.read(delivery) is None
    assert inbox.find("bean", "online", delivery.log_id) is None


def test_the_last_refusal_is_noted_at_most_every_ten_minutes(inbox: S3Inbox) -> None:
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
    inbox = S3Inbox(boto3.client("s3"), bucket="no-such-bucket")

    inbox.note_refused("bean", "online", received_at=NOW)
