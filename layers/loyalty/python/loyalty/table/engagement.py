"""What orders count, members' progress and awards in the table."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from loyalty.domain.engagement.activities import ActivityRef
from loyalty.domain.ledger.entries import Entry
from loyalty.table import keys
from loyalty.table.engine import Engine, every, key_of
from loyalty.table.operations import Absent, Check, Condition, Operation, Put, Query, equal
from loyalty.table.records import entry_from_item
from loyalty.table.records.engagement import (
    activity_share_from_item,
    activity_share_to_item,
    award_from_item,
    award_to_item,
    badges_from_item,
    share_from_item,
    share_to_item,
)
from loyalty.table.records.progress import progress_from_item, progress_to_item

if TYPE_CHECKING:
    from loyalty.domain.engagement.changes import ActivityShare, EngagementChange, OrderShare
    from loyalty.domain.engagement.progress import CountedProgress
    from loyalty.domain.ledger.member_awards import MemberAward
    from loyalty.domain.orders.order import OrderRef


class TableEngagement:
    """Implements all that use cases ask for of awards, progress and shares."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program = program_id

    def shares(self, order: OrderRef) -> Mapping[str, OrderShare]:
        partition = keys.order_partition(self._program, order.source, order.order_id)
        query = Query(pk=partition, begins_with=keys.SHARES, strong=True)
        shares = map(share_from_item, every(self._engine, query))
        return {share.counter: share for share in shares}

    def activity_shares(self, ref: ActivityRef) -> Mapping[str, ActivityShare]:
        partition = keys.activity(self._program, *ref).pk
        query = Query(pk=partition, begins_with=keys.SHARES, strong=True)
        shares = map(activity_share_from_item, every(self._engine, query))
        return {share.counter: share for share in shares}

    def activity_shares_of(
        self, member_ids: Collection[str], counters: Collection[str]
    ) -> Sequence[ActivityShare]:
        partitions = [keys.activities_partition(self._program, each) for each in member_ids]
        queries = [Query(pk=partition, index="history") for partition in partitions]
        items = (item for query in queries for item in every(self._engine, query))
        listed = [ActivityRef(*key_of(item).pk.split("#")[3:5]) for item in items]
        found = self._engine.get_many(
            [
                keys.activity_share(self._program, ref.source, ref.activity_id, counter)
                for ref in listed
                for counter in counters
            ],
            strong=True,
        )
        return [activity_share_from_item(item) for item in found.values()]

    def progress(self, member_id: str, counter: str) -> CountedProgress | None:
        key = keys.member_progress(self._program, member_id, counter)
        item = self._engine.get(key, strong=True)
        return progress_from_item(item) if item else None

    def all_progress(self, member_id: str, *, strong: bool = True) -> Sequence[CountedProgress]:
        partition = keys.member_partition(self._program, member_id)
        query = Query(pk=partition, begins_with=keys.MEMBER_PROGRESS, strong=strong)
        return [progress_from_item(item) for item in every(self._engine, query)]

    def shares_of(
        self, orders: Collection[OrderRef], counters: Collection[str]
    ) -> Sequence[OrderShare]:
        found = self._engine.get_many(
            [
                keys.order_share(self._program, order.source, order.order_id, counter)
                for order in orders
                for counter in counters
            ],
            strong=True,
        )
        return [share_from_item(item) for item in found.values()]

    def award_on_record(self, award_id: str) -> tuple[MemberAward, Sequence[Entry]] | None:
        query = Query(pk=keys.award_partition(self._program, award_id), strong=True)
        items = list(every(self._engine, query))
        awards = [award_from_item(item) for item in items if item["sk"] == "AWARD"]
        entries = [entry_from_item(item) for item in items if item["sk"] != "AWARD"]
        if not awards:
            return None
        return awards[0], [each for each in entries if isinstance(each, Entry)]

    def award(self, award_id: str) -> MemberAward | None:
        item = self._engine.get(keys.award(self._program, award_id), strong=True)
        return award_from_item(item) if item else None

    def awards(self, award_ids: Collection[str]) -> Sequence[MemberAward]:
        found = self._engine.get_many(
            [keys.award(self._program, each) for each in award_ids], strong=True
        )
        return [award_from_item(item) for item in found.values()]

    def badges(self, member_ids: Sequence[str]) -> AbstractSet[str]:
        queries = (
            Query(pk=keys.badges_partition(self._program, member_id), index="history")
            for member_id in member_ids
        )
        return {
            badge
            for query in queries
            for item in every(self._engine, query)
            for badge in badges_from_item(item)
        }


def writes(program: str, change: EngagementChange) -> Iterator[Operation]:
    """The items of a change, each relying on the one before it, and what they were decided from."""
    if change.share is not None:
        share, order = change.share.becomes, change.share.becomes.order
        key = keys.order_share(program, order.source, order.order_id, share.counter)
        yield Put(key, share_to_item(share), _before("revision", share.revision))
        state = keys.order_state(program, order.source, order.order_id)
        counter = change.share.state_counter
        yield Check(state, (Absent() if counter is None else equal(("counter",), counter),))
    if change.activity_share is not None:
        counted = change.activity_share.becomes
        yield Put(
            keys.activity_share(program, *counted.ref, counter=counted.counter),
            activity_share_to_item(counted),
            _before("revision", counted.revision),
        )
        seen = equal(("revision",), change.activity_share.activity_revision)
        yield Check(keys.activity(program, *counted.ref), (seen,))
    for progress in change.progress:
        key = keys.member_progress(program, progress.member_id, progress.counter)
        yield Put(key, progress_to_item(progress), _before("revision", progress.revision))


def write_award(program: str, award: MemberAward) -> Put:
    """The item of an award; it relies on the one before this step."""
    return Put(
        keys.award(program, award.award_id),
        award_to_item(award, program),
        _before("step", award.step),
    )


def _before(guard: str, number: int) -> tuple[Condition, ...]:
    return (equal((guard,), number - 1),) if number > 1 else (Absent(),)
