"""Sums of closed months: reports answer by them as by the entries, whatever happens in between."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from loyalty.domain.changes import TableChange
from loyalty.lake import columns
from loyalty.lake.day_sums import DAILY
from loyalty.lake.keeper import Keeper
from loyalty.lake.mirror import Mirror
from loyalty.lake.objects import Lake
from tests.support.bucket import Killed
from tests.support.documents import program
from tests.support.lake import PARIS, Home, Row
from tests.support.ledger import NOON, accrual, change, order

NEXT_MONTH: Final = datetime(2026, 12, 3, 0, 5, tzinfo=UTC)
# Early in the morning in Paris, it is the evening before in New York.
EARLY: Final = NOON.replace(hour=1)
# Together they read all that sums have; every report is compared in `test_report_truth.py`.
COMPARED: Final = ("breakage", "trend")
DOCUMENT: Final = program(time_zone="Europe/Paris")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A month of three orders, folded once it is over."""
    home = Home(tmp_path)
    home.write([sold("1"), sold("2", moment=EARLY)], name="1-2")
    home.write([sold("3", moment=NOON + timedelta(days=2))], name="3-3")
    home.fold(now=NEXT_MONTH)
    return home


def sold(order_id: str, *, moment: datetime = NOON) -> TableChange:
    return change(accrual(order(order_id, occurred_at=moment), recorded_at=moment))


def answers(home: Home) -> list[Sequence[Row]]:
    return [home.rows(name, document=DOCUMENT) for name in COMPARED]


def sums(home: Home) -> list[str]:
    return sorted(key for key in home.bucket.objects if key.startswith("facts/daily/"))


def test_reports_on_a_month_that_is_summed_up_fetch_none_of_its_movements(home: Home) -> None:
    before = home.rows("liability", document=DOCUMENT)

    assert home.sum_up(DOCUMENT, now=NEXT_MONTH) == 1

    home.bucket.fetched.clear()
    assert home.rows("liability", document=DOCUMENT) == before != []
    assert [key for key in home.bucket.fetched if "/daily/" in key] == sums(home)
    mirror = Mirror(home.bucket.client, bucket="lake", root=home.root / "elsewhere")
    home.bucket.fetched.clear()
    mirror.fetch("bean", (DAILY,), columns=columns.read_by("liability"), zone=PARIS)
    assert home.bucket.fetched == sums(home)


def test_a_month_is_summed_up_once(home: Home) -> None:
    home.sum_up(DOCUMENT, now=NEXT_MONTH)
    written = dict(home.bucket.objects)

    assert home.sum_up(DOCUMENT, now=NEXT_MONTH) == 0

    assert home.bucket.objects == written


def test_a_late_entry_counts_before_its_month_is_summed_up_again(home: Home) -> None:
    home.sum_up(DOCUMENT, now=NEXT_MONTH)
    (outdated,) = sums(home)
    without = answers(home)
    home.write([sold("late")], name="late")
    late = answers(home)
    assert late != without

    home.fold(now=NEXT_MONTH)
    assert answers(home) == late
    assert home.sum_up(DOCUMENT, now=NEXT_MONTH) == 1

    assert answers(home) == late
    assert len(sums(home)) == 1
    assert sums(home) != [outdated]


def test_an_entry_that_is_written_again_counts_once(home: Home) -> None:
    home.sum_up(DOCUMENT, now=NEXT_MONTH)
    once = answers(home)

    home.write([sold("1")], name="again")

    assert answers(home) == once


def test_a_program_that_moves_has_the_days_of_its_new_time_zone(home: Home) -> None:
    home.sum_up(DOCUMENT, now=NEXT_MONTH)
    new_york = program(time_zone="America/New_York")
    there = ZoneInfo("America/New_York")
    mirror = Mirror(home.bucket.client, bucket="lake", root=home.root / "elsewhere")
    folder = mirror.fetch("bean", (DAILY,), zone=there)
    assert [path.name[:8] for path in (folder / DAILY).iterdir()] == ["2026-11~"]

    assert home.sum_up(new_york, now=NEXT_MONTH) == 1

    assert len(sums(home)) == 1
    mirror.fetch("bean", (DAILY,), zone=there)
    assert [path.name[:8] for path in (folder / DAILY).iterdir()] == ["2026-11."]


def test_a_keeper_that_is_killed_anywhere_leaves_correct_answers(home: Home) -> None:
    home.sum_up(DOCUMENT, now=NEXT_MONTH)
    home.write([sold("late")], name="late")
    once, deaths = home.rows("liability", document=DOCUMENT), 0

    for calls in count():
        home.bucket.calls_left = calls
        try:
            home.fold(now=NEXT_MONTH)
            home.sum_up(DOCUMENT, now=NEXT_MONTH)
            break
        except Killed:
            deaths += 1
        finally:
            home.bucket.calls_left = None
        assert home.rows("liability", document=DOCUMENT) == once

    assert deaths > 5
    assert home.rows("liability", document=DOCUMENT) == once
    assert len(sums(home)) == 1


def test_sums_that_vanish_after_they_were_listed_are_not_missed(home: Home) -> None:
    home.sum_up(DOCUMENT, now=NEXT_MONTH)
    once = home.rows("liability", document=DOCUMENT)
    home.bucket.vanishing = set(sums(home))

    assert Home(home.root / "new", bucket=home.bucket).rows("liability", document=DOCUMENT) == once
    assert sums(home) == []


def test_small_months_are_read_as_they_are(home: Home) -> None:

    keeper = Keeper(Lake(home.bucket.client, bucket="lake"), root=home.root, now=NEXT_MONTH)

    assert keeper.sum_up("bean", DOCUMENT, from_bytes=1024**2) == 0
    assert sums(home) == []
