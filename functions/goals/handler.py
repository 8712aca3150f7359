"""Goals: every night, note where each goal of each program stands."""

import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from loyalty.edge import clock, deadline
from loyalty.edge.aws import clients
from loyalty.edge.aws.queues.batches import BatchAnswer
from loyalty.edge.aws.queues.work import PageQueue, work
from loyalty.edge.aws.table import engine, pause
from loyalty.edge.desk import shelf
from loyalty.edge.logs import logger
from loyalty.edge.settings import settings
from loyalty.edge.sweeping import begin_run, whole_programs
from loyalty.lake import columns
from loyalty.lake.connections import ReportEngine
from loyalty.lake.figures import LakeFigures
from loyalty.lake.mirror import Mirror
from loyalty.lake.reports import Report
from loyalty.table.goals import TableGoals
from loyalty.usecases.program.goals import evaluate_goals
from loyalty.usecases.work_pages import WorkPage


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalsSettings:
    table: str
    lake_bucket: str
    goals_queue_url: str


@deadline.keeping_time
def handler(event: dict[str, Any], _context: object) -> BatchAnswer | None:
    """Begin a run for the schedule, or evaluate the goals of some programs for the queue."""
    if "Records" not in event:
        begin_run(
            "goals",
            table=settings(GoalsSettings).table,
            pages=pages(),
            pages_of=partial(whole_programs, since=""),
        )
        return None
    return work(event, take=take, pages=pages())


def take(_page: WorkPage, program_id: str) -> None:
    config, now = settings(GoalsSettings), clock.now()
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
    logger.info("goals evaluated", program_id=program_id, goals=len(document.goals))


def pages() -> PageQueue:
    return PageQueue(clients.sqs(), url=settings(GoalsSettings).goals_queue_url, pause=pause)
