"""The lake that the bench draws answers every report, so that a bench runs to its end."""

from pathlib import Path

import pytest

from bench import reports as bench
from bench.lake import draw
from bench.segments import costs
from loyalty.lake import reports

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lake")
    draw(folder, members=300, entries=5_000)
    return folder


@pytest.mark.parametrize("name", reports.names())
def test_every_report_has_rows_over_the_generated_lake(
    name: str, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "RUNS", 1)

    run = bench.run(name, lake)

    assert run.rows > 0
    assert run.fetched_bytes > 0


def test_runs_that_find_who_is_in_segments_have_something_to_write(lake: Path) -> None:
    first, next_day = costs(lake)

    assert first.memberships >= first.writes > next_day.writes > 0
