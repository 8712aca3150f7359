"""A message to a member, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from loyalty.domain.program.kinds import MessageKind
    from loyalty.domain.recommendations.ending import PaidReward

type MessageState = Literal["waiting", "sent", "dropped", "bounced", "complained"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One of several things that a message lists, such as a lot that expires."""

    day: date
    points: int
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message to a member; its words are chosen when it is sent.

    `day` is the program's day on which it was written; there is at most one message of a kind per
    day. `until` is the last day on which it is still useful. `about` is the first day that it is
    about, and `points` are the points of that day; `rows` lists everything that it is about.
    `segment` is the one that the member entered.
    `pays_for` is a reward that these points buy. `settled_at` is when it reached its `state`; None
    while it waits. A mail that bounced or complained was sent.
    """

    member_id: str
    kind: MessageKind
    day: date
    written_at: datetime
    until: date
    about: date | None = None
    points: int = 0
    level: str | None = None
    segment: str | None = None
    missing: int = 0
    rows: tuple[Row, ...] = ()
    pays_for: PaidReward | None = None
    state: MessageState = "waiting"
    sent_at: datetime | None = None
    settled_at: datetime | None = None

    @property
    def id(self) -> str:
        return f"{self.day.isoformat()}/{self.kind}"
