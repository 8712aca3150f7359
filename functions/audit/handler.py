"""Audit: every night, compare accounts with entries, and what staff did with what is usual."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import batched
from typing import Any

from loyalty.domain.orders.order import OrderRef
from loyalty.edge import clock, deadline
from loyalty.edge.aws import clients
from loyalty.edge.aws.queues.batches import BatchAnswer
from loyalty.edge.aws.queues.work import PageQueue, work
from loyalty.edge.aws.table import engine, pause
from loyalty.edge.desk import open_desk, shelf
from loyalty.edge.logs import logger
from loyalty.edge.metrics import count
from loyalty.edge.settings import settings
from loyalty.edge.sweeping import begin_run, whole_program, whole_programs
from loyalty.lake.objects import Changes
from loyalty.table.actions import TableActions
from loyalty.table.due import TableProgress
from loyalty.table.engagement import TableEngagement
from loyalty.table.staff_days import TableStaffDays
from loyalty.usecases.engagement.auditing import audit_engagement
from loyalty.usecases.engagement.waking import item_of
from loyalty.usecases.ledger.statements import audit_member
from loyalty.usecases.staff.staff_days import review_days
from loyalty.usecases.work_pages import ITEMS_MAX, WorkPage


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettings:
    table: str
    lake_bucket: str
    audit_queue_url: str
    engagement_queue_url: str


@deadline.keeping_time
def handler(event: dict[str, Any], _context: object) -> BatchAnswer | None:
    """The schedule invokes it to begin a run, and the queue with the members to audit.

    `{"since": "2026-11-01"}` audits every member who changed since then, even if audited before.
    """
    if "Records" not in event:
        begin_run(
            "audit",
            table=settings(AuditSettings).table,
            pages=pages(),
            pages_of=partial(whole_programs, since=event.get("since", "")),
        )
        return None
    return work(event, take=take, pages=pages())


def take(page: WorkPage, item: str) -> None:
    if page.lane == "programs":
        program_id, since = whole_program(item)
        hand_out(program_id, since=since)
        review_staff(program_id)
    else:
        audit(page.program_id, item)


def hand_out(program_id: str, *, since: str) -> None:
    """Hand out every member who changed since the last run, then move the mark forward."""
    config = settings(AuditSettings)
    progress = TableProgress(engine(config.table), program_id=program_id, of="audit")
    mark = since or progress.reached()
    began = datetime.fromisoformat(mark).replace(tzinfo=UTC) if mark else None
    changed = Changes(clients.s3(), bucket=config.lake_bucket).since(program_id, began)
    pages().send(
        WorkPage(program_id=program_id, lane="members", items=some)
        for some in batched(sorted(changed.members), ITEMS_MAX, strict=False)
    )
    if changed.until:
        progress.advance(changed.until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    logger.info("queued", program_id=program_id, members=len(changed.members))


def review_staff(program_id: str) -> None:
    """Compare what each person of the staff moved by hand with what is usual in the program."""
    table = settings(AuditSettings).table
    now = clock.now()
    unusual = review_days(
        actions=TableActions(engine(table), program_id=program_id),
        days=TableStaffDays(engine(table), program_id=program_id),
        progress=TableProgress(engine(table), program_id=program_id, of="staff_days"),
        zone=shelf(table).in_force(program_id, now=now).document.zone,
        now=now,
    )
    if unusual:
        logger.warning("unusual hands", program_id=program_id, people=unusual)


def audit(program_id: str, member_id: str) -> None:
    """Log every difference of one account, of its awards and of its progress.

    It repairs nothing. But it has the orders of the last days counted once more, in case a message
    about one was lost.
    """
    table = settings(AuditSettings).table
    desk = open_desk(program_id, table=table)
    shelf_of_engagement = TableEngagement(engine(table), program_id=program_id)
    engagement = audit_engagement(member_id, shelf=shelf_of_engagement, desk=desk)
    differences = [*audit_member(member_id, desk=desk), *engagement.differences]
    look_again(program_id, engagement.orders)
    for difference in differences:
        logger.error(
            "books differ",
            program_id=program_id,
            member_id=member_id,
            what=difference.what,
            of_account=str(difference.of_account),
            of_entries=str(difference.of_entries),
        )
    if differences:
        count("BooksDiffer", len(differences))


def look_again(program_id: str, orders: Sequence[OrderRef]) -> None:
    """Have orders counted for challenges as they are now."""
    url = settings(AuditSettings).engagement_queue_url
    PageQueue(clients.sqs(), url=url, pause=pause).send(
        WorkPage(program_id=program_id, lane="orders", items=some)
        for some in batched(map(item_of, orders), ITEMS_MAX, strict=False)
    )


def pages() -> PageQueue:
    return PageQueue(clients.sqs(), url=settings(AuditSettings).audit_queue_url, pause=pause)
