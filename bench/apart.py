"""What is drawn in one process and measured in the next one, which has all its memory to itself."""

import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from subprocess import PIPE, run

from bench.figures import Figure
from loyalty.lake.sql_views import workshop

type Unit = tuple[str, str]


def figures_apart(
    module: str, step: str, *, folder: Path, bench: str, done: str, counted: Unit
) -> Iterator[Figure]:
    """Let a module draw into a new folder, then measure a step of it, each in its own process.

    `done` says in a word what the step does, and `counted` what it counts, with its unit.
    """
    folder.mkdir()
    _run(module, "draw", folder)
    found = _run(module, step, folder).split()
    units: Sequence[Unit] = (
        (f"{done} in", "s"),
        ("processors", "s"),
        ("peak", "MiB"),
        counted,
    )
    for (figure, unit), value in zip(units, found, strict=True):
        yield Figure(bench=bench, figure=figure, value=float(value), unit=unit)


def draw(sql: str, *, folder: str) -> None:
    """Write what a module draws; its SQL names the `{folder}`."""
    with workshop(Path(folder)) as connected:
        connected.execute(sql.replace("{folder}", folder))


def measure(compute: Callable[[], int]) -> None:
    """Print the seconds, the seconds of processors and the peak of a step, and what it counts."""
    started, computing = time.perf_counter(), time.process_time()
    count = compute()
    elapsed, computed = time.perf_counter() - started, time.process_time() - computing
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(elapsed, computed, peak_mib, count)


def _run(module: str, step: str, folder: Path) -> str:
    command = [sys.executable, "-m", module, step, str(folder)]
    return run(command, stdout=PIPE, text=True, check=True).stdout
