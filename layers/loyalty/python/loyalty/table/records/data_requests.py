"""Requests of customers for their data, which are a part of the delivery that brought them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.privacy_requests import DataRequest
from loyalty.table import keys

if TYPE_CHECKING:
    from loyalty.table.operations import Item, Value


def data_request_to_wire(request: DataRequest) -> Value:
    wire: dict[str, Value] = {
        "storefront": request.storefront_id,
        "received_at": keys.instant(request.received_at),
        "orders": [[each.source, each.order_id] for each in request.orders],
    }
    return wire | {"id": request.request_id} if request.request_id else wire


def data_request_from_item(item: Item) -> DataRequest | None:
    """The request for a customer's data in a delivery; None for most deliveries."""
    wire = cast("dict[str, Any]", item)
    if "request" not in wire:
        return None
    request = wire["request"]
    return DataRequest(
        storefront_id=request["storefront"],
        delivery_id=wire["delivery"],
        received_at=datetime.fromisoformat(request["received_at"]),
        request_id=request.get("id"),
        orders=tuple(OrderRef(*each) for each in request["orders"]),
        member_id=wire.get("member"),
        reason=wire.get("reason"),
    )
