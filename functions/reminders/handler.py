"""Reminders: check the members for whom something comes up, and write the messages that are due."""

from dataclasses import dataclass
from typing import Any

from loyalty.edge import deadline
from loyalty.edge.aws import clients
from loyalty.edge.aws.queues.batches import BatchAnswer
from loyalty.edge.aws.queues.work import PageQueue, work
from loyalty.edge.aws.table import engine, pause
from loyalty.edge.desk import open_desk
from loyalty.edge.metrics import count
from loyalty.edge.settings import settings
from loyalty.edge.sweeping import DueSweep
from loyalty.table.engagement import TableEngagement
from loyalty.table.members import TableMembers, no_keyring
from loyalty.table.messages import TableLetters
from loyalty.usecases.ledger.sweeps import DueItem
from loyalty.usecases.messaging.reminders import check_member
from loyalty.usecases.work_pages import WorkPage


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindersSettings:
    table: str
    reminders_queue_url: str


@deadline.keeping_time
def handler(event: dict[str, Any], _context: object) -> BatchAnswer | None:
    """Begin a run for the schedule, or take a page of members from the queue.

    `{"since": "2026-11-01"}` checks finished days again, from that day on.
    """
    swept = sweep()
    if "Records" not in event:
        swept.begin("reminders", since=event.get("since", ""))
        return None
    return work(event, take=take, pages=swept.pages, put_apart=swept.put_off)


def take(page: WorkPage, item: str) -> None:
    """Queue the pages of a run, or check one member.

    Pages of `members` hold members that are listed as due; those of `changed` were in an event.
    """
    if not sweep().hand_out(page, item):
        check(page.program_id, DueItem(item).owner if page.lane == "members" else item)


def check(program_id: str, member_id: str) -> None:
    """Write the messages that one member is due to get."""
    table = settings(RemindersSettings).table
    written = check_member(
        member_id,
        letters=TableLetters(engine(table), program_id=program_id),
        members=TableMembers(engine(table), program_id=program_id, keyring=no_keyring),
        collected=TableEngagement(engine(table), program_id=program_id),
        desk=open_desk(program_id, table=table),
    )
    if written:
        count("MessagesWritten", written)


def sweep() -> DueSweep:
    config = settings(RemindersSettings)
    return DueSweep(
        name="reminders",
        index="reminding",
        counts="RemindersDue",
        table=config.table,
        pages=PageQueue(clients.sqs(), url=config.reminders_queue_url, pause=pause),
    )
