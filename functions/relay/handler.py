"""Relay: table changes become events, in order, at least once: on the bus, and for endpoints."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol

from loyalty.domain.events import Event, events_of
from loyalty.domain.kernel.errors import TryAgain
from loyalty.edge import deadline
from loyalty.edge.aws import clients, table
from loyalty.edge.aws.bus import Bus, BusRules
from loyalty.edge.aws.queues.webhooks_out import EventQueue
from loyalty.edge.aws.queues.work import PageQueue
from loyalty.edge.counting_programs import RememberedCounting
from loyalty.edge.logs import failure, logger
from loyalty.edge.settings import settings
from loyalty.edge.wanted_events import WantedEvents
from loyalty.table.budgets import TableBudgets
from loyalty.table.changes import Batch, read
from loyalty.table.programs import TablePrograms
from loyalty.table.webhooks_out import TableEndpoints
from loyalty.usecases.campaigns.spending import note_spent
from loyalty.usecases.engagement.waking import pages_to_look_at


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySettings:
    table: str
    bus: str
    bus_rules: str
    events_queue_url: str
    engagement_queue_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedEndpointSettings:
    """For how long to remember which events endpoints want.

    Only the local cloud sets it, where stories do not wait for a new endpoint; no template does.
    """

    endpoints_remembered_seconds: str = "10"


# A refund of an order is looked at at the latest so long after the first challenge was published.
COUNTING_REMEMBERED_SECONDS: Final = 10


class Channel(Protocol):
    def publish(self, events: Sequence[Event]) -> int:
        """Publish events in order; returns how many arrived before the first that did not."""
        ...


# Whether somebody listens to an event on a channel.
type AsksFor = Callable[[Event], bool]


@deadline.keeping_time
def handler(event: dict[str, Any], _context: object) -> dict[str, list[dict[str, str]]]:
    """Publish the events of a batch of the stream; returns the record to restart from, if any.

    An event that nobody listens to is not published: every publication costs.
    """
    batch = read(event["Records"])
    if (undone := note_spent_budgets(batch) or wake_engagement(batch)) is not None:
        return again_from(undone)
    events = [(sequence, each) for sequence, change in batch.changes for each in events_of(change)]
    unpublished = [
        place
        for channel, asks_for in channels()
        if (place := publish([each for _, each in events], channel, asks_for)) is not None
    ]
    logger.debug("relayed", changes=len(batch.changes), events=len(events))
    if unpublished:
        sequence, refused = events[min(unpublished)]
        logger.error("event not published", sequence_number=sequence, event_id=refused.id)
        return again_from(sequence)
    if batch.unreadable:
        sequence, error = batch.unreadable
        logger.error("record unreadable", sequence_number=sequence, failure=failure(error))
        return again_from(sequence)
    return {"batchItemFailures": []}


def note_spent_budgets(batch: Batch) -> str | None:
    """Note which budgets of campaigns are spent; returns the record to restart from, if any.

    A note is a change of its own, so its event comes with a later batch.
    """
    try:
        note_spent(
            (change for _, change in batch.changes),
            budgets=TableBudgets(table.engine(settings(RelaySettings).table)),
        )
    except TryAgain as error:
        logger.warning("budgets not noted", failure=failure(error))
        return batch.first
    return None


def wake_engagement(batch: Batch) -> str | None:
    """Queue the orders and members to look at; returns the record to restart from, if any."""
    config = settings(RelaySettings)
    try:
        pages = pages_to_look_at(
            (change for _, change in batch.changes), programs=counting_programs(config.table)
        )
        if pages:
            url = config.engagement_queue_url
            PageQueue(clients.sqs(), url=url, pause=table.pause).send(pages)
    except TryAgain as error:
        logger.warning("orders not queued to be looked at", failure=failure(error))
        return batch.first
    return None


def publish(events: Sequence[Event], channel: Channel, asks_for: AsksFor) -> int | None:
    """Publish what is listened to; returns the place of the first event that did not arrive."""
    chosen = [place for place, event in enumerate(events) if asks_for(event)]
    arrived = channel.publish([events[place] for place in chosen]) if chosen else 0
    return chosen[arrived] if arrived < len(chosen) else None


def channels() -> Iterator[tuple[Channel, AsksFor]]:
    config = settings(RelaySettings)
    bus = Bus(clients.eventbridge(), name=config.bus, pause=table.pause)
    yield bus, bus_rules(config.bus_rules).ask_for
    queue = EventQueue(clients.sqs(), url=config.events_queue_url, pause=table.pause)
    yield queue, wanted_events(config.table).ask_for


@cache
def bus_rules(text: str) -> BusRules:
    return BusRules.read(text)


@cache
def wanted_events(name: str) -> WantedEvents:
    seconds = settings(RememberedEndpointSettings).endpoints_remembered_seconds
    return WantedEvents(
        TableEndpoints(table.engine(name)), remembered_seconds=float(seconds), clock=time.monotonic
    )


@cache
def counting_programs(name: str) -> RememberedCounting:
    return RememberedCounting(
        TablePrograms(table.engine(name)),
        remembered_seconds=COUNTING_REMEMBERED_SECONDS,
        clock=time.monotonic,
    )


def again_from(sequence: str) -> dict[str, list[dict[str, str]]]:
    return {"batchItemFailures": [{"itemIdentifier": sequence}]}
