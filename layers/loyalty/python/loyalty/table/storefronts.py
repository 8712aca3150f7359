"""Storefronts in the table: the connections, and the outcomes of their deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from loyalty.domain.ledger.order_vouchers import VoucherStep
from loyalty.domain.shops.deliveries import (
    EVENT_CHARACTERS,
    LISTED_DAYS,
    EventBody,
    Handled,
    StoredDelivery,
    TroubledDelivery,
    log_time,
)
from loyalty.domain.shops.storefront import (
    TROUBLES,
    Envelope,
    OrderFilter,
    OtherCurrencies,
    Outcome,
    PlatformName,
    Status,
    Storefront,
)
from loyalty.table import keys
from loyalty.table.operations import Absent, Delete, Item, Key, Put, Query, Refused, Value
from loyalty.table.records.data_requests import data_request_from_item, data_request_to_wire
from loyalty.usecases.ports import Listed

if TYPE_CHECKING:
    from loyalty.table.engine import Engine

# More shops than a merchant has.
STOREFRONTS_MAX: Final = 1000

# Even with a read that lags, a changed connection counts everywhere within 30 seconds.
REMEMBERED_FOR: Final = timedelta(seconds=25)

# A little longer than the inbox keeps the delivery, which it removes at a midnight: the outcome
# must not disappear before the delivery.
OUTCOME_DAYS: Final = LISTED_DAYS + 3


class TableStorefronts:
    """The connections and the log of deliveries, of every program."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(
        self, program_id: str, storefront_id: str, *, strong: bool = True
    ) -> Storefront | None:
        item = self._engine.get(keys.storefront(program_id, storefront_id), strong=strong)
        return storefront_from_item(item) if item else None

    def all(self, program_id: str) -> Sequence[Storefront]:
        """All storefronts of a program; may lag by a moment."""
        partition = keys.program_partition(program_id)
        query = Query(pk=partition, begins_with=keys.STOREFRONTS, limit=STOREFRONTS_MAX)
        return [storefront_from_item(item) for item in self._engine.query(query)]

    def put(self, program_id: str, storefront: Storefront) -> None:
        key = keys.storefront(program_id, storefront.storefront_id)
        self._engine.write([Put(key, storefront_to_item(storefront))])

    def remove(self, program_id: str, storefront_id: str) -> None:
        self._engine.write([Delete(keys.storefront(program_id, storefront_id))])

    def record(
        self,
        delivery: StoredDelivery,
        envelope: Envelope,
        *,
        source: str,
        outcome: Outcome,
        attempts: int,
        now: datetime,
    ) -> None:
        """Record a delivery's outcome; a second one for the same delivery replaces the first."""
        item = outcome_to_item(
            delivery, envelope, source=source, outcome=outcome, attempts=attempts, now=now
        )
        self._engine.write([Put(_delivery_key(delivery), item)])

    def fail(
        self,
        delivery: StoredDelivery,
        *,
        reason: str,
        attempts: int,
        now: datetime,
        only_new: bool = False,
    ) -> None:
        """Note that a delivery failed; with `only_new`, only if it has no outcome yet."""
        failed = Outcome(status="failed", reason=reason)
        item = outcome_to_item(
            delivery, None, source=None, outcome=failed, attempts=attempts, now=now
        )
        conditions = (Absent(),) if only_new else ()
        with suppress(Refused):
            self._engine.write([Put(_delivery_key(delivery), item, conditions)])

    def bodies_of_event(self, delivery: StoredDelivery) -> tuple[EventBody, ...]:
        """The bodies of all deliveries of the same event."""
        event = delivery.delivery_id[:EVENT_CHARACTERS]
        page = self._engine.query(
            Query(
                pk=keys.deliveries_partition(delivery.program_id, delivery.storefront_id),
                begins_with=f"{keys.DELIVERIES}{event}",
                # No platform delivers one event that often.
                limit=100,
                strong=True,
            )
        )
        return tuple(
            EventBody(
                body=cast("str", item["delivery"])[EVENT_CHARACTERS:],
                reason=cast("str | None", item.get("reason")),
            )
            for item in page
        )

    def outcomes(self, deliveries: Sequence[StoredDelivery]) -> dict[StoredDelivery, Handled]:
        """Outcomes of the deliveries that have one; others are left out."""
        by_key = {_delivery_key(each): each for each in deliveries}
        return {
            by_key[key]: handled_from_item(item)
            for key, item in self._engine.get_many(by_key, strong=False).items()
        }

    def troubled(self, program_id: str, status: Status, *, limit: int) -> Listed[TroubledDelivery]:
        """The newest deliveries with this status, one of `TROUBLES`, of all storefronts."""
        partition = keys.troubled_deliveries_partition(program_id, status)
        query = Query(pk=partition, index="history", newest_first=True, limit=limit)
        page = self._engine.query(query)
        found = [_troubled_from_item(item) for item in page]
        return Listed(found, found[-1].log_id if page.next else None)


class StorefrontShelf:
    """A cache of connections, each for 25 s. Only existing ones are kept, so it stays small."""

    def __init__(self, storefronts: TableStorefronts) -> None:
        self._storefronts = storefronts
        self._cached: dict[tuple[str, str], tuple[Storefront, datetime]] = {}

    def find(
        self,
        program_id: str,
        storefront_id: str,
        *,
        platform: PlatformName,
        now: datetime,
        since: datetime | None,
    ) -> Storefront | None:
        """A shop's connection to a platform, at most 30 s old, and read after `since`."""
        where = (program_id, storefront_id)
        storefront, read_at = self._cached.get(where, (None, now))
        oldest = now - REMEMBERED_FOR
        # If the clock was set back, an old connection must not stay.
        if not max(oldest, since or oldest) < read_at <= now or storefront is None:
            storefront = self._read(where, now=now, strong=since is not None)
        if storefront is None or storefront.platform != platform:
            # A lagging read must not miss a shop that was connected a moment ago.
            storefront = self._read(where, now=now, strong=True)
        return storefront if storefront and storefront.platform == platform else None

    def _read(self, where: tuple[str, str], *, now: datetime, strong: bool) -> Storefront | None:
        storefront = self._storefronts.find(*where, strong=strong)
        if storefront is None:
            self._cached.pop(where, None)
        else:
            self._cached[where] = (storefront, now)
        return storefront


def _delivery_key(stored_delivery: StoredDelivery) -> Key:
    return keys.delivery(
        stored_delivery.program_id,
        stored_delivery.storefront_id,
        stored_delivery.delivery_id,
        log_time(stored_delivery.received_at),
    )


def storefront_to_item(storefront: Storefront) -> Item:
    item: Item = {
        "kind": "storefront",
        "v": 1,
        "storefront": storefront.storefront_id,
        "platform": storefront.platform,
        "source": storefront.source,
        "connected_at": keys.instant(storefront.connected_at),
        "changed_at": keys.instant(storefront.changed_at),
        "notification_url": storefront.notification_url,
        "store": storefront.store,
        "client_id": storefront.client_id,
        "sandbox": storefront.sandbox or None,
        "earns": _earns_to_wire(storefront.earns) or None,
        "enroll_customers": storefront.enroll_customers or None,
        "create_codes": storefront.create_codes or None,
        "has_access_token": storefront.has_access_token or None,
        "counts_tax": storefront.counts_tax or None,
        "other_currencies": storefront.other_currencies,
    }
    return {name: value for name, value in item.items() if value is not None}


def storefront_from_item(item: Item) -> Storefront:
    return Storefront(
        storefront_id=cast("str", item["storefront"]),
        platform=cast("PlatformName", item["platform"]),
        source=cast("str", item["source"]),
        connected_at=datetime.fromisoformat(cast("str", item["connected_at"])),
        changed_at=datetime.fromisoformat(cast("str", item["changed_at"])),
        notification_url=cast("str | None", item.get("notification_url")),
        store=cast("str | None", item.get("store")),
        client_id=cast("str | None", item.get("client_id")),
        sandbox=bool(item.get("sandbox", False)),
        earns=_earns_from_wire(cast("dict[str, list[str]]", item.get("earns", {}))),
        enroll_customers=bool(item.get("enroll_customers", False)),
        create_codes=bool(item.get("create_codes", False)),
        has_access_token=bool(item.get("has_access_token", False)),
        counts_tax=bool(item.get("counts_tax", False)),
        other_currencies=cast("OtherCurrencies", item.get("other_currencies", "convert")),
    )


def _earns_to_wire(earns: OrderFilter) -> dict[str, Value]:
    wire: dict[str, Sequence[str]] = {
        "statuses": earns.statuses,
        "channels": earns.channels,
        "tags_any": earns.tags_any,
        "tags_none": earns.tags_none,
    }
    return {name: list(values) for name, values in wire.items() if values}


def _earns_from_wire(wire: dict[str, list[str]]) -> OrderFilter:
    return OrderFilter(**{name: tuple(named) for name, named in wire.items()})


def outcome_to_item(
    delivery: StoredDelivery,
    envelope: Envelope | None,
    *,
    source: str | None,
    outcome: Outcome,
    attempts: int,
    now: datetime,
) -> Item:
    """Ids and codes only: what was delivered stays in the inbox."""
    item: Item = {
        "kind": "delivery",
        "v": 1,
        "delivery": delivery.delivery_id,
        "name": envelope.name if envelope else None,
        "topic": envelope.topic if envelope else None,
        "order": envelope.order_id if envelope else None,
        "source": source,
        "status": outcome.status,
        "reason": outcome.reason,
        "pointer": outcome.pointer,
        "member": outcome.member_id,
        "entry": outcome.entry_id,
        "points": outcome.points or None,
        "replayed": outcome.replayed or None,
        "vouchers": [_step_to_wire(step) for step in outcome.vouchers] or None,
        "request": data_request_to_wire(outcome.request) if outcome.request else None,
        "attempts": attempts if attempts > 1 else None,
        "applied_at": keys.instant(now),
        "ttl": int((delivery.received_at + timedelta(days=OUTCOME_DAYS)).timestamp()),
    }
    if outcome.status in TROUBLES:
        item |= _listed_as_trouble(delivery, outcome)
    return {name: value for name, value in item.items() if value is not None}


def _listed_as_trouble(delivery: StoredDelivery, outcome: Outcome) -> Item:
    """What lists the delivery in the index for as long as it is in trouble."""
    received_at = keys.instant(delivery.received_at)
    about: Item = {"storefront": delivery.storefront_id, "id": delivery.log_id}
    if outcome.reason is not None:
        about["reason"] = outcome.reason
    return {
        "recorded_at": received_at,
        "about": about,
        "history_pk": keys.troubled_deliveries_partition(delivery.program_id, outcome.status),
        "history_sk": f"{received_at}#{delivery.storefront_id}#{delivery.log_id}",
    }


def _troubled_from_item(item: Item) -> TroubledDelivery:
    about = cast("dict[str, Any]", item["about"])
    return TroubledDelivery(
        storefront_id=about["storefront"],
        log_id=about["id"],
        received_at=datetime.fromisoformat(cast("str", item["recorded_at"])),
        reason=about.get("reason"),
    )


def _step_to_wire(step: VoucherStep) -> Value:
    wire: dict[str, Value] = {
        "redemption_id": step.redemption_id,
        "status": step.status,
        "reason": step.reason,
        "replayed": step.replayed,
        "points": step.points,
    }
    return {name: value for name, value in wire.items() if value}


def handled_from_item(item: Item) -> Handled:
    wire = cast("dict[str, Any]", item)
    envelope = None
    if "topic" in wire:
        envelope = Envelope(topic=wire["topic"], name=wire["name"], order_id=wire.get("order"))
    return Handled(
        envelope=envelope,
        source=wire.get("source"),
        outcome=Outcome(
            status=wire["status"],
            reason=wire.get("reason"),
            pointer=wire.get("pointer"),
            member_id=wire.get("member"),
            entry_id=wire.get("entry"),
            points=wire.get("points", 0),
            replayed=wire.get("replayed", False),
            vouchers=tuple(VoucherStep(**step) for step in wire.get("vouchers", ())),
            request=data_request_from_item(item),
        ),
        applied_at=datetime.fromisoformat(wire["applied_at"]),
        attempts=wire.get("attempts", 1),
    )
