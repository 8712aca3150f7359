"""Makes one mistake at a time in the ledger: `python -m tests.simulation.mutants`.

Prints which history broke first, and fails if a mutant survives.
"""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from tests.simulation.mutants.every import MUTANTS
from tests.simulation.mutants.judging import judge

SEEDS: Final = 20_000


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutants")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="random histories for each")
    parser.add_argument("--jobs", type=int, default=1, help="how many at once")
    parser.add_argument("--only", default="", help="mutants whose name contains this")
    options = parser.parse_args(arguments)
    chosen = [mutant for mutant in MUTANTS if options.only in mutant.name]
    survivors = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for verdict in pool.map(lambda mutant: judge(mutant, seeds=options.seeds), chosen):
            survivors += not verdict.is_killed
            print(f"{'killed  ' if verdict.is_killed else 'SURVIVED'}  {verdict.mutant.name}")
            print(f"          directed  {verdict.clause or '-'}")
            print(f"          random    {verdict.seed[:150] or '-'}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} mutants killed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
