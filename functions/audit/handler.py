"""Audit: hold the accounts of all members who changed against their entries, every night."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import batched
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from loyalty.edge.aws import clients
from loyalty.edge.aws.queues.work import PageQueue, work
from loyalty.edge.aws.table import engine, pause
from loyalty.edge.desk import open_desk
from loyalty.edge.logs import logger
from loyalty.edge.metrics import count
from loyalty.edge.settings import settings
from loyalty.lake.objects import Changes
from loyalty.table.due import TableProgress
from loyalty.table.programs import TablePrograms
from loyalty.usecases.ledger.statements import audit_member
from loyalty.usecases.work_pages import ITEMS_MAX, WorkPage


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettings:
    table: str
    lake_bucket: str
    audit_queue_url: str


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse | None:
    """The schedule wakes it to begin; the queue hands it members to audit.

    `{"since": "2026-11-01"}` audits all who changed since then, whatever was audited before.
    """
    if "Records" not in event:
        begin(since=event.get("since", ""))
        return None
    return work(event, context, take=take, pages=pages())


def begin(*, since: str) -> None:
    """Every program is work of its own: one that cannot be read holds up no other."""
    programs = list(TablePrograms(engine(settings(AuditSettings).table)).registered())
    pages().send(
        WorkPage(program_id=program_id, lane="programs", items=(since,)) for program_id in programs
    )
    logger.info("audit begun", programs=len(programs))
    count("Audits")


def take(page: WorkPage, item: str) -> None:
    if page.lane == "programs":
        hand_out(page.program_id, since=item)
    else:
        audit(page.program_id, item)


def hand_out(program_id: str, *, since: str) -> None:
    """Hand out all members who changed since the last run; it is the last one once all are out."""
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
    logger.info("handed out", program_id=program_id, members=len(changed.members))


def audit(program_id: str, member_id: str) -> None:
    """Name every difference of one account. It repairs nothing."""
    table = settings(AuditSettings).table
    differences = audit_member(member_id, desk=open_desk(program_id, table=table))
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


def pages() -> PageQueue:
    return PageQueue(clients.sqs(), url=settings(AuditSettings).audit_queue_url, pause=pause)
