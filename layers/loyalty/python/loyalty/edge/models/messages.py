"""Messages to members: those written, with their outcome, and those that wait."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from loyalty.domain.messaging.messages import Message, MessageState
from loyalty.domain.messaging.quiet_hours import end_of_quiet
from loyalty.domain.messaging.reminders import HeldBack, HeldBackBy
from loyalty.domain.program.kinds import MessageKind
from loyalty.edge.http.schemas import AnswerPart, NextCursor
from loyalty.usecases.ports import Desk


class MessageAnswer(AnswerPart):
    """A message to the member. Its words are chosen when it is sent, and are not kept."""

    kind: Annotated[MessageKind, Field(description="The kind of message.")]
    day: Annotated[date, Field(description="The day it was written, in the program's time zone.")]
    written_at: Annotated[datetime, Field(description="When it was written, in UTC.")]
    state: Annotated[MessageState, Field(description="Whether it was sent, and its outcome.")]
    at: Annotated[
        datetime | None,
        Field(description="When it reached this state, in UTC; null: it is still waiting."),
    ]
    waits_until: Annotated[
        datetime | None,
        Field(
            description="When the quiet hours end for which it waits, in UTC; null: it does not "
            "wait for them."
        ),
    ]
    about: Annotated[
        date | None,
        Field(description="The day it is about, in the program's time zone: an expiry, say."),
    ]
    points: Annotated[int, Field(description="The points it is about.")]
    level: Annotated[str | None, Field(description="The id of the level it is about.")]


class HeldBackMessage(AnswerPart):
    """A message that is due and has to wait. It is written then, if it is still useful."""

    kind: Annotated[MessageKind, Field(description="The kind of message.")]
    reason: Annotated[
        HeldBackBy,
        Field(
            description="`quiet_hours`: no messages are sent now. `one_a_day`: the member got a "
            "message of this kind today. `weekly_limit`: the member got as many messages in seven "
            "days as the program allows."
        ),
    ]
    until: Annotated[
        datetime, Field(description="The first moment at which it can be written, in UTC.")
    ]


class MessagesPage(AnswerPart):
    """A page of a member's messages, newest first, and what waits."""

    items: Annotated[list[MessageAnswer], Field(description="The messages of this page.")]
    held_back: Annotated[
        list[HeldBackMessage],
        Field(description="Messages that are due and have to wait; every page repeats them."),
    ]
    next_cursor: NextCursor


def message_answer(message: Message, desk: Desk) -> MessageAnswer:
    return MessageAnswer(
        kind=message.kind,
        day=message.day,
        written_at=message.written_at,
        state=message.state,
        at=message.settled_at,
        waits_until=_waits_until(message, desk),
        about=message.about,
        points=message.points,
        level=message.level,
    )


def held_back_answer(held_back: Sequence[HeldBack]) -> list[HeldBackMessage]:
    return [HeldBackMessage(kind=each.kind, reason=each.by, until=each.until) for each in held_back]


def _waits_until(message: Message, desk: Desk) -> datetime | None:
    if message.state != "waiting":
        return None
    document = desk.program.document
    opens_at = end_of_quiet(desk.now, document.messages.quiet_hours, document.zone)
    return opens_at if opens_at > desk.now else None
