"""What was written to a member so far, and whether they may be written to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from loyalty.domain.people.member import Member, Strength

if TYPE_CHECKING:
    from loyalty.domain.program.kinds import MessageKind


class Reminded(NamedTuple):
    """A reminder that was given: `stage` days ahead, to be remembered until the day `until`."""

    stage: int
    until: date


class Written(NamedTuple):
    """A message was written on a day."""

    day: date
    kind: MessageKind


class Stopped(NamedTuple):
    """Why nothing is sent to an address any more, by its digest; a new address gets mail again."""

    why: Literal["bounced", "complained"]
    address: str
    stopped_at: datetime


def _nothing() -> Mapping[str, Reminded]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondence:
    """Which reminders a member was given, and when to check on them next.

    `reminded` maps the name of an occasion to its last reminder. `written` lists the messages of
    the last seven days. `bought_on` is the last known purchase. `revision` is what the next write
    relies on; 0: nothing is stored yet.
    """

    member_id: str
    revision: int = 0
    reminded: Mapping[str, Reminded] = field(default_factory=_nothing)
    written: tuple[Written, ...] = ()
    bought_on: date | None = None
    look_at: datetime | None = None
    stopped: Stopped | None = None


def may_write(member: Member, correspondence: Correspondence, kind: MessageKind) -> bool:
    """Whether a member may be sent a kind of message: they agreed, and mail reaches them."""
    email, of_kind = member.consents.get("email"), member.consents.get(kind)
    address = address_of(member)
    if address is None or email is None or not email.given:
        return False
    stopped = correspondence.stopped
    if stopped is not None and stopped.address == address_digest(member.member_id, address):
        return False
    return of_kind is None or of_kind.given


def address_of(member: Member) -> str | None:
    """The e-mail address to write to: preferably a proven one, else one that is claimed.

    A noted address is not used: it may be another person's.
    """
    addresses = [
        (not proven, each.value)
        for each, proven in member.identities.items()
        if each.kind == "email" and member.strength(each) > Strength.NOTED
    ]
    return min(addresses)[1] if addresses else None


def address_digest(member_id: str, address: str) -> str:
    """A digest that stands for an address where the address itself must not be stored."""
    return hashlib.sha256(f"{member_id}\0{address.lower()}".encode()).hexdigest()[:32]
