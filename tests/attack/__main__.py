"""Attack a local cloud of our own, for some minutes, and hold its books against their entries.

    python -m tests.attack [--minutes 10] [--seed N]

A round sends generated requests, races, deliveries under every topic, and requests whose workers
are killed. Rounds go on until the time is over. Nothing but 127.0.0.1 is spoken to.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from local.cloud import free_port
from local.console import Console
from local.deployment import deployment
from local.home import EXAMPLE
from tests.attack.books import books_differ
from tests.attack.fuzzing import Fuzzed, fuzz
from tests.attack.kills import under_kills
from tests.attack.races import RACES
from tests.attack.replays import replays
from tests.attack.session import Session, named
from tests.attack.workers import PROC
from tests.e2e.conftest import OpenProgram

KILLED_REQUESTS = 300
FUZZED_EXAMPLES = 4
ROLES = ("manager", "cashier", "member", "service")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Attack a local cloud of our own.")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args(arguments)
    console = Console()
    console.say(f"Seed {options.seed}, {options.minutes:g} minutes.\n")
    with (
        tempfile.TemporaryDirectory(prefix="attack-") as home,
        deployment(port=free_port(), home=Path(home), console=console) as deployed,
    ):
        document = json.loads(EXAMPLE.read_text(encoding="utf-8"))
        tokens = deployed.open_program("attacked", document)
        program = OpenProgram(deployed=deployed, id="attacked", document=document, tokens=tokens)
        ends_at = time.monotonic() + options.minutes * 60
        session = Session(program, random.Random(options.seed), ends_at=ends_at)
        attack(session, seed=options.seed, console=console)
        return summary(session, console=console)


def attack(session: Session, *, seed: int, console: Console) -> None:
    """Attack in rounds, each with another seed, until the time is over."""
    number = 0
    while not session.is_over:
        number += 1
        refresh(session)
        for each in (*RACES, replays):
            title = f"Round {number}: {each.__name__.replace('_', ' ')}"
            with console.line(title), named(session, each.__name__):
                each(session)
        if PROC.is_dir():
            with console.line(f"Round {number}: kills") as line, named(session, "kills"):
                killed = under_kills(session, requests=KILLED_REQUESTS)
                line.report(f"{killed} workers")
        with console.line(f"Round {number}: generated requests") as line:
            found = generated(session, seed=seed + number)
            line.report(f"{found.requests} to {len(found.operations)} operations")


def generated(session: Session, *, seed: int) -> Fuzzed:
    found = fuzz(
        session.program,
        roles=ROLES,
        names={"member_id": session.member(points=1_000)},
        examples=FUZZED_EXAMPLES,
        seed_number=seed,
        ends_at=session.ends_at,
    )
    session.statuses.update(found.statuses)
    session.faults.extend(found.faults)
    return found


def refresh(session: Session) -> None:
    """Sign everybody in once more: a token ends after an hour."""
    program = session.program
    program.tokens.update(program.deployed.directory.tokens(program.id))


def summary(session: Session, *, console: Console) -> int:
    """Compare the books with their entries, print the result, and return the exit status."""
    accounts, differences = books_differ(session.program.deployed, session.program.id)
    session.faults.extend(differences)
    answers = ", ".join(f"{status}: {count}" for status, count in sorted(session.statuses.items()))
    console.heading(f"{session.statuses.total()} requests")
    console.say(f"  Answers by status: {answers}")
    console.say(f"  Books of {accounts} accounts: {len(differences)} differences")
    if not PROC.is_dir():
        console.say("  No workers were killed: finding them takes Linux.")
    for fault in session.faults:
        console.say(f"\n✗ {fault}")
    console.say(f"\n{len(session.faults)} faults." if session.faults else "\nNothing gave way.")
    return 1 if session.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
