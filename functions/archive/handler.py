"""Archive: table changes become facts in the lake, at least once, and new sources are noted."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from loyalty.domain.changes import TableChange
from loyalty.domain.facts import facts_of
from loyalty.domain.kernel.errors import TryAgain
from loyalty.edge import deadline
from loyalty.edge.aws import clients
from loyalty.edge.aws.table import engine
from loyalty.edge.logs import failure, logger
from loyalty.edge.settings import settings
from loyalty.lake.objects import Lake
from loyalty.table.changes import read
from loyalty.table.sources import TableSources
from loyalty.usecases.orders.sources import SourceNotes


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSettings:
    table: str
    lake_bucket: str


@deadline.keeping_time
def handler(event: dict[str, Any], _context: object) -> dict[str, list[dict[str, str]]]:
    """Write the facts of a batch of the stream; returns the record to restart from, if any.

    Objects are named after the batch, so a repeated batch writes the same objects. A batch that
    was cut differently writes some facts twice, and readers drop the duplicates.
    """
    batch = read(event["Records"])
    facts = [fact for _, change in batch.changes for fact in facts_of(change)]
    lake().write(facts, name=f"{batch.first}-{batch.last}")
    note_sources(change for _, change in batch.changes)
    logger.info("archived", changes=len(batch.changes), facts=len(facts))
    if batch.unreadable:
        sequence, error = batch.unreadable
        logger.error("record unreadable", sequence_number=sequence, failure=failure(error))
        return {"batchItemFailures": [{"itemIdentifier": sequence}]}
    return {"batchItemFailures": []}


def note_sources(changes: Iterable[TableChange]) -> None:
    """Note the sources of orders that are new. Facts do not wait for it."""
    try:
        source_notes(settings(ArchiveSettings).table).note(changes)
    except TryAgain as error:
        # The next order of the source is another chance.
        logger.warning("sources not noted", failure=failure(error))


@cache
def source_notes(table: str) -> SourceNotes:
    return SourceNotes(TableSources(engine(table)))


def lake() -> Lake:
    return Lake(clients.s3(), bucket=settings(ArchiveSettings).lake_bucket)
