"""Bring what an order counts, and what was given for it, to what they should be.

A caller says only which order to look at, and never what changed. Each step is decided from what
is stored, and its write relies on that. So it does not matter how often an order is looked at, in
which sequence, or where an earlier attempt was killed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from loyalty.domain.engagement.changes import EngagementChange, OrderShare, ShareChange
from loyalty.domain.engagement.counters import award_terms, rule_of
from loyalty.domain.engagement.counting import Tallies, counts_of_order
from loyalty.domain.engagement.progress import (
    AwardStep,
    CountedProgress,
    Terms,
    counted,
    difference,
    emptied,
    forgetting,
    next_step,
    stepped,
    united,
)
from loyalty.domain.engagement.progress import (
    award_id as award_id_of,
)
from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.ledger.awarding import new_award
from loyalty.domain.ledger.entries import Entry, OrderCause
from loyalty.domain.ledger.postings import Posting
from loyalty.domain.ledger.refunds import state_of, unrefunded
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.engagement.awards import AwardShelf, award_posting
from loyalty.usecases.ledger.accounts import lineage, settled_lineage
from loyalty.usecases.ports import Raced

if TYPE_CHECKING:
    from loyalty.domain.engagement.counters import CountingRule
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.member_awards import MemberAward
    from loyalty.domain.orders.order import OrderRef
    from loyalty.usecases.ports import Desk, OrderOnFile


class EngagementShelf(AwardShelf, Protocol):
    """What orders count, progress and awards of one program; everything is read strongly."""

    def shares(self, order: OrderRef) -> Mapping[str, OrderShare]:
        """What an order counts so far, by counter."""
        ...

    def progress(self, member_id: str, counter: str) -> CountedProgress | None: ...

    def all_progress(self, member_id: str) -> Sequence[CountedProgress]: ...


def reconcile(order: OrderRef, *, shelf: EngagementShelf, desk: Desk) -> int | None:
    """Count an order as it is now, and give or take back what its counters are worth.

    A guest's order counts once somebody claims it. Nothing moves for an erased member. Returns the
    version of the program that decided the order's accrual; None: nothing counts.

    Raises:
        TryAgain: other writers were faster too often; looking again goes on where this ended.
    """
    with suppress(NotFound):
        counters, accrual = _count(order, shelf=shelf, desk=desk)
        # Also those that count as before: an earlier attempt may have ended here.
        for counter in counters:
            settle_counter(counter, accrual.member_id, shelf=shelf, desk=desk)
        return accrual.program_version
    return None


def unite_progress(merged_id: str, *, shelf: EngagementShelf, desk: Desk) -> None:
    """Add the progress of a merged member to that of the survivor, and settle what it is worth.

    Nothing moves if the survivor was erased.
    """
    with suppress(NotFound):
        for progress in shelf.all_progress(merged_id):
            settle_counter(progress.counter, merged_id, shelf=shelf, desk=desk)


def settle_counter(counter: str, member_id: str, *, shelf: EngagementShelf, desk: Desk) -> None:
    """Give and take back, one at a time, until the awards stand that a member's progress is worth.

    Raises:
        NotFound: there is no such member, or the member was erased.
        TryAgain: other writers were faster too often.
    """
    while _take_step(counter, member_id, shelf=shelf, desk=desk):
        pass


@until_saved
def _count(order: OrderRef, *, shelf: EngagementShelf, desk: Desk) -> tuple[Sequence[str], Entry]:
    """Count an order as it is now. Returns its counters and its accrual."""
    shares = shelf.shares(order)
    file = desk.books.order(OrderCause(order.source, order.order_id, "accrual"))
    if not isinstance(file.accrual, Entry):
        raise NotFound
    accrual, state = file.accrual, file.state

    def changed(counter: str, tallies: Tallies) -> EngagementChange:
        share = shares.get(counter) or OrderShare(
            order=order, counter=counter, occurred_at=accrual.happened_at
        )
        becomes = replace(share, tallies=tallies, revision=share.revision + 1)
        state_counter = state.counter if state else None
        return EngagementChange(share=ShareChange(becomes=becomes, state_counter=state_counter))

    counters = add_to_progress(
        _counts_now(accrual, file, shelf=shelf, desk=desk),
        before={counter: share.tallies for counter, share in shares.items()},
        changed=changed,
        member_id=accrual.member_id,
        version=accrual.program_version,
        shelf=shelf,
        desk=desk,
    )
    return counters, accrual


def add_to_progress(
    now: Mapping[str, Tallies],
    *,
    before: Mapping[str, Tallies],
    changed: Callable[[str, Tallies], EngagementChange],
    member_id: str,
    version: int,
    shelf: EngagementShelf,
    desk: Desk,
) -> Sequence[str]:
    """Add what something counts more or less than before to its member's progress, by counter.

    `changed` says how the share of a counter changes; both are written in one transaction.
    `version` is the version that decides what it counts. Returns all counters, also those that
    count as before.

    Raises:
        NotFound: there is no such member, or the member was erased.
        Raced: another writer was faster.
    """
    counters = sorted({*before, *now})
    for counter in counters:
        tallies = now.get(counter, {})
        more = difference(tallies, before.get(counter, {}))
        if more:
            path = lineage(desk, member_id, strong=True)
            progress = united_progress(counter, path, shelf=shelf, desk=desk)
            after = forgetting(progress, terms_of(counter, desk=desk), today=desk.today)
            change = replace(
                changed(counter, tallies), progress=(counted(after, more, version=version),)
            )
            desk.books.post(Posting(engagement=change, active=path[-1].member_id))
    return counters


def _counts_now(
    accrual: Entry, file: OrderOnFile, *, shelf: EngagementShelf, desk: Desk
) -> Mapping[str, Tallies]:
    """What an order counts, by the version that decided its accrual.

    One that was rejected in a review counts nothing, just as it earns nothing.
    """
    if file.state and file.state.verdict == "rejected":
        return {}
    left = unrefunded(accrual.earned.order, state_of(accrual.earned, file.state))
    return counts_of_order(
        left,
        desk.version(accrual.program_version).document,
        tier=accrual.earned.tier,
        # Also after a merge: the member whose order it was took part in it, or did not.
        stays_of=lambda counter: progress_of(counter, accrual.member_id, shelf=shelf).stays,
    )


@until_saved
def _take_step(counter: str, member_id: str, *, shelf: EngagementShelf, desk: Desk) -> bool:
    """Give or take back one award; returns whether there was one."""
    path = lineage(desk, member_id, strong=True)
    progress = united_progress(counter, path, shelf=shelf, desk=desk)
    step = next_step(progress, terms_of(counter, desk=desk))
    if step is None:
        return False
    path = settled_lineage(desk, step.origin)
    if path[-1].member_id != progress.member_id:
        raise Raced
    posting = award_posting(
        _award_of(step, counter, shelf=shelf, desk=desk),
        stands=step.version is not None,
        version=step.version,
        path=path,
        desk=desk,
    )
    counts = EngagementChange(progress=(stepped(progress, step),))
    desk.books.post(replace(posting, engagement=counts))
    return True


def _award_of(step: AwardStep, counter: str, *, shelf: EngagementShelf, desk: Desk) -> MemberAward:
    """The award of a step, as it is stored, or a new one by the terms of the step."""
    award_id = award_id_of(counter, step.origin, step.window, step.number)
    award = shelf.award(award_id)
    if award is not None:
        return award
    if step.version is None:
        raise LookupError("an award stands that was never given")
    rule = terms_of(counter, desk=desk)(step.version)
    return new_award(
        award_id,
        member_id=step.origin,
        terms=award_terms(counter, rule, version=step.version),
        program=desk.program,
        now=desk.now,
    )


def united_progress(
    counter: str, path: Sequence[Account], *, shelf: EngagementShelf, desk: Desk
) -> CountedProgress:
    """The progress of the last member of a chain of merges, after adding that of all others."""
    survivor = path[-1].member_id
    for merged in path[:-1]:
        theirs = shelf.progress(merged.member_id, counter)
        if theirs is not None and not theirs.is_empty:
            own = progress_of(counter, survivor, shelf=shelf)
            moved = united(own, theirs, now=desk.now), emptied(theirs, now=desk.now)
            desk.books.post(Posting(engagement=EngagementChange(progress=moved), active=survivor))
    return progress_of(counter, survivor, shelf=shelf)


def progress_of(counter: str, member_id: str, *, shelf: EngagementShelf) -> CountedProgress:
    """A member's progress as it is stored, or none yet; that of merged members is not in it."""
    found = shelf.progress(member_id, counter)
    return found or CountedProgress(member_id=member_id, counter=counter)


def terms_of(counter: str, *, desk: Desk) -> Terms:
    """The rule of a counter, as it is in a version of the program."""

    def rule_in(version: int) -> CountingRule:
        rule = rule_of(counter, desk.version(version).document)
        if rule is None:
            raise LookupError(f"version {version} of the program counts nothing for {counter}")
        return rule

    return rule_in
