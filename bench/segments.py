"""What a run that finds who is in segments takes over a million members: the first, and the next.

It reads the lake of ten million entries in a process of its own, as in a fresh function. The next
run is a day later, so that only time has moved: it writes who entered and who left by that.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.figures import Figure
from bench.lake import PROGRAM_ID, TODAY
from bench.reports import FolderBucket, bench_document
from local.memory import MemoryEngine
from loyalty.domain.program.document import Program
from loyalty.lake.mirror import Mirror
from loyalty.lake.objects import Lake
from loyalty.lake.segment_snapshots import SegmentSnapshots
from loyalty.table.segment_lists import TableSegmentLists
from loyalty.table.segment_runs import TableSegmentRuns
from loyalty.usecases.segments import run
from loyalty.usecases.work_pages import WorkPage

SEGMENTS: Final = (
    {"fact": "spent", "days": 90, "at_least_minor": 20_000},
    {"fact": "orders", "days": 30, "at_least": 2},
    {"all": [{"fact": "recency", "is_in": [5]}, {"fact": "frequency", "is_in": [4, 5]}]},
    {"fact": "silent"},
    {"fact": "redeemed", "days": 90, "at_least": 1},
    {"fact": "days_since_order", "at_least": 60, "at_most": 120},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRunCost:
    """What one run took, and how many members it writes down."""

    cpu_s: float
    peak_bytes: int
    writes: int
    memberships: int


@dataclass(slots=True)
class CountedPages:
    """A queue that counts what it is given."""

    items: int = 0

    def send(self, pages: Iterable[WorkPage]) -> None:
        self.items += sum(len(page.items) for page in pages)

    def waiting(self) -> int:
        return 0


def segment_figures(lake: Path) -> Iterator[Figure]:
    """Run twice over the lake that the reports are asked of."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.segments", str(lake)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    for name, cost in zip(("first", "a day later"), json.loads(done.stdout), strict=True):
        for figure, value, unit in (
            ("processors", cost["cpu_s"], "s"),
            ("peak", cost["peak_bytes"] / 2**20, "MiB"),
            ("memberships", cost["memberships"], "members"),
            ("writes", cost["writes"], "members"),
        ):
            yield Figure(bench=f"segments, {name}", figure=figure, value=value, unit=unit)


def costs(lake: Path) -> Iterator[SegmentRunCost]:
    segments = [
        {"id": f"segment-{number}", "name": "Segment", "who": who}
        for number, who in enumerate(SEGMENTS)
    ]
    base = bench_document().model_dump(mode="json")
    document = Program.model_validate(base | {"segments": segments})
    table = MemoryEngine()
    with TemporaryDirectory(prefix="mirror-") as root:
        bucket = FolderBucket(lake)
        mirror = Mirror(bucket.client, bucket="lake", root=Path(root))
        snapshots = SegmentSnapshots(
            Lake(bucket.client, bucket="lake"), program_id=PROGRAM_ID, mirror=mirror
        )
        for days in range(2):
            pages, began = CountedPages(), time.process_time()
            found = run(
                document,
                program_id=PROGRAM_ID,
                snapshots=snapshots,
                runs=TableSegmentRuns(table, program_id=PROGRAM_ID),
                lists=TableSegmentLists(table, program_id=PROGRAM_ID),
                pages=pages,
                now=datetime.combine(TODAY, datetime.min.time(), UTC) + timedelta(days=days),
            )
            if found is None:
                raise AssertionError("a run was due")
            yield SegmentRunCost(
                cpu_s=time.process_time() - began,
                peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                writes=pages.items,
                memberships=sum(size.members for size in found.sizes.values()),
            )


if __name__ == "__main__":
    print(json.dumps([asdict(each) for each in costs(Path(sys.argv[1]))]))
