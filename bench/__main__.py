"""`make bench`: measure, and print a line of JSON for each figure.

Progress goes to the standard error, so that the figures can be piped. Everything is measured side
by side in one run on this machine: trust the ratios.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.boards import board_figures
from bench.campaigns import campaigns
from bench.console import console_paints
from bench.deliveries import deliveries
from bench.figures import Figure
from bench.functions import Workers, inits, warm_overhead
from bench.load import Load
from bench.neighbors import neighbors
from bench.own_time import own_time
from bench.recommendations import recommendations
from bench.reminders import reminders
from bench.reports import report_figures
from bench.segments import segment_figures
from bench.sweeps import sweeps
from bench.trials import trials
from local.cloud import free_port
from local.console import Console
from local.deployment import deployment
from local.home import EXAMPLE, PROGRAM_ID


def main() -> None:
    figures = sys.stdout
    with redirect_stdout(sys.stderr), TemporaryDirectory(prefix="bench-") as scratch:
        for figure in measure(Path(scratch)):
            print(figure.line(), file=figures, flush=True)


def measure(scratch: Path) -> Iterator[Figure]:
    console = Console()
    workers = Workers(scratch)
    with console.line("Earn with a table that answers at once"):
        yield from own_time()
    with console.line("Decide orders under campaigns"):
        yield from campaigns()
    with console.line("Start every function"):
        yield from inits(workers)
    with deployment(port=free_port(), home=scratch / "cloud", console=console) as deployed:
        with console.line("Send warm requests"):
            tokens = deployed.open_program(PROGRAM_ID, json.loads(EXAMPLE.read_text()))
            load = Load(deployed, program_id=PROGRAM_ID, tokens=tokens)
            member_id = load.members[0]
            yield from warm_overhead(workers, deployed, program_id=PROGRAM_ID, member_id=member_id)
        with console.line("Earn and redeem"):
            yield from load.figures()
        with console.line("Recommend"):
            yield from recommendations(deployed, program_id=PROGRAM_ID, tokens=tokens)
        with console.line("Draw the views of the console"):
            yield from console_paints(deployed, program_id=PROGRAM_ID, tokens=tokens)
        with console.line("Deliver a burst"):
            yield from deliveries(deployed)
        with console.line("Sweep few members and many"):
            yield from sweeps(deployed.cloud)
        with console.line("Remind few members and many"):
            yield from reminders(deployed.cloud)
    # What takes longest comes last: whoever ends the run early has all the rest.
    with console.line("Try a document on a million orders"):
        yield from trials()
    with console.line("Find what goes together, and rank members on a board"):
        yield from neighbors(scratch)
        yield from board_figures(scratch)
    with console.line("Draw ten million entries, and ask for every report"):
        yield from report_figures(scratch)
    with console.line("Find who is in segments, of a million members"):
        yield from segment_figures(scratch / "lake")


if __name__ == "__main__":
    main()
