"""Notifications: send a message to its member once, if they still agree and it is still useful."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, Protocol

from loyalty.domain.ledger.account import view
from loyalty.domain.messaging.correspondence import (
    Correspondence,
    Stopped,
    address_digest,
    address_of,
    may_write,
)
from loyalty.domain.messaging.quiet_hours import end_of_quiet
from loyalty.usecases.attempts import Attempts
from loyalty.usecases.ports import Desk, Members, Raced

if TYPE_CHECKING:
    from loyalty.domain.messaging.messages import Message
    from loyalty.domain.people.member import Member
    from loyalty.usecases.messaging.reminders import Letters

# Longer than a worker lives, so that no other worker sends the same message meanwhile.
CLAIMED_FOR: Final = timedelta(minutes=2)

type Why = Literal["erased", "not_agreed", "rejected", "too_late"]


class Rejected(Exception):
    """This mail can never be sent: its address or its content is refused for good."""


class Quiet(Exception):
    """It must not be sent during the quiet hours, which end at `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__("quiet hours")
        self.until = until


class AlreadyBeingSent(Exception):
    """Another worker is sending it, or has sent it."""


class Outbox(Protocol):
    """The messages of one program that wait to be sent."""

    def waiting(self, member_id: str, message_id: str) -> Message | None:
        """A message that was neither sent nor dropped yet, read strongly."""
        ...

    def claim(self, message: Message, *, now: datetime, until: datetime) -> None:
        """Reserve a message for this worker until a moment.

        Raises:
            AlreadyBeingSent: another worker has reserved it, or has sent it.
        """
        ...

    def sent(self, message: Message, *, sent_at: datetime) -> None: ...

    def dropped(self, message: Message, why: Why, *, dropped_at: datetime) -> None: ...

    def came_back(
        self,
        member_id: str,
        message_id: str,
        why: Literal["bounced", "complained"],
        *,
        came_back_at: datetime,
    ) -> None: ...


class Postman(Protocol):
    def __call__(self, message: Message, *, to: str, member: Member, balance: int) -> None:
        """Send a message by mail.

        Raises:
            Rejected: it can never be sent.
            TryAgain: it was not sent now.
        """
        ...


def send_mail(
    member_id: str,
    message_id: str,
    *,
    outbox: Outbox,
    letters: Letters,
    members: Members,
    post: Postman,
    desk: Desk,
) -> Literal["sent", "dropped", "done"]:
    """Send a message; `done`: it was sent or dropped before.

    It is sent at least once: a worker that dies after sending the mail and before recording it
    causes a second mail. Nothing else does.

    Raises:
        Quiet: the quiet hours have begun meanwhile.
        AlreadyBeingSent: another worker is sending it.
        TryAgain: it could not be sent now.
    """
    message = outbox.waiting(member_id, message_id)
    if message is None:
        return "done"
    on_file = members.find(member_id, strong=True)
    member = on_file.member if on_file else None
    why = _why_not(message, member, letters.correspondence(member_id), desk)
    if on_file is None or member is None or why is not None:
        outbox.dropped(message, why or "erased", dropped_at=desk.now)
        return "dropped"
    document = desk.program.document
    opens_at = end_of_quiet(desk.now, document.messages.quiet_hours, document.zone)
    if opens_at > desk.now:
        raise Quiet(opens_at)
    outbox.claim(message, now=desk.now, until=desk.now + CLAIMED_FOR)
    balance = view(on_file.account, program=desk.program, now=desk.now).balance
    try:
        post(message, to=address_of(member) or "", member=member, balance=balance)
    except Rejected:
        outbox.dropped(message, "rejected", dropped_at=desk.now)
        return "dropped"
    outbox.sent(message, sent_at=desk.now)
    return "sent"


def stop(
    member_id: str,
    message_id: str,
    *,
    address: str,
    why: Literal["bounced", "complained"],
    outbox: Outbox,
    letters: Letters,
    desk: Desk,
) -> bool:
    """Stop sending to an address that a message bounced from, or that complained; False: it was."""
    outbox.came_back(member_id, message_id, why, came_back_at=desk.now)
    attempts = Attempts(desk)
    while True:
        attempts.begin()
        before = letters.correspondence(member_id)
        if before is None:
            return False
        stopped = Stopped(why, address_digest(member_id, address), desk.now)
        if before.stopped is not None and before.stopped.address == stopped.address:
            return False
        try:
            letters.write(before, replace(before, stopped=stopped), ())
        except Raced:
            continue
        return True


def _why_not(
    message: Message, member: Member | None, correspondence: Correspondence | None, desk: Desk
) -> Why | None:
    if member is None:
        return "erased"
    if desk.today > message.until:
        return "too_late"
    if not may_write(
        member, correspondence or Correspondence(member_id=member.member_id), message.kind
    ):
        return "not_agreed"
    return None
