"""Which cloud of a checkout the commands beside `make run` find."""

from pathlib import Path

import pytest

from local import record as records
from local.record import Record, find_record, read_record, remove_stale_records, write_record


def record(port: int) -> Record:
    return {
        "api_url": f"http://127.0.0.1:{port}/_aws/execute-api/a/$default",
        "program_id": "bean-and-leaf",
        "tokens": {},
        "member_id": "mem_1",
        "storefront": {"id": "shop", "platform": "shopify", "secret": "s"},
    }


@pytest.fixture
def living(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Ports on which a cloud answers."""
    living: set[int] = set()
    monkeypatch.setattr(records, "is_up", lambda port: port in living)
    return living


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cloud.json"


def test_the_first_cloud_is_the_one_that_commands_find(path: Path, living: set[int]) -> None:
    living.add(4600)

    assert write_record(path, record(4600)) == path
    assert find_record(path, port=None) == record(4600)
    assert find_record(path, port=4600) == record(4600)


def test_a_second_cloud_leaves_the_first_ones_record_alone(path: Path, living: set[int]) -> None:
    living |= {4566, 4600}
    write_record(path, record(4566))

    second = write_record(path, record(4600))

    assert second.name == "cloud-4600.json"
    assert find_record(path, port=None) == record(4566)
    assert find_record(path, port=4600) == record(4600)
    assert find_record(path, port=4601) is None


def test_the_record_of_a_cloud_that_has_stopped_is_replaced(path: Path, living: set[int]) -> None:
    write_record(path, record(4566))
    living.add(4600)

    assert write_record(path, record(4600)) == path
    assert read_record(path) == record(4600)


def test_a_start_removes_the_records_of_stopped_clouds_only(path: Path, living: set[int]) -> None:
    living |= {4566, 4600, 4700}
    write_record(path, record(4566))
    written = write_record(path, record(4600))
    gone = write_record(path, record(4700))
    living.discard(4700)

    remove_stale_records(path)

    assert path.exists()
    assert written.exists()
    assert not gone.exists()


def test_nothing_is_found_where_no_cloud_was_started(path: Path) -> None:
    assert read_record(path) is None
    assert find_record(path, port=4566) is None
