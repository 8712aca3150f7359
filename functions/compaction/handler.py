"""Compaction: every hour, fold the lake's many small objects into few large ones.

After a program's day it also evaluates its goals: it has the engine and a queue already, and
another queue would cost more than all goals do.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from loyalty.domain.facts import ALL
from loyalty.edge import clock, deadline
from loyalty.edge.aws import clients
from loyalty.edge.aws.queues.batches import BatchAnswer
from loyalty.edge.aws.queues.work import PageQueue, work
from loyalty.edge.aws.table import engine, pause
from loyalty.edge.desk import shelf
from loyalty.edge.logs import logger
from loyalty.edge.settings import settings
from loyalty.edge.sweeping import begin_run
from loyalty.lake import columns
from loyalty.lake.connections import ReportEngine
from loyalty.lake.figures import LakeFigures
from loyalty.lake.keeper import Keeper
from loyalty.lake.mirror import Mirror
from loyalty.lake.objects import Lake
from loyalty.lake.reports import Report
from loyalty.table.goals import TableGoals
from loyalty.usecases.program.goals import evaluate_goals
from loyalty.usecases.work_pages import EVERY_PROGRAM, WorkPage

# The lane of the work on goals; the others are called as the kinds of facts.
GOALS: Final = "goals"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactionSettings:
    table: str
    lake_bucket: str
    compaction_queue_url: str


@deadline.keeping_time
def handler(event: dict[str, Any], _context: object) -> BatchAnswer | None:
    """Begin a run for the schedule, or do a part of one for some programs for the queue."""
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
    """A page for each kind of facts, and one for goals: what fails delays nothing else."""
    lanes = (*(fact.kind for fact in ALL), GOALS)
    return [WorkPage(program_id=EVERY_PROGRAM, lane=lane, items=programs) for lane in lanes]


def take(page: WorkPage, item: str) -> None:
    if page.lane == GOALS:
        evaluate(item)
    else:
        fold(page, item)


def evaluate(program_id: str) -> None:
    """Note where the goals of a program stand, once for each of its days."""
    config, now = settings(CompactionSettings), clock.now()
    document = shelf(config.table).in_force(program_id, now=now).document
    with tempfile.TemporaryDirectory(prefix="goals-") as folder:
        mirror = Mirror(clients.s3(), bucket=config.lake_bucket, root=Path(folder))

        def fetch(report: Report) -> Path:
            return mirror.fetch(program_id, report.reads, columns=columns.read_by(report.name))

        evaluate_goals(
            document,
            book=TableGoals(engine(config.table), program_id=program_id),
            figures=LakeFigures(
                document=document, now=now, fetch=fetch, connect=ReportEngine().over
            ),
            now=now,
        )


def fold(page: WorkPage, item: str) -> None:
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
