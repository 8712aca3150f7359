"""Expiry: let members and vouchers catch up with the calendar, on a schedule."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from loyalty.domain.kernel.errors import TryAgain
from loyalty.edge import clock
from loyalty.edge.aws import clients
from loyalty.edge.aws.queues.work import PageQueue, work
from loyalty.edge.aws.table import engine, pause
from loyalty.edge.desk import open_desk, shelf
from loyalty.edge.logs import failure, logger
from loyalty.edge.metrics import count
from loyalty.edge.settings import settings
from loyalty.table.due import TableDues, TableProgress
from loyalty.table.programs import TablePrograms
from loyalty.usecases.ledger.sweeps import DueItem, Finder, put_off, wake
from loyalty.usecases.work_pages import WorkPage


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpirySettings:
    table: str
    sweep_queue_url: str


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse | None:
    """The schedule wakes it to begin a sweep; the queue hands it the pages of one.

    `{"since": "2026-11-01"}` begins a sweep that looks at finished days again.
    """
    if "Records" not in event:
        begin(since=event.get("since", ""))
        return None
    return work(
        event, context, take=take, pages=pages(), put_apart=put_apart, unnamed=("vouchers",)
    )


def begin(*, since: str) -> None:
    """Every program is work of its own: one that cannot be read holds up no other."""
    programs = list(TablePrograms(engine(settings(ExpirySettings).table)).registered())
    pages().send(
        WorkPage(program_id=program_id, lane="programs", items=(since,)) for program_id in programs
    )
    logger.info("sweep begun", programs=len(programs))
    count("Sweeps")


def take(page: WorkPage, item: str) -> None:
    match page.lane:
        case "programs":
            found = hand_out(page.program_id, since=date.fromisoformat(item) if item else None)
            tell(page.program_id, found=found)
        case "shards":
            found = finder(page.program_id).hand_out_rest(item)
            tell(page.program_id, found=found)
        case _:
            table = settings(ExpirySettings).table
            wake(
                DueItem(item),
                dues=dues(page.program_id),
                desk=open_desk(page.program_id, table=table),
            )


def hand_out(program_id: str, *, since: date | None) -> int:
    table = settings(ExpirySettings).table

    def began() -> date:
        return shelf(table).version(program_id, 1).published_at.date()

    return finder(program_id).hand_out(
        progress=TableProgress(engine(table), program_id=program_id, of="expiry"),
        began=began,
        since=since,
    )


def finder(program_id: str) -> Finder:
    return Finder(program_id=program_id, dues=dues(program_id), pages=pages(), now=clock.now())


def tell(program_id: str, *, found: int) -> None:
    if found:
        logger.info("handed out", program_id=program_id, due=found)
        count("Due", found)


def put_apart(page: WorkPage) -> None:
    """What failed is seen to by its own message from here on."""
    if page.lane not in ("members", "vouchers"):
        return
    now: datetime = clock.now()
    try:
        for item in page.items:
            put_off(DueItem(item), dues=dues(page.program_id), now=now)
    except TryAgain as error:
        # The next sweep will find it again, and nothing is lost.
        logger.warning("not put off", program_id=page.program_id, failure=failure(error))


def dues(program_id: str) -> TableDues:
    return TableDues(engine(settings(ExpirySettings).table), program_id=program_id)


def pages() -> PageQueue:
    return PageQueue(clients.sqs(), url=settings(ExpirySettings).sweep_queue_url, pause=pause)
