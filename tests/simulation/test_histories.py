"""Random histories; `make simulate SEEDS=200000` runs many more."""

import os
import subprocess
import sys
from typing import Final

import pytest

from tests.simulation.__main__ import replay, run
from tests.simulation.mutants.mutant import ROOT

HISTORIES: Final = 750
CHUNK: Final = 250
TELL_ALL: Final = """
from tests.simulation.history import History

for seed in range(300, 400):
    History(seed, trace=print).run()
"""


@pytest.mark.parametrize("start", range(0, HISTORIES, CHUNK))
def test_random_histories_keep_every_promise(start: int) -> None:
    ran = run(range(start, start + CHUNK))

    assert ran.broken is None, f"{ran.why}\n{replay(ran.broken)}"


def test_a_seed_gives_the_same_history_in_every_process() -> None:
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


def test_an_attempt_that_kept_a_guests_order_may_answer_guest_after_its_member_was_erased() -> None:
    assert run(range(300_128_204, 300_128_205)).broken is None


def test_a_merge_by_the_id_of_a_merged_member_leaves_no_identity_behind() -> None:
    assert run(range(2485, 2486)).broken is None


def test_two_members_who_name_one_identity_are_merged_in_one_write() -> None:
    assert run(range(7135, 7136)).broken is None


def test_a_slow_writer_transfers_points_while_other_writers_are_a_day_ahead() -> None:
    assert run(range(9201, 9202)).broken is None


def test_a_person_who_signs_in_during_a_half_done_merge_gets_their_guest_orders() -> None:
    assert run(range(16_748, 16_749)).broken is None


def test_an_order_that_counts_nothing_earns_at_the_level_that_an_edit_left() -> None:
    assert run(range(5, 6)).broken is None


def test_a_redemption_costs_what_it_costs_at_the_level_that_an_order_gave() -> None:
    assert run(range(1127, 1128)).broken is None
