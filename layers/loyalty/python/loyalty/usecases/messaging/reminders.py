"""Reminders: check on a member, write the messages that are due, and plan the next check."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from loyalty.domain.engagement.progress import latest_awards
from loyalty.domain.ledger.account import Account, view
from loyalty.domain.messaging.collecting import (
    COLLECTED_DAYS,
    Collected,
    occasions_of_challenges,
)
from loyalty.domain.messaging.correspondence import Correspondence
from loyalty.domain.messaging.occasions import Person, occasions
from loyalty.domain.messaging.presents import needs_order, presents_of
from loyalty.domain.messaging.reminders import HeldBack, decide
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.engagement.viewing import challenges_in
from loyalty.usecases.ledger.accounts import MERGES_MAX
from loyalty.usecases.messaging.presents import give_presents

if TYPE_CHECKING:
    from loyalty.domain.engagement.progress import CountedProgress
    from loyalty.domain.ledger.member_awards import MemberAward
    from loyalty.domain.ledger.vouchers import Voucher
    from loyalty.domain.messaging.messages import Message
    from loyalty.domain.messaging.occasions import Occasion
    from loyalty.domain.people.member import Member
    from loyalty.usecases.ports import Desk, Members, OnFile

# Per member: vouchers that are valid at the same time, and entries since the last purchase.
VOUCHERS_MAX: Final = 100
ENTRIES_MAX: Final = 200
LATELY: Final = timedelta(days=COLLECTED_DAYS)


class Letters(Protocol):
    """What was written to the members of one program."""

    def correspondence(self, member_id: str) -> Correspondence | None:
        """Read strongly."""
        ...

    def write(
        self, before: Correspondence, after: Correspondence, messages: Sequence[Message]
    ) -> None:
        """Write messages and the correspondence, if it still has the revision of `before`.

        Raises:
            Raced: another worker checked on the member meanwhile, or they were erased.
        """
        ...

    def forget(self, member_id: str) -> None: ...


class CollectedThings(Protocol):
    """What members collect by their orders, read strongly."""

    def all_progress(self, member_id: str) -> Sequence[CountedProgress]: ...

    def awards(self, award_ids: Collection[str]) -> Sequence[MemberAward]:
        """Those of these awards that there are."""
        ...


@until_saved
def check_member(
    member_id: str,
    *,
    letters: Letters,
    members: Members,
    collected: CollectedThings,
    desk: Desk,
) -> int:
    """Check on a member and write the messages that are due; returns how many.

    A merged member is checked as the member they became, with the reminders of both; the
    correspondence of an erased member is deleted. Checking again changes nothing.

    Raises:
        TryAgain: overtaken too often.
    """
    found = _look_at(member_id, letters=letters, members=members, collected=collected, desk=desk)
    if found is None:
        letters.forget(member_id)
        return 0
    correspondence = give_presents(found.person, found.correspondence, desk)
    decision = decide(found.person, correspondence, program=desk.program, now=desk.now)
    if decision.after != found.before:
        letters.write(found.before, decision.after, decision.messages)
    for merged_id in found.merged:
        letters.forget(merged_id)
    return len(decision.messages)


def held_back(
    member_id: str,
    *,
    letters: Letters,
    members: Members,
    collected: CollectedThings,
    desk: Desk,
) -> tuple[HeldBack, ...]:
    """The messages that are due to a member and have to wait. Nothing is written."""
    found = _look_at(member_id, letters=letters, members=members, collected=collected, desk=desk)
    if found is None:
        return ()
    return decide(found.person, found.correspondence, program=desk.program, now=desk.now).held_back


class _Seen(NamedTuple):
    """What a check of a member decides from.

    `before` is the correspondence as stored; `correspondence` also has what was written to the
    `merged` members, and the last purchase.
    """

    person: Person
    before: Correspondence
    correspondence: Correspondence
    merged: tuple[str, ...]


def _look_at(
    member_id: str,
    *,
    letters: Letters,
    members: Members,
    collected: CollectedThings,
    desk: Desk,
) -> _Seen | None:
    """Read what a check decides from; None if the member is gone."""
    path = _lineage(member_id, members)
    if not path or path[-1].member is None:
        return None
    owner = path[-1].account
    before = letters.correspondence(owner.member_id) or Correspondence(member_id=owner.member_id)
    merged = tuple(each.account.member_id for each in path[:-1])
    correspondence = before
    for merged_id in merged:
        correspondence = _with(correspondence, letters.correspondence(merged_id))
    person = _person(owner, path[-1].member, collected, desk)
    person = _with_first_order(person, correspondence, members, desk)
    correspondence = _with_purchase(correspondence, person, members, desk)
    return _Seen(person, before, correspondence, merged)


def _lineage(member_id: str, members: Members) -> list[OnFile]:
    """A member and those they were merged into, the active one last; empty if they are gone."""
    path: list[OnFile] = []
    for _ in range(MERGES_MAX):
        on_file = members.find(member_id, strong=True)
        if on_file is None:
            break
        path.append(on_file)
        if on_file.account.into is None:
            break
        member_id = on_file.account.into
    return path


def _with(correspondence: Correspondence, merged: Correspondence | None) -> Correspondence:
    """The correspondence with that of a merged member added: both were written to one person."""
    if merged is None:
        return correspondence
    reminded = dict(correspondence.reminded)
    for name, each in merged.reminded.items():
        reminded[name] = min(each, reminded.get(name, each))
    bought = [day for day in (correspondence.bought_on, merged.bought_on) if day]
    return replace(
        correspondence,
        reminded=reminded,
        written=tuple(sorted({*correspondence.written, *merged.written})),
        bought_on=max(bought, default=None),
    )


def _person(account: Account, member: Member, collected: CollectedThings, desk: Desk) -> Person:
    today = view(account, program=desk.program, now=desk.now)
    vouchers: Sequence[Voucher] = ()
    if desk.program.document.reminders.voucher_expiring:
        owners = (account.member_id, *account.absorbed)
        listed = desk.books.vouchers(owners, limit=VOUCHERS_MAX, start=None)
        vouchers = listed.items
    return Person(
        member=member,
        account=today,
        vouchers=vouchers,
        collected=_collected(account.member_id, collected, desk),
        entered=_entered(account.member_id, desk),
    )


def _collected(member_id: str, collected: CollectedThings, desk: Desk) -> tuple[Occasion, ...]:
    """The occasions by challenges, read only if a message is about them."""
    document = desk.program.document
    if not document.reminders.of_challenges or desk.program.counts_since is None:
        return ()
    progress = collected.all_progress(member_id)
    awards = [each for one in progress for each in latest_awards(one, since=desk.today - LATELY)]
    found = Collected(
        challenges=challenges_in(progress, member_id=member_id, desk=desk),
        awards=collected.awards(awards),
    )
    return tuple(occasions_of_challenges(found, document, today=desk.today))


def _entered(member_id: str, desk: Desk) -> Mapping[str, datetime]:
    """Since when a member is in the segments that have a message."""
    document = desk.program.document
    named = {each.segment for each in document.reminders.segment_entered}
    if not named:
        return {}
    targeting = desk.books.participant(member_id, targeting=True).targeting
    if targeting is None:
        return {}
    # Who was in it by another definition is not.
    return {
        each.id: targeting.segments_since[each.id]
        for each in document.segments
        if each.id in named
        and targeting.segments.get(each.id) == each.fingerprint
        and each.id in targeting.segments_since
    }


def _with_purchase(
    correspondence: Correspondence, person: Person, members: Members, desk: Desk
) -> Correspondence:
    """The correspondence with the last purchase, looked up only if the member seems to lapse."""
    every = occasions(person, correspondence, program=desk.program, today=desk.today, now=desk.now)
    if not any(each.kind == "lapsed" and each.on <= desk.today for each in every):
        return correspondence
    bought_on = _last_purchase(person, members, desk)
    return replace(correspondence, bought_on=bought_on) if bought_on else correspondence


def _with_first_order(
    person: Person, correspondence: Correspondence, members: Members, desk: Desk
) -> Person:
    """The person, and whether they have an order, looked up only if a present depends on it."""
    document = desk.program.document
    if not needs_order(document):
        return person
    presents = presents_of(person, correspondence, document, today=desk.today)
    if not any(each.on <= desk.today for each in presents):
        return person
    return replace(person, has_bought=_last_purchase(person, members, desk) is not None)


def _last_purchase(person: Person, members: Members, desk: Desk) -> date | None:
    owners = (person.account.member_id, *person.account.absorbed)
    page = members.history(owners, limit=ENTRIES_MAX, start=None)
    purchases = [entry.happened_at for entry in page.items if entry.kind == "accrual"]
    return desk.program.document.today(max(purchases)) if purchases else None
