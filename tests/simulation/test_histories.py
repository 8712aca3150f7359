"""Random histories; `make simulate SEEDS=200000` runs many more."""

import os
import subprocess
import sys
from typing import Final

import pytest

from tests.simulation.__main__ import replay, run
from tests.simulation.mutants import ROOT

HISTORIES: Final = 10_000
CHUNK: Final = 500
TELL_ALL: Final = """
from tests.simulation.history import History

for seed in range(300, 400):
    History(seed, trace=print).run()
"""


@pytest.mark.parametrize("start", range(0, HISTORIES, CHUNK))
def test_no_history_breaks_a_promise(start: int) -> None:
    ran = run(range(start, start + CHUNK))

    assert ran.broken is None, f"{ran.why}\n{replay(ran.broken)}"


def test_a_seed_is_the_same_history_in_every_process() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", TELL_ALL],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(digests) == 1
    assert digests != {b""}


def test_who_kept_a_guests_order_before_it_earned_may_say_so_after_its_member_was_erased() -> None:
    assert run(range(300_128_204, 300_128_205)).broken is None


def test_a_merge_by_the_id_of_somebody_merged_before_leaves_no_identity_behind() -> None:
    assert run(range(2485, 2486)).broken is None


def test_two_members_who_name_one_identity_are_merged_in_one_write() -> None:
    assert run(range(7135, 7136)).broken is None


def test_points_are_given_away_by_a_slow_writer_while_others_are_a_day_ahead() -> None:
    assert run(range(9201, 9202)).broken is None


def test_who_signs_in_while_a_merge_is_half_done_gets_their_guest_orders() -> None:
    assert run(range(16_748, 16_749)).broken is None
