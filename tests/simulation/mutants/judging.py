"""Runs a mutant against the directed histories, and then against random ones until one breaks."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.simulation.mutants.mutant import PACKAGE, ROOT, Mutant

DIRECTED: Final = "tests/simulation/directed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The first history that broke: a directed one, a random one, or none."""

    mutant: Mutant
    clause: str
    seed: str
    seconds: float

    @property
    def is_killed(self) -> bool:
        return bool(self.clause or self.seed)


def judge(mutant: Mutant, *, seeds: int) -> Verdict:
    """Run a mutant against the directed histories, then against random ones until one breaks."""
    began = time.monotonic()
    with mutated(mutant) as package:
        clauses = _run(
            package,
            *("-m", "pytest", "-x", "-q", f"--override-ini=cache_dir={package}/.cache"),
            DIRECTED,
        )
        clause = re.search(r"^(?:FAILED|ERROR) .*::(\w+)", clauses, re.MULTILINE)
        option = ["--focus", mutant.focus] if mutant.focus else []
        random = _run(package, "-m", "tests.simulation", *option, "--seeds", str(seeds))
        seed = re.search(r"^seed (\d+) broke a promise: (.*)", random, re.MULTILINE)
    return Verdict(
        mutant,
        clause.group(1) if clause else "",
        f"{seed.group(1)}: {seed.group(2)}" if seed else "",
        time.monotonic() - began,
    )


@contextmanager
def mutated(mutant: Mutant) -> Iterator[Path]:
    """A copy of the package with the mistake in it."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "python"
        shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
        mutant.apply(package)
        yield package


def _run(package: Path, *arguments: str) -> str:
    """Run Python with this copy of the package in place of the real one. Returns what it prints."""
    finished = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode not in (0, 1, 2):
        raise RuntimeError(f"{arguments} cannot be run:\n{finished.stdout}{finished.stderr}")
    return finished.stdout + finished.stderr
