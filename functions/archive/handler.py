"""Archive: table changes become facts in the lake, at least once."""

from dataclasses import dataclass
from typing import Any

from loyalty.domain.facts import facts_of
from loyalty.edge import deadline
from loyalty.edge.aws import clients
from loyalty.edge.logs import failure, logger
from loyalty.edge.settings import settings
from loyalty.lake.objects import Lake
from loyalty.table.changes import read


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSettings:
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
    logger.info("archived", changes=len(batch.changes), facts=len(facts))
    if batch.unreadable:
        sequence, error = batch.unreadable
        logger.error("record unreadable", sequence_number=sequence, failure=failure(error))
        return {"batchItemFailures": [{"itemIdentifier": sequence}]}
    return {"batchItemFailures": []}


def lake() -> Lake:
    return Lake(clients.s3(), bucket=settings(ArchiveSettings).lake_bucket)
