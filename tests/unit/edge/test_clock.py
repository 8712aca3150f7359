"""The clock: real, but where a cloud on one machine moves it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.clock import Clock
from loyalty.edge import clock
from loyalty.edge.settings import settings

MOMENT: timedelta = timedelta(seconds=2)
MARCH: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_settings() -> Iterator[None]:
    """Read the function's settings again in each test."""
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def movable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of a local cloud, by which this function goes."""
    movable = Clock(tmp_path / "clock")
    monkeypatch.setenv("LOYALTY_CLOCK_FILE", str(movable.file))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    return movable


def test_a_function_that_is_told_nothing_goes_by_real_time() -> None:
    assert abs(clock.now() - datetime.now(UTC)) < MOMENT


def test_a_local_cloud_s_clock_is_right_until_it_is_moved(movable: Clock) -> None:
    assert abs(clock.now() - datetime.now(UTC)) < MOMENT
    assert abs(movable.now() - datetime.now(UTC)) < MOMENT


def test_a_warm_function_sees_each_move_and_time_goes_on_from_there(movable: Clock) -> None:
    movable.move_to(MARCH)
    assert timedelta() <= clock.now() - MARCH < MOMENT

    movable.move_to(MARCH + timedelta(days=30))
    assert timedelta() <= clock.now() - MARCH - timedelta(days=30) < MOMENT
    assert abs(movable.now() - clock.now()) < MOMENT

    movable.set_right()
    assert abs(clock.now() - datetime.now(UTC)) < MOMENT


@pytest.mark.parametrize(
    "endpoint",
    [None, "https://dynamodb.eu-west-1.amazonaws.com", "http://127.0.0.1.example.com", ""],
)
def test_a_clock_that_can_be_moved_is_refused_where_aws_answers(
    endpoint: str | None, movable: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    movable.move_to(MARCH)
    if endpoint is None:
        monkeypatch.delenv("AWS_ENDPOINT_URL")
    else:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)

    with pytest.raises(clock.ClockRefused):
        clock.now()
