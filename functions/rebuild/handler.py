"""Rebuild: write every fact to the lake again, from the table."""

from dataclasses import dataclass
from typing import Any

from loyalty.domain.facts import facts_of
from loyalty.edge import clock, deadline
from loyalty.edge.aws import clients
from loyalty.edge.aws.queues.batches import BatchAnswer
from loyalty.edge.aws.queues.work import PageQueue, work
from loyalty.edge.aws.table import pause
from loyalty.edge.logs import failure, logger
from loyalty.edge.settings import settings
from loyalty.lake.keeper import closed_before
from loyalty.lake.objects import Lake
from loyalty.table.engine import DynamoEngine
from loyalty.table.scan import Stretch, read, stretches
from loyalty.usecases.work_pages import EVERY_PROGRAM, WorkPage


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildSettings:
    table: str
    lake_bucket: str
    rebuild_queue_url: str


@deadline.keeping_time
def handler(event: dict[str, Any], _context: object) -> BatchAnswer | None:
    """Begin a rebuild on an empty event, sent by hand; then work off stretches from the queue.

    Readers recognize a fact by its id, so writing it again does not count it twice. A rebuild can
    begin while the lake is read and written, be killed anywhere, and begin again.
    """
    if "Records" not in event:
        began = clock.now().replace(microsecond=0)
        pages().send(page(stretch) for stretch in stretches(began=began))
        logger.info("rebuild begun", began=began.isoformat())
        return None
    # A stretch begins at a key, and keys must not appear in the log.
    return work(event, take=take, pages=pages(), unnamed=("stretches",))


def take(_page: WorkPage, item: str) -> None:
    config, stretch = settings(RebuildSettings), Stretch.read(item)
    found = read(DynamoEngine(clients.dynamodb(), table=config.table), stretch)
    for unreadable in found.unreadable:
        logger.error("item unreadable", failure=failure(unreadable))
    facts = [fact for change in found.changes for fact in facts_of(change)]
    Lake(clients.s3(), bucket=config.lake_bucket).write(
        facts, name=stretch.name, closed_before=closed_before(clock.now())
    )
    if found.rest:
        pages().send([page(found.rest)])
    logger.info(
        "told again",
        began=stretch.began.isoformat(),
        segment=stretch.segment,
        facts=len(facts),
        is_last=found.rest is None,
    )


def page(stretch: Stretch) -> WorkPage:
    # One scan reads the items of all programs; each item names its program.
    return WorkPage(program_id=EVERY_PROGRAM, lane="stretches", items=(stretch.written(),))


def pages() -> PageQueue:
    return PageQueue(clients.sqs(), url=settings(RebuildSettings).rebuild_queue_url, pause=pause)
