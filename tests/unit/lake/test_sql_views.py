"""The day of an instant in SQL is the domain's, and an id always has the same number."""

import hashlib
from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.domain.kernel.calendar import midnight
from loyalty.lake import local_days, sql_views

UNTIL: Final = date(2030, 1, 1)
# Clocks that are changed at midnight, by half an hour, back over it, for Ramadan; a day left out.
ODD: Final = (
    "Europe/Paris",
    "Europe/London",
    "America/Havana",
    "America/Sao_Paulo",
    "America/Los_Angeles",
    "Africa/Casablanca",
    "Asia/Beirut",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "UTC",
)


def days_of(moments: list[datetime], zone: ZoneInfo) -> list[date]:
    with duckdb.connect() as connected:
        connected.execute(local_days.local_day(local_days.midnights(zone, UNTIL)))
        query = "SELECT local_day(moment) FROM (SELECT unnest($moments) AS moment)"
        return [day for (day,) in connected.execute(query, {"moments": moments}).fetchall()]


@pytest.mark.parametrize("name", ODD)
def test_a_day_lasts_from_its_midnight_to_the_next_wherever_clocks_are_changed(name: str) -> None:
    zone = ZoneInfo(name)
    days = [local_days.FIRST_MIDNIGHT + timedelta(days=number) for number in range(30 * 365)]
    midnights = [midnight(day, zone).replace(tzinfo=None) for day in days]
    moments = [
        start + timedelta(seconds=seconds)
        for start, after in pairwise(midnights[1:])
        if after - start != timedelta(days=1)
        for seconds in (-3600, -1, 0, 1, 3599, 3600, 7200, 23 * 3600 - 1, 24 * 3600 - 1, 24 * 3600)
    ]
    moments += midnights[1:-1:97]

    assert days_of(moments, zone) == [
        days[bisect_right(midnights, moment) - 1] for moment in moments
    ]


@settings(max_examples=20, deadline=None)
@given(
    name=st.sampled_from(ODD),
    moments=st.lists(st.datetimes(datetime(2000, 1, 2), datetime(2029, 12, 30)), min_size=1),  # noqa: DTZ001  # as the engine has them
)
def test_the_day_of_any_instant_is_that_of_its_zone(name: str, moments: list[datetime]) -> None:
    zone = ZoneInfo(name)

    for moment, day in zip(moments, days_of(moments, zone), strict=True):
        begins, ends = midnight(day, zone), midnight(day + timedelta(days=1), zone)
        assert begins <= moment.replace(tzinfo=UTC) < ends


@pytest.mark.parametrize("id_", ["mem_01M808KVJ7QKTTH5VDTSVSAD72", "web/1001", "é", ""])
def test_the_number_of_an_id_never_changes_because_folded_files_have_it(
    id_: str, tmp_path: Path
) -> None:
    digest = hashlib.md5(id_.encode(), usedforsecurity=False).digest()

    with sql_views.workshop(tmp_path) as connected:
        found = connected.execute("SELECT number_of($id)", {"id": id_}).fetchall()

    assert found == [(int.from_bytes(digest[8:], "little") >> 1,)]
