"""Orders in the table: within an entry, as a placeholder, and their state after changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from loyalty.domain.ledger.entries import Placeholder, RequestedRefund
from loyalty.domain.ledger.order_vouchers import OrderVouchers
from loyalty.domain.ledger.refunds import OrderState, RecordedState
from loyalty.domain.orders.order import Line, Order, OrderRef, Tender
from loyalty.table import keys
from loyalty.table.records.parts import (
    VERSION,
    dated_from_map,
    dated_to_map,
    instant_from,
    maybe_instant,
    parts_from_list,
    parts_to_list,
)

if TYPE_CHECKING:
    from loyalty.table.operations import Item, Key, Value

# A program lets orders be claimed for 366 days at most.
GUEST_ORDER_DAYS: Final = 400
# Every line is written with the first five of its values.
LINE_VALUES_MIN: Final = 5
LINE_VALUES: Final = 11


def order_to_map(order: Order) -> Item:
    item: Item = {"lines": [_line_to_list(line) for line in order.lines]}
    if order.channel:
        item["channel"] = order.channel
    if order.told_at:
        item["told_at"] = keys.instant(order.told_at)
    if order.lists_refunds:
        item["lists_refunds"] = True
    if order.location:
        item["location"] = order.location
    if order.tenders:
        item["tenders"] = [list(tender) for tender in order.tenders]
    if order.codes:
        item["codes"] = list(order.codes)
    return item


def dated_order_to_map(order: Order) -> Item:
    """An order within an item whose time is not the order's own."""
    return {**order_to_map(order), "occurred_at": keys.instant(order.occurred_at)}


def order_from_item(wire: dict[str, Any]) -> Order:
    source, order_id = wire["pk"].split("#")[3:5]
    content = wire["order"]
    return Order(
        source=source,
        order_id=order_id,
        occurred_at=instant_from(content.get("occurred_at") or wire["happened_at"]),
        lines=tuple(map(_line_from_list, content["lines"])),
        channel=content.get("channel"),
        told_at=maybe_instant(content.get("told_at")),
        lists_refunds=content.get("lists_refunds", False),
        location=content.get("location"),
        tenders=tuple(Tender(*each) for each in content.get("tenders", ())),
        codes=tuple(content.get("codes", ())),
    )


def placeholder_to_item(placeholder: Placeholder, program: str) -> Item:
    key = keys.accrual(program, placeholder.source, placeholder.order_id)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "v": VERSION,
        "kind": "placeholder",
        "count": placeholder.count,
        "recorded_at": keys.instant(placeholder.recorded_at),
        "refunds": [_refund_to_list(refund) for refund in placeholder.refunds],
    }
    if placeholder.order is not None:
        item["order"] = order_to_map(placeholder.order)
        item["happened_at"] = keys.instant(placeholder.order.occurred_at)
        item["fingerprint"] = placeholder.fingerprint
    if placeholder.guest:
        item["guest"] = placeholder.guest
    if placeholder.also:
        item["also"] = list(placeholder.also)
    return item


def placeholder_from_item(wire: dict[str, Any]) -> Placeholder:
    source, order_id = wire["pk"].split("#")[3:5]
    return Placeholder(
        source=source,
        order_id=order_id,
        recorded_at=instant_from(wire["recorded_at"]),
        count=wire["count"],
        order=order_from_item(wire) if "order" in wire else None,
        fingerprint=wire.get("fingerprint", ""),
        guest=wire.get("guest", ""),
        also=tuple(wire.get("also", ())),
        refunds=tuple(_refund_from_list(refund) for refund in wire["refunds"]),
    )


def guest_orders_of(placeholder: Placeholder, program: str) -> Iterator[Item]:
    """The items by which a guest's order is found, one for each identity of the guest.

    They are not an index, because an index that lags could hide an order from a guest who is
    enrolling right then.
    """
    order = placeholder.order
    if order is None or not placeholder.guest:
        return
    for guest in (placeholder.guest, *placeholder.also):
        key = keys.guest_order(
            program, guest, keys.instant(order.occurred_at), order.source, order.order_id
        )
        ends_at = order.occurred_at + timedelta(days=GUEST_ORDER_DAYS)
        yield {
            "pk": key.pk,
            "sk": key.sk,
            "v": VERSION,
            "kind": "guest_order",
            "source": order.source,
            "order": order.order_id,
            "ttl": int(ends_at.timestamp()),
        }


def order_state_to_item(state: OrderState, key: Key) -> Item:
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "v": VERSION,
        "kind": "order",
        "quantities": dict(state.quantities),
        "amount_minor": state.amount_minor,
        "whole": state.whole,
        "clawed": state.clawed,
        "owed": state.owed,
        "forgiven": state.forgiven,
        "excused": state.excused,
        "taken": list(state.taken),
        "counter": state.counter,
    }
    item |= _changes_to_item(state)
    if state.amounts_minor:
        item["amounts_minor"] = dict(state.amounts_minor)
    if state.revocable:
        item["revocable"] = [_refund_to_list(refund) for refund in state.revocable.values()]
    if state.withdrawn:
        item["withdrawn"] = dict(state.withdrawn)
    if state.changed_at:
        item["changed_at"] = keys.instant(state.changed_at)
    if state.ceilings is not None:
        item["ceilings"] = dict(state.ceilings)
    if state.counted is not None:
        item["counted"] = dict(state.counted)
    return item


def _changes_to_item(state: OrderState) -> Item:
    """What edits and a review made of an order; what they left alone is left out."""
    return {
        name: value
        for name, value in (
            ("order", state.order and dated_order_to_map(state.order)),
            ("told_at", state.told_at and keys.instant(state.told_at)),
            ("given", parts_to_list(state.given)),
            ("expired", dated_to_map(state.expired)),
            ("verdict", state.verdict),
        )
        if value
    }


def order_state_from_item(item: Item) -> OrderState:
    wire = cast("dict[str, Any]", item)
    return OrderState(
        quantities=wire["quantities"],
        amounts_minor=wire.get("amounts_minor", {}),
        amount_minor=wire["amount_minor"],
        whole=wire["whole"],
        revocable={
            refund.refund_id: refund for refund in map(_refund_from_list, wire.get("revocable", ()))
        },
        withdrawn=wire.get("withdrawn", {}),
        clawed=wire["clawed"],
        owed=wire["owed"],
        forgiven=wire["forgiven"],
        excused=wire["excused"],
        taken=tuple(wire["taken"]),
        counter=wire["counter"],
        changed_at=maybe_instant(wire.get("changed_at")),
        order=order_from_item(wire) if "order" in wire else None,
        told_at=maybe_instant(wire.get("told_at")),
        given=parts_from_list(wire.get("given", ())),
        expired=dated_from_map(wire.get("expired", {})),
        ceilings=wire.get("ceilings"),
        counted=wire.get("counted"),
        verdict=wire.get("verdict"),
    )


def recorded_state_from_item(item: Item) -> RecordedState:
    """An order's state, with the order that its key names."""
    source, order_id = str(item["pk"]).split("#")[3:5]
    return RecordedState(ref=OrderRef(source, order_id), state=order_state_from_item(item))


def order_vouchers_to_item(held: OrderVouchers, key: Key) -> Item:
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "v": VERSION,
        "kind": "order_vouchers",
        "source": held.source,
        "order": held.order_id,
        "codes": list(held.codes),
        "listed": list(held.listed),
        "cancelled": held.is_cancelled,
        "counter": held.counter,
    }
    if held.told_at:
        item["told_at"] = keys.instant(held.told_at)
    return item


def order_vouchers_from_item(item: Item) -> OrderVouchers:
    wire = cast("dict[str, Any]", item)
    return OrderVouchers(
        source=wire["source"],
        order_id=wire["order"],
        codes=tuple(wire["codes"]),
        listed=tuple(wire["listed"]),
        is_cancelled=wire["cancelled"],
        told_at=maybe_instant(wire.get("told_at")),
        counter=wire["counter"],
    )


def _line_to_list(line: Line) -> list[Value]:
    """A line's values in their order, up to the last one that the line has."""
    values: list[Value] = [
        line.line_id,
        line.sku,
        line.category,
        line.quantity,
        line.amount_minor,
        line.gross_minor,
        list(line.product_categories),
        line.brand,
        list(line.tags),
        line.product_brand,
        list(line.product_tags),
    ]
    while len(values) > LINE_VALUES_MIN and values[-1] in (None, []):
        values.pop()
    return values


def _line_from_list(wire: list[Any]) -> Line:
    values = [*wire, *(None,) * (LINE_VALUES - len(wire))]
    line_id, sku, category, quantity, amount_minor, gross_minor, categories, *more = values
    brand, tags, product_brand, product_tags = more
    return Line(
        line_id=line_id,
        sku=sku,
        category=category,
        quantity=quantity,
        amount_minor=amount_minor,
        gross_minor=gross_minor,
        product_categories=tuple(categories or ()),
        brand=brand,
        tags=tuple(tags or ()),
        product_brand=product_brand,
        product_tags=tuple(product_tags or ()),
    )


def _refund_to_list(refund: RequestedRefund) -> list[Value]:
    return [
        refund.refund_id,
        keys.instant(refund.occurred_at),
        dict(refund.quantities),
        dict(refund.amounts_minor),
        refund.amount_minor,
        refund.whole,
        refund.is_revocable,
        refund.fingerprint,
    ]


def _refund_from_list(wire: list[Any]) -> RequestedRefund:
    refund_id, occurred_at, quantities, amounts_minor, amount_minor, *rest = wire
    whole, is_revocable, fingerprint = rest
    return RequestedRefund(
        refund_id=refund_id,
        occurred_at=instant_from(occurred_at),
        quantities=quantities,
        amounts_minor=amounts_minor,
        amount_minor=amount_minor,
        whole=whole,
        is_revocable=is_revocable,
        fingerprint=fingerprint,
    )
