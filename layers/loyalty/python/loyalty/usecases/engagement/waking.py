"""Which orders and members to look at because of changes of the table.

A program that never had challenges or referrals costs nothing here but a look at its version now
and then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import batched
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

from loyalty.domain.engagement.activities import ActivityRef, RecordedActivity
from loyalty.domain.engagement.referrals import Referral
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.entries import Entry, OrderCause
from loyalty.domain.ledger.refunds import RecordedState
from loyalty.domain.orders.order import OrderRef
from loyalty.usecases.work_pages import ITEMS_MAX, WorkPage

if TYPE_CHECKING:
    from loyalty.domain.changes import Record, TableChange

# What a page holds: orders or activities to count, members who were merged or brought by others, or
# members whose plan changed or may give something.
Lane = Literal["orders", "activities", "members", "plans"]

# No source and no id of an order contains it.
_SEPARATOR: Final = "#"


class CountingSince(NamedTuple):
    """The version of a program in force, and the first one that had challenges (None: none had)."""

    version: int
    since: int | None


class CountingPrograms(Protocol):
    def counts(self, program_id: str, version: int) -> bool:
        """Whether what is decided by a version, or was before it, may count for something."""
        ...


def pages_to_look_at(
    changes: Iterable[TableChange], *, programs: CountingPrograms
) -> Sequence[WorkPage]:
    """Pages of the orders and the merged members that changed, each once.

    Raises:
        TryAgain: the table did not answer.
    """
    found: dict[tuple[str, Lane], dict[str, None]] = {}
    for change in changes:
        for lane, item, version in _touched(change):
            if programs.counts(change.program_id, version):
                found.setdefault((change.program_id, lane), {})[item] = None
    return [
        WorkPage(program_id=program_id, lane=lane, items=some)
        for (program_id, lane), items in found.items()
        for some in batched(items, ITEMS_MAX, strict=False)
    ]


def item_of(order: OrderRef) -> str:
    """The item of a page that names an order."""
    return f"{order.source}{_SEPARATOR}{order.order_id}"


def activity_named(item: str) -> ActivityRef:
    """The activity that an item of a page of activities names."""
    source, _, activity_id = item.partition(_SEPARATOR)
    return ActivityRef(source, activity_id)


def order_named(item: str) -> OrderRef:
    """The order that an item of a page of orders names."""
    source, _, order_id = item.partition(_SEPARATOR)
    return OrderRef(source, order_id)


def _touched(change: TableChange) -> Iterator[tuple[Lane, str, int]]:
    """What a change touches, and the latest version that may have decided it."""
    match change.after:
        case Entry(cause=OrderCause()) as entry if entry.order is not None:
            yield "orders", item_of(entry.order), entry.program_version
        case RecordedState(ref=ref):
            # A version of the order that earns as before may still count for something else.
            yield "orders", item_of(ref), 0
        case RecordedActivity(ref=ref, program_version=version) if version is not None:
            yield "activities", _SEPARATOR.join(ref), version
        case Account(status="merged", member_id=member_id) if change.before is not None:
            yield "members", member_id, 0
        case Account(member_id=member_id) as account if _may_give(account, change.before):
            yield "plans", member_id, 0
        case Referral(friend_id=friend_id, state=state) as referral:
            before = change.before if isinstance(change.before, Referral) else None
            # What orders count for it changes it too, and needs no other look.
            if before is None or before.state != state:
                yield "members", friend_id, referral.version


def _may_give(account: Account, before: Record | None) -> bool:
    """Whether the plan of an account changed, or came to a day on which it may give something."""
    if not isinstance(before, Account) or not (account.plan or before.plan):
        return False
    return (account.plan, account.due) != (before.plan, before.due)
