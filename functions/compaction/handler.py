"""Compaction: every hour, fold the lake's many small objects into few large ones."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loyalty.domain.facts import ALL
from loyalty.edge import clock, deadline
from loyalty.edge.aws import clients
from loyalty.edge.aws.queues.batches import BatchAnswer
from loyalty.edge.aws.queues.work import PageQueue, work
from loyalty.edge.aws.table import pause
from loyalty.edge.logs import logger
from loyalty.edge.settings import settings
from loyalty.edge.sweeping import begin_run
from loyalty.lake.keeper import Keeper
from loyalty.lake.objects import Lake
from loyalty.usecases.work_pages import EVERY_PROGRAM, WorkPage


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactionSettings:
    table: str
    lake_bucket: str
    compaction_queue_url: str


@deadline.keeping_time
def handler(event: dict[str, Any], _context: object) -> BatchAnswer | None:
    """Begin a run for the schedule, or fold one kind of facts of some programs for the queue."""
    if "Records" not in event:
        begin_run(
            "compaction",
            table=settings(CompactionSettings).table,
            pages=pages(),
            pages_of=pages_of,
        )
        return None
    return work(event, take=take, pages=pages())


def pages_of(programs: tuple[str, ...]) -> list[WorkPage]:
    """A page for each kind of facts, so that a kind that fails delays no other."""
    return [WorkPage(program_id=EVERY_PROGRAM, lane=fact.kind, items=programs) for fact in ALL]


def take(page: WorkPage, item: str) -> None:
    lake = Lake(clients.s3(), bucket=settings(CompactionSettings).lake_bucket)
    with tempfile.TemporaryDirectory(prefix="keeper-") as scratch:
        folded = Keeper(lake, root=Path(scratch), now=clock.now()).fold(item, page.lane)
    if folded.sources:
        logger.info(
            "folded",
            program_id=item,
            kind=page.lane,
            sources=folded.sources,
            targets=folded.targets,
        )


def pages() -> PageQueue:
    return PageQueue(
        clients.sqs(), url=settings(CompactionSettings).compaction_queue_url, pause=pause
    )
