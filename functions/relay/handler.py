"""Relay: table changes become events on the bus, in order, at least once."""

from dataclasses import dataclass
from typing import Any

from loyalty.domain.events import events_of
from loyalty.edge import deadline
from loyalty.edge.aws import clients, table
from loyalty.edge.aws.bus import Bus
from loyalty.edge.logs import failure, logger
from loyalty.edge.settings import settings
from loyalty.table.changes import read


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySettings:
    bus: str


@deadline.keeping_time
def handler(event: dict[str, Any], _context: object) -> dict[str, list[dict[str, str]]]:
    """Publish the events of a batch of the stream; returns the record to restart from, if any."""
    batch = read(event["Records"])
    events = [(sequence, each) for sequence, change in batch.changes for each in events_of(change)]
    published = bus().publish([each for _, each in events])
    logger.info("relayed", changes=len(batch.changes), events=published)
    if published < len(events):
        sequence, refused = events[published]
        logger.error("event not published", sequence_number=sequence, event_id=refused.id)
        return again_from(sequence)
    if batch.unreadable:
        sequence, error = batch.unreadable
        logger.error("record unreadable", sequence_number=sequence, failure=failure(error))
        return again_from(sequence)
    return {"batchItemFailures": []}


def bus() -> Bus:
    return Bus(clients.eventbridge(), name=settings(RelaySettings).bus, pause=table.pause)


def again_from(sequence: str) -> dict[str, list[dict[str, str]]]:
    return {"batchItemFailures": [{"itemIdentifier": sequence}]}
