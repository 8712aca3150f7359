"""Storefronts in the table: the connections, and what came of their deliveries."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, cast

from loyalty.domain.storefront import (
    Delivery,
    Envelope,
    Outcome,
    Platform,
    Storefront,
    delivery_id,
)
from loyalty.table import keys
from loyalty.table.engine import Engine
from loyalty.table.operations import Delete, Item, Put

# As long as the inbox keeps the delivery itself.
OUTCOME_DAYS: Final = 30


class TableStorefronts:
    """The connections and the log of deliveries, of every program."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, program_id: str, storefront_id: str) -> Storefront | None:
        item = self._engine.get(keys.storefront(program_id, storefront_id), strong=True)
        return storefront_from_item(item) if item else None

    def put(self, program_id: str, storefront: Storefront) -> None:
        key = keys.storefront(program_id, storefront.storefront_id)
        self._engine.write([Put(key, storefront_to_item(storefront))])

    def remove(self, program_id: str, storefront_id: str) -> None:
        self._engine.write([Delete(keys.storefront(program_id, storefront_id))])

    def record(
        self, delivery: Delivery, envelope: Envelope, *, outcome: Outcome, now: datetime
    ) -> None:
        key = keys.delivery(
            delivery.program_id,
            delivery.storefront_id,
            keys.instant(delivery.received_at),
            delivery_id(envelope, delivery.body),
        )
        item = outcome_to_item(delivery, envelope, outcome=outcome, now=now)
        self._engine.write([Put(key, item)])


def storefront_to_item(storefront: Storefront) -> Item:
    told: Item = {
        "kind": "storefront",
        "v": 1,
        "storefront": storefront.storefront_id,
        "platform": storefront.platform,
        "source": storefront.source,
        "connected_at": keys.instant(storefront.connected_at),
        "changed_at": keys.instant(storefront.changed_at),
        "notification_url": storefront.notification_url,
        "store": storefront.store,
        "sandbox": storefront.sandbox or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def storefront_from_item(item: Item) -> Storefront:
    return Storefront(
        storefront_id=cast("str", item["storefront"]),
        platform=cast("Platform", item["platform"]),
        source=cast("str", item["source"]),
        connected_at=datetime.fromisoformat(cast("str", item["connected_at"])),
        changed_at=datetime.fromisoformat(cast("str", item["changed_at"])),
        notification_url=cast("str | None", item.get("notification_url")),
        store=cast("str | None", item.get("store")),
        sandbox=bool(item.get("sandbox", False)),
    )


def outcome_to_item(
    delivery: Delivery, envelope: Envelope, *, outcome: Outcome, now: datetime
) -> Item:
    """Ids and codes only: what was delivered stays in the inbox."""
    told: Item = {
        "kind": "delivery",
        "v": 1,
        "delivery": delivery_id(envelope, delivery.body),
        "name": envelope.name,
        "topic": envelope.topic,
        "order": envelope.order_id,
        "status": outcome.status,
        "reason": outcome.reason,
        "pointer": outcome.pointer,
        "member": outcome.member_id,
        "entry": outcome.entry_id,
        "received_at": keys.instant(delivery.received_at),
        "applied_at": keys.instant(now),
        "ttl": int((delivery.received_at + timedelta(days=OUTCOME_DAYS)).timestamp()),
    }
    return {name: value for name, value in told.items() if value is not None}
