"""Endpoints in the table: where events are sent, and how each delivery fares."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from loyalty.domain.webhooks_out.deliveries import EndpointDelivery
from loyalty.domain.webhooks_out.endpoints import ENDPOINTS_MAX, Endpoint
from loyalty.table import keys
from loyalty.table.operations import (
    Absent,
    Condition,
    Delete,
    Item,
    Put,
    Query,
    Refused,
    at_most,
    equal,
)
from loyalty.table.records import VERSION
from loyalty.usecases.ports import Listed, Raced

if TYPE_CHECKING:
    from loyalty.table.engine import Engine

DELIVERY_DAYS: Final = 30


class TableEndpoints:
    """The endpoints of every program."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, program_id: str, endpoint_id: str) -> Endpoint | None:
        item = self._engine.get(keys.endpoint(program_id, endpoint_id), strong=True)
        return endpoint_from_item(item) if item else None

    def all(self, program_id: str) -> Sequence[Endpoint]:
        page = self._engine.query(
            Query(
                pk=keys.program_partition(program_id),
                begins_with=keys.ENDPOINTS,
                # One more may have slipped in when two were registered at once.
                limit=2 * ENDPOINTS_MAX,
                strong=True,
            )
        )
        return [endpoint_from_item(item) for item in page]

    def put(self, program_id: str, endpoint: Endpoint, *, instead_of: Endpoint | None) -> None:
        key = keys.endpoint(program_id, endpoint.endpoint_id)
        seen: Condition = (
            equal(("changed_at",), keys.instant(instead_of.changed_at)) if instead_of else Absent()
        )
        item = endpoint_to_item(endpoint)
        try:
            self._engine.write([Put(key, item, (seen,))])
        except Refused as refused:
            # The answer to a first attempt may have been lost.
            if refused.found.get(0) != {"pk": key.pk, "sk": key.sk, **item}:
                raise Raced from refused

    def remove(self, program_id: str, endpoint_id: str) -> None:
        self._engine.write([Delete(keys.endpoint(program_id, endpoint_id))])


class TableEndpointLog:
    """The deliveries to the endpoints of every program."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, program_id: str, delivery: EndpointDelivery) -> EndpointDelivery:
        key = keys.endpoint_delivery(program_id, delivery.endpoint_id, delivery.event_id)
        try:
            self._engine.write([Put(key, delivery_to_item(delivery, program_id), (Absent(),))])
        except Refused as refused:
            there = refused.found.get(0)
            return delivery_from_item(there) if there else delivery
        return delivery

    def find(self, program_id: str, endpoint_id: str, event_id: str) -> EndpointDelivery | None:
        key = keys.endpoint_delivery(program_id, endpoint_id, event_id)
        item = self._engine.get(key, strong=True)
        return delivery_from_item(item) if item else None

    def note(self, program_id: str, delivery: EndpointDelivery, *, turn: int) -> None:
        key = keys.endpoint_delivery(program_id, delivery.endpoint_id, delivery.event_id)
        item = delivery_to_item(delivery, program_id)
        try:
            self._engine.write([Put(key, item, (at_most(("turn",), turn),))])
        except Refused as refused:
            if refused.found.get(0) != {"pk": key.pk, "sk": key.sk, **item}:
                raise Raced from refused

    def deliveries(
        self, program_id: str, endpoint_id: str, *, limit: int, start: str | None
    ) -> Listed[EndpointDelivery]:
        partition = keys.endpoint_deliveries_partition(program_id, endpoint_id)
        page = self._engine.query(
            Query(
                pk=partition,
                index="history",
                newest_first=True,
                limit=limit,
                start=_after(program_id, endpoint_id, start) if start else None,
            )
        )
        more = cast("str", page.next["history_sk"]) if page.next else None
        return Listed([delivery_from_item(item) for item in page], more)


def endpoint_to_item(endpoint: Endpoint) -> Item:
    item: Item = {
        "kind": "endpoint",
        "v": VERSION,
        "endpoint": endpoint.endpoint_id,
        "url": endpoint.url,
        "events": list(endpoint.events),
        "description": endpoint.description,
        "created_at": keys.instant(endpoint.created_at),
        "changed_at": keys.instant(endpoint.changed_at),
        "disabled": endpoint.disabled,
        "rotated_at": keys.instant(endpoint.rotated_at) if endpoint.rotated_at else None,
    }
    return {name: value for name, value in item.items() if value is not None}


def endpoint_from_item(item: Item) -> Endpoint:
    wire = cast("dict[str, Any]", item)
    return Endpoint(
        endpoint_id=wire["endpoint"],
        url=wire["url"],
        events=tuple(wire["events"]),
        description=wire.get("description"),
        created_at=datetime.fromisoformat(wire["created_at"]),
        changed_at=datetime.fromisoformat(wire["changed_at"]),
        disabled=wire.get("disabled"),
        rotated_at=_maybe_instant(wire.get("rotated_at")),
    )


def delivery_to_item(delivery: EndpointDelivery, program: str) -> Item:
    """What a list shows is in `about`, because the index carries that and nothing else."""
    about: Item = {
        "endpoint": delivery.endpoint_id,
        "id": delivery.event_id,
        "event": delivery.event,
        "began_at": keys.instant(delivery.began_at),
        "attempts": delivery.attempts,
        "attempted_at": keys.instant(delivery.attempted_at) if delivery.attempted_at else None,
        "next_attempt_at": (
            keys.instant(delivery.next_attempt_at) if delivery.next_attempt_at else None
        ),
        "status": delivery.status,
        "trouble": delivery.trouble,
    }
    queued_at = keys.instant(delivery.queued_at)
    return {
        "kind": "endpoint_delivery",
        "v": VERSION,
        "state": delivery.state,
        "turn": delivery.turn,
        "recorded_at": queued_at,
        "about": {name: value for name, value in about.items() if value is not None},
        "body": delivery.body,
        "history_pk": keys.endpoint_deliveries_partition(program, delivery.endpoint_id),
        "history_sk": f"{queued_at}#{delivery.event_id}",
        # Attempts that last a day and were requested on the last day are still noted.
        "ttl": int((delivery.began_at + timedelta(days=DELIVERY_DAYS)).timestamp()),
    }


def delivery_from_item(item: Item) -> EndpointDelivery:
    wire = cast("dict[str, Any]", item)
    about = wire["about"]
    return EndpointDelivery(
        endpoint_id=about["endpoint"],
        event_id=about["id"],
        event=about["event"],
        queued_at=datetime.fromisoformat(wire["recorded_at"]),
        began_at=datetime.fromisoformat(about["began_at"]),
        state=wire["state"],
        turn=wire.get("turn", 0),
        attempts=about["attempts"],
        attempted_at=_maybe_instant(about.get("attempted_at")),
        next_attempt_at=_maybe_instant(about.get("next_attempt_at")),
        status=about.get("status"),
        trouble=about.get("trouble"),
        body=wire.get("body", ""),
    )


def _after(program: str, endpoint: str, sort: str) -> Item:
    """The position after which a list continues; its sort key ends with the event's id."""
    key = keys.endpoint_delivery(program, endpoint, sort.rsplit("#", 1)[1])
    return {
        "pk": key.pk,
        "sk": key.sk,
        "history_pk": keys.endpoint_deliveries_partition(program, endpoint),
        "history_sk": sort,
    }


def _maybe_instant(wire: str | None) -> datetime | None:
    return datetime.fromisoformat(wire) if wire else None
