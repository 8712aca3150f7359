"""Storefronts in the table: the connections, and what came of their deliveries."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, cast

from loyalty.domain.storefront import (
    Delivery,
    Envelope,
    Handled,
    Outcome,
    Platform,
    Storefront,
    delivery_id,
)
from loyalty.table import keys
from loyalty.table.engine import Engine
from loyalty.table.operations import Delete, Item, Put, Query
from loyalty.usecases.ports import Listed

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

    def deliveries(
        self, program_id: str, storefront_id: str, *, limit: int, start: str | None
    ) -> Listed[Handled]:
        partition = keys.deliveries_partition(program_id, storefront_id)
        page = self._engine.query(
            Query(
                pk=partition,
                begins_with=keys.DELIVERIES,
                newest_first=True,
                limit=limit,
                start={"pk": partition, "sk": start} if start else None,
            )
        )
        more = cast("str", page.next["sk"]) if page.next else None
        return Listed([handled_from_item(item) for item in page], more)

    def delivery(
        self, program_id: str, storefront_id: str, *, received_at: datetime, delivery_id: str
    ) -> Handled | None:
        key = keys.delivery(program_id, storefront_id, keys.instant(received_at), delivery_id)
        item = self._engine.get(key, strong=True)
        return handled_from_item(item) if item else None


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
        "source": delivery.source,
        "order": envelope.order_id,
        "status": outcome.status,
        "reason": outcome.reason,
        "pointer": outcome.pointer,
        "member": outcome.member_id,
        "entry": outcome.entry_id,
        "points": outcome.points or None,
        "replayed": outcome.replayed or None,
        "received_at": keys.instant(delivery.received_at),
        "applied_at": keys.instant(now),
        "ttl": int((delivery.received_at + timedelta(days=OUTCOME_DAYS)).timestamp()),
    }
    return {name: value for name, value in told.items() if value is not None}


def handled_from_item(item: Item) -> Handled:
    wire = cast("dict[str, Any]", item)
    return Handled(
        delivery_id=wire["delivery"],
        name=wire["name"],
        topic=wire["topic"],
        source=wire["source"],
        order_id=wire.get("order"),
        outcome=Outcome(
            status=wire["status"],
            reason=wire.get("reason"),
            pointer=wire.get("pointer"),
            member_id=wire.get("member"),
            entry_id=wire.get("entry"),
            points=wire.get("points", 0),
            replayed=wire.get("replayed", False),
        ),
        received_at=datetime.fromisoformat(wire["received_at"]),
        applied_at=datetime.fromisoformat(wire["applied_at"]),
    )
