"""All mutants can still be made, and a few are run; `make mutants` runs them all."""

from pathlib import Path
from typing import Final

import pytest

from tests.simulation.mutants.every import MUTANTS
from tests.simulation.mutants.judging import judge
from tests.simulation.mutants.mutant import Mutant

# Mutants that random histories find within a second.
SAMPLE: Final = (
    "an entry overwrites what stands under its cause",
    "a refusal is given without looking for the first try",
    "an earn does not rely on the debt it saw",
    "settling does not rely on the version it saw",
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_code_that_a_mutant_changes_is_in_the_product(mutant: Mutant, tmp_path: Path) -> None:
    mutant.apply(tmp_path)

    (changed,) = tmp_path.rglob("*.py")
    compile(changed.read_text(), changed, "exec")


def test_a_mutant_of_code_that_is_gone_fails(tmp_path: Path) -> None:
    for mutant in (Mutant("", "merge", "lots_of(loser)", "lots"), Mutant("", "marge", "a", "b")):
        with pytest.raises(ValueError, match=r"not found in merge|no function"):
            mutant.apply(tmp_path)


@pytest.mark.parametrize("name", SAMPLE)
def test_a_mutant_is_killed_by_directed_and_by_random_histories(name: str) -> None:
    (mutant,) = (each for each in MUTANTS if each.name == name)

    verdict = judge(mutant, seeds=2_000)

    assert verdict.clause
    assert verdict.seed
