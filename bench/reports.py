"""How long each report takes over ten million entries, cold and warm, and how much memory.

Each report runs in a process of its own, as in a fresh function. The lake's objects come from a
folder through the mirror, which costs what a bucket costs without its network. Then the report runs
again, warm.
"""

import hashlib
import io
import json
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple, cast

from bench.figures import Figure
from bench.lake import PROGRAM_ID, TODAY
from local.home import EXAMPLE
from loyalty.domain.program.document import Program
from loyalty.lake import columns, reports
from loyalty.lake.connections import ReportEngine
from loyalty.lake.day_sums import SUMMED_FROM_BYTES
from loyalty.lake.keeper import Keeper
from loyalty.lake.mirror import Mirror
from loyalty.lake.objects import Lake
from loyalty.lake.reports import ReportPeriod, Table

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RUNS: Final = 3
SECONDS_MAX: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one report took. `answered` is a digest that differs if the rows differ."""

    fetched_bytes: int
    requests: int
    cold_s: float
    warm_s: float
    warm_cpu_s: float
    peak_bytes: int
    rows: int
    answered: str


class TimedTable(NamedTuple):
    """An answer and how long it took, by the clock and in processor time."""

    table: Table
    seconds: float
    cpu_seconds: float


def report_figures(scratch: Path) -> Iterator[Figure]:
    """Draw the lake, then run every report over its last year."""
    lake = scratch / "lake"
    lake.mkdir()
    # In a process of its own: a child inherits the peak memory of its parent.
    subprocess.run([sys.executable, "-m", "bench.lake", str(lake)], check=True)
    sum_up(lake)
    for name in reports.names():
        run = measured(name, lake)
        for figure, value, unit in (
            ("warm", run.warm_s, "s"),
            ("warm, processors", run.warm_cpu_s, "s"),
            ("cold", run.cold_s, "s"),
            ("fetched", run.fetched_bytes / 2**20, "MiB"),
            ("fetched in", run.requests, "requests"),
            ("peak", run.peak_bytes / 2**20, "MiB"),
        ):
            yield Figure(bench=f"report {name}", figure=figure, value=value, unit=unit)


def sum_up(lake: Path) -> None:
    """Sum up the closed months, as compaction does."""
    with TemporaryDirectory(prefix="keeper-") as root:
        keeper = Keeper(
            Lake(FolderBucket(lake).client, bucket="lake"),
            root=Path(root),
            now=datetime.combine(TODAY, datetime.max.time(), UTC),
        )
        keeper.sum_up(PROGRAM_ID, bench_document(), from_bytes=SUMMED_FROM_BYTES)


def bench_document() -> Program:
    """A program that measures what its campaigns bring."""
    holdout = {"universal_holdout": {"percent": 10, "salt": "bench"}}
    return Program.model_validate(json.loads(EXAMPLE.read_text()) | holdout)


def measured(name: str, lake: Path) -> Run:
    done = subprocess.run(
        [sys.executable, "-m", "bench.reports", name, str(lake)],
        # What it writes to the standard error is shown: it says why a report failed.
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Run(**json.loads(done.stdout))


def run(name: str, lake: Path) -> Run:
    """Run one report in this process: cold, then warm."""
    report = reports.report(name)
    document = bench_document()
    period = ReportPeriod(
        first=TODAY - timedelta(days=364),
        last=TODAY,
        zone=document.zone,
        as_of=datetime.combine(TODAY, datetime.max.time(), UTC),
    )
    with TemporaryDirectory(prefix="mirror-") as root:
        bucket, engine = FolderBucket(lake), ReportEngine()
        mirror = Mirror(bucket.client, bucket="lake", root=Path(root))

        def ask() -> TimedTable:
            started, computed = time.perf_counter(), time.process_time()
            table = reports.run(
                report,
                period,
                facts=mirror.fetch(
                    PROGRAM_ID,
                    report.reads,
                    columns=columns.read_by(name),
                    zone=document.zone,
                ),
                document=document,
                seconds_max=SECONDS_MAX,
                connect=engine.over,
            )
            return TimedTable(table, time.perf_counter() - started, time.process_time() - computed)

        cold, warm = ask(), [ask() for _ in range(RUNS)]
    return Run(
        fetched_bytes=bucket.fetched_bytes,
        requests=bucket.requests,
        cold_s=cold.seconds,
        warm_s=min(each.seconds for each in warm),
        warm_cpu_s=min(each.cpu_seconds for each in warm),
        peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        rows=len(cold.table.rows),
        answered=hashlib.sha256(repr(cold.table.rows).encode()).hexdigest()[:16],
    )


class FolderBucket:
    """A folder that serves as a bucket: it lists, gets and puts objects."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self.requests = 0
        self.fetched_bytes = 0

    @property
    def client(self) -> "S3Client":
        return cast("S3Client", self)

    def get_paginator(self, _operation: str) -> "FolderBucket":
        return self

    def paginate(self, **call: Any) -> Iterator[dict[str, Any]]:
        prefix: str = call["Prefix"]
        paths = [path for path in (self._root / prefix).rglob("*") if path.is_file()]
        yield {
            "Contents": [
                {
                    "Key": path.relative_to(self._root).as_posix(),
                    "ETag": str(path.stat().st_mtime_ns),
                    "Size": path.stat().st_size,
                    "LastModified": datetime.fromtimestamp(path.stat().st_mtime, UTC),
                }
                for path in sorted(paths)
            ]
        }

    def get_object(self, **call: Any) -> dict[str, BinaryIO]:
        path = self._root / call["Key"]
        first, last = call.get("Range", f"bytes=0-{path.stat().st_size - 1}")[6:].split("-")
        with path.open("rb") as file:
            file.seek(int(first))
            body = file.read(int(last) + 1 - int(first))
        with self._lock:
            self.requests += 1
            self.fetched_bytes += len(body)
        return {"Body": io.BytesIO(body)}

    def put_object(self, **call: Any) -> None:
        path = self._root / call["Key"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(call["Body"].read())


if __name__ == "__main__":
    print(json.dumps(asdict(run(sys.argv[1], Path(sys.argv[2])))))
