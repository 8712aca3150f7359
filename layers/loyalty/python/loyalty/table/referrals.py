"""Codes, referrals and the signals of claims in the table."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, cast

from loyalty.domain.engagement.referrals import ReferredOrder
from loyalty.table import keys
from loyalty.table.engine import Engine, every
from loyalty.table.histories import newest
from loyalty.table.operations import (
    Absent,
    Check,
    Condition,
    Delete,
    Item,
    Operation,
    Put,
    Query,
    Refused,
    equal,
)
from loyalty.table.records.parts import VERSION
from loyalty.table.records.referrals import (
    referral_from_item,
    referral_to_item,
    referred_order_from_item,
    referred_order_to_item,
    referrer_from_item,
    referrer_to_item,
)
from loyalty.usecases.ports import Listed, Raced

if TYPE_CHECKING:
    from loyalty.domain.engagement.referrals import Referral, ReferralChange, Referrer
    from loyalty.domain.orders.order import OrderRef

# A signal that more people share than this says nothing more.
SHARED_BY_MAX: Final = 200


class TableReferrals:
    """Implements `ReferralShelf` and `SignalShelf`; everything but lists is read strongly."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program = program_id

    def referrals(self, friend_ids: Collection[str]) -> Sequence[Referral]:
        places = [keys.referral(self._program, each) for each in friend_ids]
        found = self._engine.get_many(places, strong=True)
        return [referral_from_item(found[key]) for key in places if key in found]

    def referrers(self, member_ids: Collection[str]) -> Sequence[Referrer]:
        places = [keys.referrer(self._program, each) for each in member_ids]
        found = self._engine.get_many(places, strong=True)
        return [referrer_from_item(found[key]) for key in places if key in found]

    def owner_of(self, code: str) -> str | None:
        item = self._engine.get(keys.referral_code(self._program, code), strong=True)
        return cast("str", item["member_id"]) if item else None

    def open_code(self, referrer: Referrer) -> None:
        code: Item = {"v": VERSION, "kind": "referral_code", "member_id": referrer.member_id}
        own = keys.referrer(self._program, referrer.member_id)
        try:
            self._engine.write(
                [
                    Put(own, referrer_to_item(referrer), (Absent(),)),
                    Put(keys.referral_code(self._program, referrer.code), code, (Absent(),)),
                    Check(
                        keys.account(self._program, referrer.member_id),
                        (equal(("status",), "active"),),
                    ),
                ]
            )
        except Refused as refused:
            raise Raced from refused

    def order(self, order: OrderRef) -> ReferredOrder:
        key = keys.referred_order(self._program, order.source, order.order_id)
        item = self._engine.get(key, strong=True)
        return referred_order_from_item(item) if item else ReferredOrder(order=order)

    def held(self, *, limit: int, after: str | None) -> Listed[Referral]:
        place = keys.held_referral(self._program, "")
        # Of all texts after an id, the id followed by a space is the first.
        first = None if after is None else f"{place.sk}{after} "
        query = Query(pk=place.pk, first=first, strong=True, limit=limit + 1)
        friends = [cast("str", item["sk"]).partition("#")[2] for item in self._engine.query(query)]
        following = friends[limit - 1] if len(friends) > limit else None
        return Listed(self.referrals(friends[:limit]), following)

    def friends_of(
        self, member_ids: Sequence[str], *, limit: int, start: str | None
    ) -> Listed[Referral]:
        partitions = [keys.referrals_partition(self._program, each) for each in member_ids]
        page = newest(self._engine, partitions, limit=limit, start=start)
        return Listed([referral_from_item(item) for item in page.items], page.next)

    def note(
        self, member_id: str, signal: str, digest: str, *, now: datetime, kept_for: timedelta
    ) -> None:
        item: Item = {
            "v": VERSION,
            "kind": "signal",
            "member_id": member_id,
            "seen_at": keys.instant(now),
            "ttl": int((now + kept_for).timestamp()),
        }
        active = Check(keys.account(self._program, member_id), (equal(("status",), "active"),))
        try:
            self._engine.write(
                [
                    Put(keys.signal(self._program, signal, digest, member_id), item),
                    Put(keys.member_signal(self._program, member_id, signal, digest), item),
                    active,
                ]
            )
        except Refused as refused:
            raise Raced from refused

    def seen_with(self, signal: str, digest: str, *, since: datetime) -> Sequence[str]:
        partition = keys.signal(self._program, signal, digest, "").pk
        query = Query(pk=partition, strong=True, limit=SHARED_BY_MAX)
        return [
            cast("str", item["member_id"])
            for item in self._engine.query(query)
            if cast("str", item["seen_at"]) >= keys.instant(since)
        ]

    def forget(self, member_id: str) -> None:
        """Delete every digest of a member, wherever it is listed, and that their claim waits."""
        self._engine.write([Delete(keys.held_referral(self._program, member_id))])
        partition = keys.member_partition(self._program, member_id)
        query = Query(pk=partition, begins_with=keys.SIGNALS, strong=True)
        for item in every(self._engine, query):
            _, signal, digest = cast("str", item["sk"]).split("#")
            self._engine.write(
                [
                    Delete(keys.signal(self._program, signal, digest, member_id)),
                    Delete(keys.member_signal(self._program, member_id, signal, digest)),
                ]
            )


def writes(program: str, change: ReferralChange) -> Iterator[Operation]:
    """The items of a change, each relying on the one before it, and what must be unchanged."""
    for referral in change.referrals:
        key = keys.referral(program, referral.friend_id)
        item = referral_to_item(referral, program)
        yield Put(key, item, _before(("about", "revision"), referral.revision))
        held = keys.held_referral(program, referral.friend_id)
        if referral.is_waiting:
            yield Put(held, {"v": VERSION, "kind": "held_referral"})
        elif change.decides:
            yield Delete(held)
    for seen in change.seen:
        unchanged = equal(("about", "revision"), seen.revision)
        yield Check(keys.referral(program, seen.friend_id), (unchanged,))
    for other in change.referrers_seen:
        unchanged = equal(("revision",), other.revision)
        yield Check(keys.referrer(program, other.member_id), (unchanged,))
    for member_id in change.codeless:
        yield Check(keys.referrer(program, member_id), (Absent(),))
    if change.order is not None:
        order = change.order.order
        key = keys.referred_order(program, order.source, order.order_id)
        item = referred_order_to_item(change.order)
        yield Put(key, item, _before(("revision",), change.order.revision))
        state = keys.order_state(program, order.source, order.order_id)
        counter = change.state_counter
        yield Check(state, (Absent() if counter is None else equal(("counter",), counter),))
    for referrer in change.referrers:
        key = keys.referrer(program, referrer.member_id)
        yield Put(key, referrer_to_item(referrer), _before(("revision",), referrer.revision))


def _before(path: tuple[str, ...], revision: int) -> tuple[Condition, ...]:
    return (equal(path, revision - 1),) if revision > 1 else (Absent(),)
