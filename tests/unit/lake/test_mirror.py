"""Of large objects only the columns come to a function's disk that a report asks for."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from loyalty.domain.kernel.errors import TooLarge
from loyalty.lake.mirror import Mirror
from loyalty.lake.objects import Lake
from loyalty.lake.parquet import joined
from tests.support.lake import Home
from tests.support.ledger import NOON, accrual, change, order

pytestmark = pytest.mark.usefixtures("by_columns")

FOLDED: str = "facts/orders/program=bean/month=2026-11/2026-11.parquet"
AFTER: datetime = datetime(2027, 1, 9, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A month of orders, folded."""
    home = Home(tmp_path)
    # Ids that take room, however well they are packed.
    ids = [sha256(str(number).encode()).hexdigest() for number in range(2000)]
    home.write([change(accrual(order(order_id))) for order_id in ids], name="1-2000")
    home.fold(now=AFTER)
    home.bucket.fetched.clear()
    home.bucket.fetched_bytes = 0
    return home


@pytest.fixture
def mirror(home: Home, tmp_path: Path) -> Mirror:
    return Mirror(home.bucket.client, bucket="lake", root=tmp_path / "mirror")


def fetched(mirror: Mirror, *names: str) -> Path:
    folder = mirror.fetch("bean", {"orders"}, columns={"orders": names})
    (path,) = (folder / "orders").iterdir()
    return path


def total(path: Path, name: str) -> int:
    with duckdb.connect() as connected:
        (found,) = connected.sql(f"SELECT count(DISTINCT {name}) FROM '{path}'").fetchall()  # noqa: S608  # ours
    return int(found[0])


def test_a_column_is_fetched_without_the_others(home: Home, mirror: Mirror) -> None:
    path = fetched(mirror, "order_id")

    assert total(path, "order_id") == 2000
    assert path.stat().st_size == len(home.bucket.objects[FOLDED])
    assert home.bucket.fetched_bytes < path.stat().st_size * 2 / 3


def test_a_column_that_was_not_fetched_cannot_be_read(mirror: Mirror) -> None:
    path = fetched(mirror, "order_id")

    with pytest.raises(duckdb.Error):
        total(path, "fact_id")


def test_a_further_column_is_fetched_when_it_is_asked_for(home: Home, mirror: Mirror) -> None:
    fetched(mirror, "order_id")
    before = home.bucket.fetched_bytes

    path = fetched(mirror, "order_id", "source")

    assert (total(path, "order_id"), total(path, "source")) == (2000, 1)
    assert 0 < home.bucket.fetched_bytes - before < before


def test_columns_that_are_there_are_not_fetched_again(home: Home, mirror: Mirror) -> None:
    fetched(mirror, "order_id", "source")
    home.bucket.fetched.clear()

    fetched(mirror, "order_id")
    fetched(mirror, "source")

    assert home.bucket.fetched == []


def test_without_named_columns_all_columns_are_fetched(home: Home, mirror: Mirror) -> None:
    path = fetched(mirror, "order_id")

    mirror.fetch("bean", {"orders"})

    assert total(path, "fact_id") == total(path, "order_id") == 2000


def test_a_column_that_older_objects_do_not_have_is_not_waited_for(
    home: Home, mirror: Mirror
) -> None:
    fetched(mirror, "order_id", "invented")
    home.bucket.fetched.clear()

    fetched(mirror, "order_id", "invented")

    assert home.bucket.fetched == []


def test_where_facts_may_be_twice_what_tells_them_apart_is_fetched_too(
    home: Home, mirror: Mirror
) -> None:
    folded = fetched(mirror, "order_id")
    late = change(accrual(order("late"), recorded_at=NOON))
    Lake(home.bucket.client, bucket="lake").write(home.facts_of(late), name="late")

    mirror.fetch("bean", {"orders"}, columns={"orders": {"order_id"}})

    assert total(folded, "fact_id") == 2000


def test_an_object_that_is_replaced_between_two_requests_is_looked_for_again(
    home: Home, mirror: Mirror
) -> None:
    fetched(mirror, "order_id")
    home.write([change(accrual(order("late")))], name="late")
    home.fold(now=AFTER)

    path = fetched(mirror, "order_id", "source")

    assert total(path, "order_id") == 2001


def test_an_object_that_vanishes_while_it_is_fetched_is_looked_for_again(
    home: Home, mirror: Mirror
) -> None:
    home.bucket.vanishing = {FOLDED}

    folder = mirror.fetch("bean", {"orders"}, columns={"orders": {"order_id"}})

    assert list((folder / "orders").iterdir()) == []


def test_what_was_not_fetched_takes_no_room(home: Home, tmp_path: Path) -> None:
    size = len(home.bucket.objects[FOLDED])
    small = Mirror(home.bucket.client, bucket="lake", root=tmp_path / "small", bytes_max=size // 2)

    assert total(fetched(small, "source"), "source") == 1


def test_columns_of_other_reports_make_way_when_the_disk_is_full(
    home: Home, tmp_path: Path
) -> None:
    size = len(home.bucket.objects[FOLDED])
    root, room_bytes = tmp_path / "small", size * 3 // 4
    small = Mirror(home.bucket.client, bucket="lake", root=root, bytes_max=room_bytes)
    fetched(small, "fact_id")

    path = fetched(small, "order_id", "source")

    assert total(path, "order_id") == 2000
    with pytest.raises(duckdb.Error):
        total(path, "fact_id")


def test_columns_that_do_not_fit_on_the_disk_are_refused(home: Home, tmp_path: Path) -> None:
    root, room_bytes = tmp_path / "small", len(home.bucket.objects[FOLDED]) * 3 // 4
    small = Mirror(home.bucket.client, bucket="lake", root=root, bytes_max=room_bytes)

    with pytest.raises(TooLarge):
        fetched(small, "fact_id", "order_id")


def test_spans_that_lie_close_are_one_request() -> None:
    assert joined([(90, 100), (0, 10), (12, 20), (15, 17)], gap_bytes_max=2) == [
        (0, 20),
        (90, 100),
    ]
