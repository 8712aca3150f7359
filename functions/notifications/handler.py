"""Notifications: send members' messages by mail, handle bounces, and preview mails."""

import time
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Final

from loyalty.domain.messaging.messages import Message
from loyalty.domain.people.member import Member
from loyalty.edge import clock, deadline
from loyalty.edge.aws import clients
from loyalty.edge.aws.mailbox import Mailbox, MailQuotaSpent
from loyalty.edge.aws.queues import backoff
from loyalty.edge.aws.queues.batches import handle_messages, log_failure
from loyalty.edge.aws.queues.record import QueueRecord
from loyalty.edge.aws.table import engine
from loyalty.edge.desk import open_desk, shelf
from loyalty.edge.directory import directory, keyring
from loyalty.edge.http.app import ProgramId, create_app
from loyalty.edge.http.params import Body
from loyalty.edge.logs import logger
from loyalty.edge.mail.pacing import Pace
from loyalty.edge.mail.previews import (
    REQUEST_BYTES_MAX,
    PreviewAnswer,
    PreviewRequest,
    preview,
)
from loyalty.edge.mail.render import Letter, mail
from loyalty.edge.mail.unsubscribing import link
from loyalty.edge.metrics import count
from loyalty.edge.settings import settings
from loyalty.table.messages import TableLetters, TableOutbox
from loyalty.usecases.messaging.notifications import Postman, Quiet, Rejected, send_mail, stop
from loyalty.usecases.ports import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationsSettings:
    table: str
    identity_secret: str
    configuration_set: str
    api_url: str
    mail_from: str = ""
    mail_pause_ms: str = "0"


# SES counts the mails of the last 24 hours, so some of the quota is free again every hour.
QUOTA_WAIT: Final = timedelta(hours=1)
SAMPLE_MEMBER: Final = "mem_00000000000000000000000000"

api = create_app("notifications")


@deadline.keeping_time
def handler(event: dict[str, Any], context: object) -> Any:
    """Answer requests for previews, and take events of the bus and of SES from the queue."""
    if "Records" not in event:
        return api(event, context)
    on_failure = log_failure("not sent", quietly=(Quiet,))
    return handle_messages(event, take, on_failure=on_failure, wait=wait)


@api.post("/messages/preview", allow={"manager"}, body_bytes_max=REQUEST_BYTES_MAX)
def preview_message(
    program_id: ProgramId, request: Annotated[PreviewRequest, Body()]
) -> PreviewAnswer:
    """Preview a message, for a sample member.

    By the document in force, or by a draft of it. The HTML has no scripts and no forms.
    """
    now = clock.now()
    programs = shelf(settings(NotificationsSettings).table)
    made = preview(
        request,
        in_force=lambda: programs.in_force(program_id, now=now).document,
        now=now,
        unsubscribe_url=unsubscribe_url(program_id, SAMPLE_MEMBER),
    )
    return PreviewAnswer(subject=made.subject, html=made.html, text=made.text)


def take(record: QueueRecord) -> None:
    """Handle one event: send a message, or stop writing to an address."""
    message = record.content
    detail = message["detail"]
    match message["detail-type"]:
        case "MessageDue":
            send(detail["program_id"], detail["member_id"], detail["message_id"])
        case "Email Bounced" if detail["bounce"]["bounceType"] == "Permanent":
            for each in detail["bounce"]["bouncedRecipients"]:
                give_up(detail["mail"], each["emailAddress"], why="bounced")
        case "Email Complaint Received":
            for each in detail["complaint"]["complainedRecipients"]:
                give_up(detail["mail"], each["emailAddress"], why="complained")
        case _:
            # A mailbox that is full today still exists.
            return


def wait(error: Exception, attempt: int) -> timedelta:
    """Wait for the end of the quiet hours, for tomorrow's quota, or as every queue does."""
    match error:
        case Quiet():
            return error.until - clock.now()
        case MailQuotaSpent():
            return QUOTA_WAIT
        case _:
            return backoff.wait(error, attempt)


def send(program_id: str, member_id: str, message_id: str) -> None:
    config = settings(NotificationsSettings)
    desk = open_desk(program_id, table=config.table)
    outcome = send_mail(
        member_id,
        message_id,
        outbox=TableOutbox(engine(config.table), program_id=program_id),
        letters=TableLetters(engine(config.table), program_id=program_id),
        members=directory(program_id, config),
        post=postman(desk),
        desk=desk,
    )
    logger.info(
        "message",
        program_id=program_id,
        member_id=member_id,
        message_id=message_id,
        outcome=outcome,
    )
    if outcome != "done":
        kind = message_id.partition("/")[2]
        count("MessagesSent" if outcome == "sent" else "MessagesDropped", kind=kind)


def postman(desk: Desk) -> Postman:
    config = settings(NotificationsSettings)
    document, program_id = desk.program.document, desk.program.program_id

    def post(message: Message, *, to: str, member: Member, balance: int) -> None:
        if not config.mail_from:
            logger.error("no sender: deploy with mail_from")
            raise Rejected
        pace().wait()
        url = unsubscribe_url(program_id, member.member_id)
        letter = Letter(
            message=message,
            member=member,
            balance=balance,
            today=desk.today,
            unsubscribe_url=url,
        )
        mailbox = Mailbox(
            clients.ses(), sender=config.mail_from, configuration_set=config.configuration_set
        )
        mailbox.send(
            mail(letter, document),
            to=to,
            name=document.name,
            reply_to=document.messages.reply_to,
            unsubscribe_url=url,
            tags={
                "program": program_id,
                "member": member.member_id,
                "day": message.day.isoformat(),
                "kind": message.kind,
            },
        )

    return post


@cache
def pace() -> Pace:
    pause_s = int(settings(NotificationsSettings).mail_pause_ms) / 1000
    return Pace(pause_s, clock=time.monotonic, sleep=time.sleep)


def give_up(mailed: dict[str, Any], address: str, *, why: Any) -> None:
    """Stop writing to an address; the mail's tags name the member."""
    program_id, member_id, day, kind = (
        mailed["tags"][name][0] for name in ("program", "member", "day", "kind")
    )
    config = settings(NotificationsSettings)
    stopped = stop(
        member_id,
        f"{day}/{kind}",
        address=address,
        why=why,
        outbox=TableOutbox(engine(config.table), program_id=program_id),
        letters=TableLetters(engine(config.table), program_id=program_id),
        desk=open_desk(program_id, table=config.table),
    )
    if stopped:
        logger.info(
            "stopped writing to an address", program_id=program_id, member_id=member_id, why=why
        )
        count("AddressesGivenUp", why=why)


def unsubscribe_url(program_id: str, member_id: str) -> str:
    config = settings(NotificationsSettings)
    ring = keyring(config.identity_secret)
    return link(config.api_url, program_id=program_id, member_id=member_id, keyring=ring)
