"""Moments as the clocks of a program show them."""

import pytest

from tests.support.scripts import run_script


@pytest.mark.parametrize(
    ("wall", "instant", "shown"),
    [
        ("2026-12-01T18:00", "2026-12-01T17:00:00Z", "2026-12-01T18:00"),
        ("2026-07-01T18:00", "2026-07-01T16:00:00Z", "2026-07-01T18:00"),
        # The clocks skip an hour here, and repeat one there.
        ("2026-03-29T02:30", "2026-03-29T01:30:00Z", "2026-03-29T03:30"),
        ("2026-10-25T02:30", "2026-10-25T01:30:00Z", "2026-10-25T02:30"),
        ("2026-10-25T03:30", "2026-10-25T02:30:00Z", "2026-10-25T03:30"),
    ],
)
def test_a_time_of_the_program_s_clocks_becomes_a_moment(
    wall: str, instant: str, shown: str
) -> None:
    found = run_script(
        "const moment = instantAt(wall, zone); return [moment, wallTime(moment, zone)];",
        imports={"moments.js": "instantAt, wallTime"},
        wall=wall,
        zone="Europe/Paris",
    )

    assert found == [instant, shown]
