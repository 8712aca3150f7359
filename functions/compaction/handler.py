"""Compaction: every hour, fold the lake's many small objects into few large ones."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from loyalty.domain.facts import ALL
from loyalty.edge import clock
from loyalty.edge.aws import clients
from loyalty.edge.aws.queues.work import PageQueue, work
from loyalty.edge.aws.table import engine, pause
from loyalty.edge.logs import logger
from loyalty.edge.metrics import count
from loyalty.edge.settings import settings
from loyalty.lake.keeper import Keeper
from loyalty.lake.objects import Lake
from loyalty.table.programs import TablePrograms
from loyalty.usecases.work_pages import WorkPage


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactionSettings:
    table: str
    lake_bucket: str
    compaction_queue_url: str


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse | None:
    """The schedule wakes it to begin; the queue hands it a kind of facts of one program."""
    if "Records" not in event:
        begin()
        return None
    return work(event, context, take=take, pages=pages())


def begin() -> None:
    """Every kind of every program is work of its own: one that is stuck holds up no other."""
    programs = list(TablePrograms(engine(settings(CompactionSettings).table)).registered())
    pages().send(
        WorkPage(program_id=program_id, lane=fact.kind, items=(fact.kind,))
        for program_id in programs
        for fact in ALL
    )
    logger.info("compaction begun", programs=len(programs))
    count("Compactions")


def take(page: WorkPage, item: str) -> None:
    lake = Lake(clients.s3(), bucket=settings(CompactionSettings).lake_bucket)
    with tempfile.TemporaryDirectory(prefix="keeper-") as scratch:
        folded = Keeper(lake, root=Path(scratch), now=clock.now()).fold(page.program_id, item)
    if folded.sources:
        logger.info(
            "folded",
            program_id=page.program_id,
            kind=item,
            sources=folded.sources,
            targets=folded.targets,
        )


def pages() -> PageQueue:
    return PageQueue(
        clients.sqs(), url=settings(CompactionSettings).compaction_queue_url, pause=pause
    )
