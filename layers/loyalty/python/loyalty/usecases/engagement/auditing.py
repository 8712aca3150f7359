"""Compare what a member was given with its entries, and their progress with what orders count.

Nothing is repaired here. But orders of the last days are named, to be looked at once more: whatever
did not reach the worker, which decides from what is stored, counts then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from loyalty.domain.engagement.windows import last_day
from loyalty.domain.ledger.audit import Difference
from loyalty.domain.ledger.award_audit import audit_award
from loyalty.domain.ledger.entries import AwardCause, Entry, OrderCause, Redemption
from loyalty.domain.orders.order import OrderRef

if TYPE_CHECKING:
    from loyalty.domain.engagement.changes import ActivityShare, OrderShare
    from loyalty.domain.engagement.progress import CountedProgress
    from loyalty.domain.ledger.member_awards import MemberAward
    from loyalty.usecases.ports import Desk

# A night that was missed is made up for by the next two.
LOOKED_AT_AGAIN: Final = timedelta(days=3)
# The progress of a member with more orders is not compared: reading their shares takes too long.
ORDERS_MAX: Final = 2000


class EngagementOnRecord(Protocol):
    """Awards, progress and shares of one program; everything is read strongly."""

    def award_on_record(self, award_id: str) -> tuple[MemberAward, Sequence[Entry]] | None:
        """An award and all its entries; None if there is no such award."""
        ...

    def all_progress(self, member_id: str) -> Sequence[CountedProgress]: ...

    def shares_of(
        self, orders: Collection[OrderRef], counters: Collection[str]
    ) -> Sequence[OrderShare]:
        """What these orders count under these counters, as far as they count anything."""
        ...

    def activity_shares_of(
        self, member_ids: Collection[str], counters: Collection[str]
    ) -> Sequence[ActivityShare]:
        """The same of all activities of these members."""
        ...


class EngagementAudit(NamedTuple):
    """What differs of a member, and their orders of the last days."""

    differences: Sequence[Difference]
    orders: Sequence[OrderRef]


def audit_engagement(member_id: str, *, shelf: EngagementOnRecord, desk: Desk) -> EngagementAudit:
    """Audit the awards and the progress of a member's own account.

    A merged member has no progress of their own any more, and of a program that never had a
    challenge nothing counts.
    """
    entries = desk.books.entries(member_id)
    differences = [*_of_awards(entries, shelf=shelf, desk=desk)]
    since = desk.program.counts_since
    if since is None:
        return EngagementAudit(differences, ())
    # What is written between two reads is not there the second time.
    if _of_progress(member_id, shelf=shelf, desk=desk):
        differences += _of_progress(member_id, shelf=shelf, desk=desk)
    lately = desk.now - LOOKED_AT_AGAIN
    recent = [each for each in entries if each.recorded_at > lately]
    return EngagementAudit(differences, tuple(_orders_of(recent)))


def _of_awards(
    entries: Sequence[Entry], *, shelf: EngagementOnRecord, desk: Desk
) -> Iterator[Difference]:
    """Every difference between the awards of entries, all their entries and their vouchers."""
    for award_id in sorted({each for each in map(_award_of, entries) if each}):
        if _of_award(award_id, shelf=shelf, desk=desk):
            yield from _of_award(award_id, shelf=shelf, desk=desk)


def _award_of(entry: Entry) -> str | None:
    """The award that an entry gave or took back."""
    if isinstance(entry.cause, AwardCause):
        return entry.cause.award_id
    if isinstance(entry.detail, Redemption) and entry.detail.grant:
        return entry.detail.grant.award_id
    return None


def _of_award(award_id: str, *, shelf: EngagementOnRecord, desk: Desk) -> list[Difference]:
    found = shelf.award_on_record(award_id)
    if found is None:
        return []
    award, entries = found
    voucher = desk.books.voucher(award.code) if award.code else None
    return audit_award(award, entries, voucher=voucher)


def _of_progress(member_id: str, *, shelf: EngagementOnRecord, desk: Desk) -> list[Difference]:
    """Every window that does not sum up what a member and those merged ordered and did."""
    account = desk.books.account(member_id, strong=True)
    if account is None or account.status != "active":
        return []
    every = {each.counter: each for each in shelf.all_progress(member_id)}
    owners = (member_id, *account.absorbed) if every else ()
    orders = _orders_of([each for owner in owners for each in desk.books.entries(owner)])
    if len(orders) > ORDERS_MAX:
        return []
    counted: dict[str, dict[str, Counter[str]]] = {}
    shares: list[OrderShare | ActivityShare] = [*shelf.shares_of(orders, every)]
    shares += shelf.activity_shares_of(owners, every)
    for share in shares:
        for window, tally in share.tallies.items():
            counted.setdefault(share.counter, {}).setdefault(window, Counter()).update(tally)
    return [
        difference
        for counter, progress in every.items()
        for difference in _of_windows(progress, counted.get(counter, {}))
    ]


def _of_windows(
    progress: CountedProgress, counted: dict[str, Counter[str]]
) -> Iterator[Difference]:
    for window in sorted({*progress.windows, *counted}):
        is_old = progress.since is not None and last_day(window) < progress.since
        summed = progress.windows.get(window)
        tally = Counter(summed.tally if summed else {})
        if tally != counted.get(window, Counter()) and not is_old:
            of_orders = counted.get(window, Counter[str]()).total()
            yield Difference(f"progress {progress.counter} {window}", tally.total(), of_orders)


def _orders_of(entries: Sequence[Entry]) -> list[OrderRef]:
    """The orders that entries were written for, each once."""
    causes = (entry.cause for entry in entries)
    found = (OrderRef(c.source, c.order_id) for c in causes if isinstance(c, OrderCause))
    return list(dict.fromkeys(found))
