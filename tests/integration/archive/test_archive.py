"""The archive: every change of the books is in the lake, under a name that a repeat has too."""

import copy
import gzip
import json
from typing import Any, Final

import boto3
import pytest
from botocore.exceptions import ClientError

from functions.archive import handler as archive
from loyalty.domain.program.document import PublishedProgram
from tests.integration.conftest import TABLE
from tests.support import till
from tests.support.http import Context
from tests.support.stream import Record, batch, records

ELSEWHERE: Final = {"CURRENT", "IDENTITY", "PROFILE", "VERSION#1"}


@pytest.fixture
def changes(program: PublishedProgram) -> list[Record]:
    """The stream after Ana enrolled, earned 49 and had a latte."""
    ana = till.enroll()
    till.earn(ana, 4999, order_id="1001")
    till.redeem(ana)
    return records(TABLE)


def archived(changes: list[Record]) -> list[str]:
    """The sequence numbers to begin again from."""
    answer = archive.handler(batch(changes), Context())
    return [failed["itemIdentifier"] for failed in answer["batchItemFailures"]]


def lake() -> dict[str, bytes]:
    s3 = boto3.client("s3")
    objects = s3.list_objects_v2(Bucket="lake").get("Contents", ())
    return {
        each["Key"]: s3.get_object(Bucket="lake", Key=each["Key"])["Body"].read()
        for each in objects
    }


def rows(kind: str) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for key, body in lake().items()
        if key.startswith(f"facts/{kind}/")
        for line in gzip.decompress(body).splitlines()
    ]


def test_every_change_of_the_books_is_a_fact(changes: list[Record]) -> None:
    assert archived(changes) == []

    assert [row["entry_kind"] for row in rows("entries")] == ["accrual", "redemption"]
    assert [row["movements"][0]["points"] for row in rows("entries")] == [49, -40]
    assert [row["order_id"] for row in rows("orders")] == ["1001"]
    assert [row["state"] for row in rows("vouchers")] == ["issued"]
    assert [row["status"] for row in rows("members")] == ["active"]


def test_an_object_is_named_after_the_first_and_the_last_record(changes: list[Record]) -> None:
    first, last = (str(each["dynamodb"]["SequenceNumber"]) for each in (changes[0], changes[-1]))

    archived(changes)

    assert f"facts/entries/program=bean/day=2026-11-21/{first}-{last}.jsonl.gz" in lake()


def test_a_batch_delivered_again_changes_nothing_in_the_lake(changes: list[Record]) -> None:
    archived(changes)
    once = lake()

    archived(changes)

    assert lake() == once


def test_records_outside_the_books_are_not_facts(changes: list[Record]) -> None:
    others = [each for each in changes if each["dynamodb"]["Keys"]["sk"]["S"] in ELSEWHERE]
    assert len(others) == len(ELSEWHERE)

    assert archived(others) == []

    assert lake() == {}


def test_an_unreadable_record_is_named_and_earlier_records_are_written(
    changes: list[Record],
) -> None:
    broken = copy.deepcopy(changes)
    poison = next(
        each
        for each in broken
        if each["dynamodb"]["NewImage"].get("kind", {}).get("S") == "redemption"
    )
    del poison["dynamodb"]["NewImage"]["recorded_at"]

    again_from = archived(broken)

    assert again_from == [poison["dynamodb"]["SequenceNumber"]]
    assert [row["entry_kind"] for row in rows("entries")] == ["accrual"]


def test_a_lake_that_cannot_be_written_fails_the_batch(
    changes: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOYALTY_LAKE_BUCKET", "nowhere")

    with pytest.raises(ClientError, match="NoSuchBucket"):
        archived(changes)
