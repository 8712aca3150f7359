"""The mutants can still be made, and a few of them are; `make mutants` runs them all."""

import shutil
from pathlib import Path
from typing import Final

import pytest

from tests.simulation.mutants import MUTANTS, PACKAGE, Mutant, judge

# Which random histories find within a second.
SAMPLE: Final = (
    "an entry overwrites what stands under its cause",
    "a refusal is given without looking for the first try",
    "an earn does not rely on the debt it saw",
    "settling does not rely on the version it saw",
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_what_a_mutant_changes_is_still_in_the_product(mutant: Mutant, tmp_path: Path) -> None:
    copy = tmp_path / "loyalty" / mutant.file
    copy.parent.mkdir(parents=True)
    shutil.copy(PACKAGE / "loyalty" / mutant.file, copy)

    mutant.apply(tmp_path)

    compile(copy.read_text(), mutant.file, "exec")


@pytest.mark.parametrize("name", SAMPLE)
def test_a_mutant_is_killed_by_directed_and_by_random_histories(name: str) -> None:
    (mutant,) = (each for each in MUTANTS if each.name == name)

    verdict = judge(mutant, seeds=2_000)

    assert verdict.clause
    assert verdict.seed
