from pathlib import Path
from typing import Never

import pytest

from local import __main__ as run
from local.failures import LocalCloudError


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A record of an earlier run, where this one will look for it."""
    record = tmp_path / "cloud.json"
    record.write_text("{}")
    monkeypatch.setattr(run, "RECORD", record)
    return record


def test_a_failure_shows_its_cause_and_where_the_log_is(
    record: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = tmp_path / "functions.log"
    error = '/loyalty/dev/intake {"level":"ERROR","message":"not applied"}'
    log.write_text(f'/loyalty/dev/intake {{"level":"INFO","message":"taken"}}\n{error}\n')

    def failing(**_: object) -> Never:
        raise LocalCloudError("The order was not earned.", log=log)

    monkeypatch.setattr(run, "require_free", lambda _: None)
    monkeypatch.setattr(run, "deployment", failing)

    status = run.main()

    assert status == 1
    assert capsys.readouterr().out.endswith(
        f"\nThe order was not earned.\n\n{error}\n\nThe log is {log}\n"
    )
    assert not record.exists()


def test_a_taken_port_leaves_the_record_of_the_cloud_that_has_it(
    record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(_: int) -> None:
        raise LocalCloudError("Port 4566 is taken by another program.")

    monkeypatch.setattr(run, "require_free", taken)

    status = run.main()

    assert status == 1
    assert record.exists()
