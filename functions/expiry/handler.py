"""Expiry: let members and vouchers catch up with the calendar, on a schedule."""

from dataclasses import dataclass
from typing import Any

from loyalty.edge import deadline
from loyalty.edge.aws import clients
from loyalty.edge.aws.queues.batches import BatchAnswer
from loyalty.edge.aws.queues.work import PageQueue, work
from loyalty.edge.aws.table import pause
from loyalty.edge.desk import open_desk
from loyalty.edge.settings import settings
from loyalty.edge.sweeping import DueSweep
from loyalty.usecases.ledger.sweeps import DueItem, wake
from loyalty.usecases.work_pages import WorkPage


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpirySettings:
    table: str
    sweep_queue_url: str


@deadline.keeping_time
def handler(event: dict[str, Any], _context: object) -> BatchAnswer | None:
    """The schedule invokes it to begin a sweep, and the queue with the pages of one.

    `{"since": "2026-11-01"}` begins a sweep that looks at finished days again.
    """
    swept = sweep()
    if "Records" not in event:
        swept.begin("sweep", since=event.get("since", ""))
        return None
    return work(event, take=take, pages=swept.pages, put_apart=swept.put_off, unnamed=("vouchers",))


def take(page: WorkPage, item: str) -> None:
    """Hand out what is due, or settle one member or voucher."""
    swept = sweep()
    if not swept.hand_out(page, item):
        desk = open_desk(page.program_id, table=swept.table)
        wake(DueItem(item), dues=swept.dues(page.program_id), desk=desk)


def sweep() -> DueSweep:
    config = settings(ExpirySettings)
    return DueSweep(
        name="expiry",
        index="expiring",
        counts="Due",
        table=config.table,
        pages=PageQueue(clients.sqs(), url=config.sweep_queue_url, pause=pause),
    )
