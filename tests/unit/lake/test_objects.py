"""Facts written to the lake and brought to a function's disk."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from loyalty.domain.facts import Fact, facts_of
from loyalty.domain.kernel.errors import TooLarge, TryAgain
from loyalty.lake.mirror import ATTEMPTS_MAX, Mirror
from loyalty.lake.objects import Lake
from tests.support.bucket import Bucket
from tests.support.ledger import LOT, NOON, accrual, change, order

MORNING_AFTER = datetime(2026, 11, 22, 0, 30, tzinfo=UTC)


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def lake(bucket: Bucket) -> Lake:
    return Lake(bucket.client, bucket="lake")


@pytest.fixture
def mirror(bucket: Bucket, tmp_path: Path) -> Mirror:
    return Mirror(bucket.client, bucket="lake", root=tmp_path / "mirror")


def facts(order_id: str = "1001", *, recorded_at: datetime = NOON) -> list[Fact]:
    return list(facts_of(change(accrual(order(order_id), recorded_at=recorded_at))))


def files(folder: Path, kind: str) -> list[bytes]:
    return sorted(gzip.decompress(path.read_bytes()) for path in (folder / kind).iterdir())


def test_facts_lie_by_kind_program_and_day(bucket: Bucket, lake: Lake) -> None:
    lake.write(facts() + facts("1002", recorded_at=MORNING_AFTER), name="1-2")

    assert sorted(bucket.objects) == [
        f"facts/{kind}/program=bean/day={day}/1-2.jsonl.gz"
        for kind in ("entries", "orders")
        for day in ("2026-11-21", "2026-11-22")
    ]


def test_a_row_has_instants_in_utc_and_leaves_out_what_there_is_not(
    bucket: Bucket, lake: Lake
) -> None:
    lake.write(facts(), name="1-1")

    body = bucket.objects["facts/entries/program=bean/day=2026-11-21/1-1.jsonl.gz"]
    (row,) = [json.loads(line) for line in gzip.decompress(body).splitlines()]
    assert row["counted_at"] == "2026-11-21T12:00:00.000000Z"
    assert row["movements"] == [{"place": "lot", "expires_on": LOT.isoformat(), "points": 49}]
    assert "redemption_id" not in row


def test_the_same_batch_again_is_the_same_object(bucket: Bucket, lake: Lake) -> None:
    lake.write(facts(), name="1-1")
    first = dict(bucket.objects)

    lake.write(facts(), name="1-1")

    assert bucket.objects == first


def test_a_program_s_facts_are_brought_and_nobody_else_s(
    bucket: Bucket, lake: Lake, mirror: Mirror
) -> None:
    lake.write(facts(), name="1-1")
    for key in list(bucket.objects):
        bucket.objects[key.replace("program=bean/", "program=bean-2/")] = b"another's"

    folder = mirror.fetch("bean", {"entries", "orders"})

    assert len(files(folder, "entries")) == len(files(folder, "orders")) == 1
    assert not (folder / "members").exists()
    assert not any("bean-2" in key for key in bucket.fetched)


def test_what_is_there_already_is_not_fetched_again(
    bucket: Bucket, lake: Lake, mirror: Mirror
) -> None:
    lake.write(facts(), name="1-1")
    mirror.fetch("bean", {"entries"})
    lake.write(facts("1002"), name="2-2")
    bucket.fetched.clear()

    folder = mirror.fetch("bean", {"entries"})

    assert bucket.fetched == ["facts/entries/program=bean/day=2026-11-21/2-2.jsonl.gz"]
    assert len(files(folder, "entries")) == 2


def test_objects_deleted_from_the_lake_are_deleted_from_the_disk(
    bucket: Bucket, lake: Lake, mirror: Mirror
) -> None:
    lake.write(facts(), name="1-1")
    mirror.fetch("bean", {"entries"})
    bucket.objects.clear()

    folder = mirror.fetch("bean", {"entries"})

    assert files(folder, "entries") == []


def test_a_rewritten_object_is_fetched_again(bucket: Bucket, lake: Lake, mirror: Mirror) -> None:
    lake.write(facts(), name="1-1")
    before = files(mirror.fetch("bean", {"entries"}), "entries")
    lake.write(facts("1002"), name="1-1")

    after = files(mirror.fetch("bean", {"entries"}), "entries")

    assert len(after) == 1
    assert after != before


def test_a_download_that_was_broken_off_is_no_fact(
    bucket: Bucket, lake: Lake, mirror: Mirror
) -> None:
    lake.write(facts(), name="1-1")
    folder = mirror.fetch("bean", {"entries"})
    (whole,) = (folder / "entries").iterdir()
    (folder / "entries" / "broken.part").write_bytes(b"half")
    whole.unlink()

    mirror.fetch("bean", {"entries"})

    assert list((folder / "entries").iterdir()) == [whole]


def test_facts_that_are_folded_while_they_are_fetched_are_looked_for_again(
    bucket: Bucket, lake: Lake, mirror: Mirror
) -> None:
    lake.write(facts(), name="1-1")
    lake.write(facts("1002"), name="2-2")
    bucket.vanishing = {"facts/entries/program=bean/day=2026-11-21/1-1.jsonl.gz"}

    folder = mirror.fetch("bean", {"entries"})

    assert len(files(folder, "entries")) == 1


def test_a_lake_that_never_holds_still_is_asked_a_bounded_number_of_times(
    bucket: Bucket, lake: Lake, mirror: Mirror
) -> None:
    lake.write(facts(), name="1-1")
    bucket.is_restless = True

    with pytest.raises(TryAgain):
        mirror.fetch("bean", {"entries"})

    assert len(bucket.fetched) == ATTEMPTS_MAX


def test_another_program_makes_way_when_the_disk_is_full(
    bucket: Bucket, lake: Lake, tmp_path: Path
) -> None:
    lake.write(facts(), name="1-1")
    for key, body in list(bucket.objects.items()):
        bucket.objects[key.replace("program=bean", "program=leaf")] = body
    size = len(bucket.objects["facts/entries/program=bean/day=2026-11-21/1-1.jsonl.gz"])
    mirror = Mirror(bucket.client, bucket="lake", root=tmp_path, bytes_max=size + 1)
    mirror.fetch("leaf", {"entries"})

    mirror.fetch("bean", {"entries"})

    assert [path.name for path in tmp_path.iterdir()] == ["bean"]


def test_facts_that_do_not_fit_on_the_disk_are_refused(
    bucket: Bucket, lake: Lake, tmp_path: Path
) -> None:
    lake.write(facts(), name="1-1")
    mirror = Mirror(bucket.client, bucket="lake", root=tmp_path, bytes_max=10)

    with pytest.raises(TooLarge):
        mirror.fetch("bean", {"entries"})

    assert bucket.fetched == []
