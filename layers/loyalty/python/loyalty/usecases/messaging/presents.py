"""Presents: give a member what is due to them, each once, also after a merge."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from loyalty.domain.kernel.errors import LimitReached, NotFound, OutOfStock, RewardUnavailable
from loyalty.domain.ledger.corrections import bonus
from loyalty.domain.ledger.entries import Bonus, EntryKind, RequestCause, RewardGrant
from loyalty.domain.messaging.correspondence import Correspondence, Reminded
from loyalty.domain.messaging.presents import REMEMBERED_DAYS, Present, presents_of
from loyalty.domain.orders.order import fingerprint
from loyalty.usecases.ledger.accounts import open_account, settled
from loyalty.usecases.ledger.grants import give_reward
from loyalty.usecases.ledger.once import once

if TYPE_CHECKING:
    from loyalty.domain.ledger.postings import Posting
    from loyalty.domain.messaging.occasions import Person
    from loyalty.usecases.ports import Desk


def give_presents(person: Person, correspondence: Correspondence, desk: Desk) -> Correspondence:
    """Give a member the presents of today; returns the correspondence that remembers them.

    A present is given once a year, however often the member is checked, and also if one of the
    members who were merged into them got it. Birthday points are remembered by their message.
    """
    document = desk.program.document
    for present in presents_of(person, correspondence, document, today=desk.today):
        if present.on > desk.today:
            continue
        if not _was_given(present, person, desk):
            _give(present, person.account.member_id, desk)
        if present.occasion != "birthday":
            until = present.on + timedelta(days=REMEMBERED_DAYS)
            reminded = {**correspondence.reminded, present.name: Reminded(0, until)}
            correspondence = replace(correspondence, reminded=reminded)
    return correspondence


def _was_given(present: Present, person: Person, desk: Desk) -> bool:
    """Whether a member who was merged into this one got it."""
    kind: EntryKind = "redemption" if present.reward_id else "bonus"
    return any(
        desk.books.entry(RequestCause(present.cause(owner), kind)) is not None
        for owner in person.account.absorbed
    )


def _give(present: Present, member_id: str, desk: Desk) -> None:
    if present.reward_id is None:
        _give_points(present, member_id, desk)
        return
    try:
        give_reward(
            member_id,
            reward_id=present.reward_id,
            why=RewardGrant(granted_for="anniversary"),
            request_id=present.cause(member_id),
            desk=desk,
        )
    except (NotFound, LimitReached, OutOfStock, RewardUnavailable):
        # The document has changed since it was published with this reward.
        return


def _give_points(present: Present, member_id: str, desk: Desk) -> None:
    # Its cause is the year, not the day: changing the birthday gives no second present.
    cause = RequestCause(present.cause(member_id), "bonus")
    content = fingerprint(present.occasion, member_id, present.year)

    def give() -> Posting:
        account = settled(desk, open_account(desk, member_id, strong=True))
        return bonus(
            present.points,
            account=account,
            program=desk.program,
            why=Bonus(given_for=present.occasion),
            request_id=cause.request_id,
            fingerprint=content,
            now=desk.now,
        )

    once(cause, fingerprint=content, decide=give, desk=desk)
