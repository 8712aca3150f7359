"""Compaction: what the archive wrote is folded every hour, and every report says the same."""

import json
from datetime import UTC, datetime
from typing import Final

import boto3
import pytest

from loyalty.domain.program.document import PublishedProgram
from loyalty.lake import day_sums
from tests.integration.conftest import Clock
from tests.integration.lakeside import answers, archived, compact
from tests.support import till

pytestmark = pytest.mark.usefixtures("disk")

# Together they read every kind of facts.
REPORTS: Final = ("summary", "lifetime_value", "liability", "rewards", "tiers")
NEXT_MONTH: Final = datetime(2026, 12, 3, 0, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def busy(program: PublishedProgram) -> None:
    """Ana buys twice and has a latte, Bob is merged into her, Eve is erased; all archived."""
    ana, bob, eve = till.enroll(), till.enroll("bob@example.com"), till.enroll("eve@example.com")
    for number, member_id in enumerate((ana, ana, bob, eve)):
        till.earn(member_id, 4999, order_id=f"{number}")
    till.redeem(ana)
    till.merge(bob, into=ana)
    till.erase(eve)
    archived(at_once=5)


# What is not facts.
OTHERS: Final = ("facts/touched/", "facts/neighbors/")


def folded_objects() -> list[str]:
    return [key.rpartition("/")[2] for key in objects() if not key.startswith(OTHERS)]


def objects() -> list[str]:
    listed = boto3.client("s3").list_objects_v2(Bucket="lake", Prefix="facts/")
    return [each["Key"] for each in listed.get("Contents", ())]


def test_an_hour_s_objects_become_one_for_each_kind_and_reports_stay_the_same() -> None:
    before, scattered = answers(*REPORTS), len(objects())

    assert compact() == []

    folded = folded_objects()
    assert folded == ["2026-11-21-10.parquet"] * 5
    assert scattered > 2 * len(folded)
    assert answers(*REPORTS) == before


def test_a_month_that_is_over_becomes_one_object_and_reports_stay_the_same(time: Clock) -> None:
    compact()
    time.now = NEXT_MONTH
    before = answers(*REPORTS)

    assert compact() == []

    assert set(folded_objects()) == {"2026-11.parquet"}
    assert answers(*REPORTS) == before


def test_a_large_month_that_is_over_is_summed_up_and_reports_stay_the_same(
    time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_sums, "SUMMED_FROM_BYTES", 0)
    before = answers("summary", "liability")
    time.now = NEXT_MONTH

    assert compact() == []

    assert len([key for key in objects() if "/daily/" in key]) == 1
    assert answers("summary", "liability") == before


def test_a_run_that_finds_nothing_writes_nothing() -> None:
    compact()
    folded = objects()

    assert compact() == []

    assert objects() == folded


def test_a_kind_that_cannot_be_folded_holds_up_no_other() -> None:
    broken = "facts/vouchers/program=bean/day=2026-11-21/broken.jsonl.gz"
    boto3.client("s3").put_object(Bucket="lake", Key=broken, Body=b"no gzip")

    failed = compact()

    # Which rewards go with what cannot be found either.
    lanes = {json.loads(message["body"])["lane"] for message in failed}
    assert lanes == {"neighbors", "vouchers"}
    assert broken in objects()
    assert not [key for key in objects() if "/entries/" in key and not key.endswith(".parquet")]
