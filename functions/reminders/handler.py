"""Reminders: look at members of whom something comes up, and write what they are to be told."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.people.identity import Keyring
from loyalty.edge import clock
from loyalty.edge.aws import clients
from loyalty.edge.aws.queues.work import PageQueue, work
from loyalty.edge.aws.table import engine, pause
from loyalty.edge.desk import open_desk, shelf
from loyalty.edge.logs import failure, logger
from loyalty.edge.metrics import count
from loyalty.edge.settings import settings
from loyalty.table.due import TableDues, TableProgress
from loyalty.table.members import TableMembers
from loyalty.table.messages import TableLetters
from loyalty.table.programs import TablePrograms
from loyalty.usecases.ledger.sweeps import DueItem, Finder, put_off
from loyalty.usecases.messaging.reminders import check_member
from loyalty.usecases.work_pages import WorkPage


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindersSettings:
    table: str
    reminders_queue_url: str


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse | None:
    """The schedule wakes it to find who is due; the queue hands it pages, and changes of members.

    `{"since": "2026-11-01"}` looks at finished days again.
    """
    if "Records" not in event:
        begin(since=event.get("since", ""))
        return None
    return work(event, context, take=take, pages=pages(), put_apart=put_apart)


def begin(*, since: str) -> None:
    """Every program is work of its own: one that cannot be read holds up no other."""
    programs = list(TablePrograms(engine(settings(RemindersSettings).table)).registered())
    pages().send(
        WorkPage(program_id=program_id, lane="programs", items=(since,)) for program_id in programs
    )
    logger.info("reminders begun", programs=len(programs))
    count("ReminderRuns")


def take(page: WorkPage, item: str) -> None:
    """Do one item: `members` are listed as due, `changed` ones are named by the bus."""
    match page.lane:
        case "programs":
            hand_out(page.program_id, since=date.fromisoformat(item) if item else None)
        case "shards":
            finder(page.program_id).hand_out_rest(item)
        case "members":
            tell(page.program_id, DueItem(item).owner)
        case _:
            tell(page.program_id, item)


def hand_out(program_id: str, *, since: date | None) -> None:
    table = settings(RemindersSettings).table

    def began() -> date:
        return shelf(table).version(program_id, 1).published_at.date()

    found = finder(program_id).hand_out(
        progress=TableProgress(engine(table), program_id=program_id, of="reminders"),
        began=began,
        since=since,
    )
    if found:
        logger.info("handed out", program_id=program_id, due=found)
        count("RemindersDue", found)


def tell(program_id: str, member_id: str) -> None:
    table = settings(RemindersSettings).table
    written = check_member(
        member_id,
        letters=TableLetters(engine(table), program_id=program_id),
        members=TableMembers(engine(table), program_id=program_id, keyring=no_keyring),
        desk=open_desk(program_id, table=table),
    )
    if written:
        count("MessagesWritten", written)


def finder(program_id: str) -> Finder:
    return Finder(program_id=program_id, dues=dues(program_id), pages=pages(), now=clock.now())


def put_apart(page: WorkPage) -> None:
    """What failed is seen to by its own message from here on."""
    if page.lane != "members":
        return
    now: datetime = clock.now()
    try:
        for item in page.items:
            put_off(DueItem(item), dues=dues(page.program_id), now=now)
    except TryAgain as error:
        # The next run will find it again, and nothing is lost.
        logger.warning("not put off", program_id=page.program_id, failure=failure(error))


def dues(program_id: str) -> TableDues:
    table = settings(RemindersSettings).table
    return TableDues(engine(table), program_id=program_id, index="reminding")


def pages() -> PageQueue:
    return PageQueue(
        clients.sqs(), url=settings(RemindersSettings).reminders_queue_url, pause=pause
    )


def no_keyring() -> Keyring:
    raise LookupError("members are looked up by their ids here, and by nothing else")
