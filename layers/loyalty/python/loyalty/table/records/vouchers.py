"""Vouchers in the table."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

from loyalty.domain.ledger.vouchers import Contribution, Terms, Voucher
from loyalty.domain.orders.order import OrderRef
from loyalty.table import keys
from loyalty.table.records.parts import (
    VERSION,
    dated_from_map,
    dated_to_map,
    days_from_map,
    days_to_map,
    instant_from,
    maybe_instant,
)

if TYPE_CHECKING:
    from loyalty.table.operations import Item, Value


SHARED_VERSION: Final = 2


def voucher_to_item(voucher: Voucher, program: str) -> Item:
    key = keys.voucher(program, voucher.code)
    about: Item = {
        "redemption_id": voucher.redemption_id,
        "reward_id": voucher.reward_id,
        "slices": dated_to_map(voucher.slices),
        "limited": voucher.limited,
        "stocked": voucher.stocked,
    }
    for name in ("held_until", "expires_at", "used_at"):
        moment = cast("datetime | None", getattr(voucher, name))
        if moment is not None:
            about[name] = keys.instant(moment)
    order = voucher.used_order
    # What is empty is left out, as most of it is for most vouchers.
    optional: dict[str, Value] = {
        "used_request": voucher.used_request,
        "used_order": [order.source, order.order_id] if order else None,
        "used_by": voucher.used_by,
        "recorded_by": voucher.recorded_by,
        "use_recorded_by": voucher.use_recorded_by,
        "first_ends": days_to_map(voucher.first_ends),
        "times_reinstated": voucher.times_reinstated,
        "in_shops": list(voucher.in_shops),
        "pays": voucher.pays,
        "returned": voucher.returned,
        "return_forgiven": voucher.return_forgiven,
        "return_steps": voucher.return_steps,
        "granted_for": voucher.granted_for,
        "shared": {name: _shared_to_map(each) for name, each in voucher.shared.items()},
    }
    about |= {name: value for name, value in optional.items() if value}
    if voucher.amount_minor is not None:
        about["amount_minor"] = voucher.amount_minor
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        # Code that knows no households would return the points of one member only.
        "v": SHARED_VERSION if voucher.shared else VERSION,
        "kind": "voucher",
        "member_id": voucher.member_id,
        "state": voucher.state,
        "points": voucher.points,
        "recorded_at": keys.instant(voucher.issued_at),
        "about": about,
        "history_pk": keys.vouchers_partition(program, voucher.member_id),
        "history_sk": f"{keys.instant(voucher.issued_at)}#{voucher.code}",
    }
    if voucher.terms:
        # Not in `about`, because no list needs it.
        item["terms"] = _terms_to_item(voucher.terms)
    if due := voucher.due_at:
        item |= keys.due_keys("expiring", program, f"VOUCHER#{voucher.code}", due)
    return item


def voucher_from_item(item: Item) -> Voucher:
    wire = cast("dict[str, Any]", item)
    about = wire["about"]
    order = about.get("used_order")
    return Voucher(
        code=wire["pk"].rsplit("#", 1)[1],
        member_id=wire["member_id"],
        redemption_id=about["redemption_id"],
        reward_id=about["reward_id"],
        points=wire["points"],
        slices=dated_from_map(about["slices"]),
        state=wire["state"],
        issued_at=instant_from(wire["recorded_at"]),
        held_until=maybe_instant(about.get("held_until")),
        expires_at=maybe_instant(about.get("expires_at")),
        used_at=maybe_instant(about.get("used_at")),
        used_request=about.get("used_request"),
        used_order=OrderRef(*order) if order else None,
        used_by=about.get("used_by"),
        recorded_by=about.get("recorded_by"),
        use_recorded_by=about.get("use_recorded_by"),
        first_ends=days_from_map(about.get("first_ends", {})),
        times_reinstated=about.get("times_reinstated", 0),
        in_shops=tuple(about.get("in_shops", ())),
        pays=about.get("pays", False),
        returned=about.get("returned", 0),
        return_forgiven=about.get("return_forgiven", 0),
        return_steps=about.get("return_steps", 0),
        granted_for=about.get("granted_for"),
        shared={name: _shared_from_map(each) for name, each in about.get("shared", {}).items()},
        limited=about["limited"],
        stocked=about["stocked"],
        amount_minor=about.get("amount_minor"),
        terms=_terms_from_item(wire["terms"]) if "terms" in wire else None,
    )


def _shared_to_map(part: Contribution) -> Value:
    ends = {"first_ends": days_to_map(part.first_ends)} if part.first_ends else {}
    return {"slices": dated_to_map(part.slices), **ends}


def _shared_from_map(wire: dict[str, Any]) -> Contribution:
    ends = days_from_map(wire.get("first_ends", {}))
    return Contribution(slices=dated_from_map(wire["slices"]), first_ends=ends)


def _terms_to_item(terms: Terms) -> Item:
    item: Item = {
        "kind": terms.kind,
        "name": terms.name,
        "currency": terms.currency,
        "amount_minor": terms.amount_minor,
        "percent": terms.percent,
        "skus": list(terms.skus) or None,
    }
    return {name: value for name, value in item.items() if value is not None}


def _terms_from_item(wire: dict[str, Any]) -> Terms:
    return Terms(
        kind=wire["kind"],
        name=wire["name"],
        currency=wire["currency"],
        amount_minor=wire.get("amount_minor"),
        percent=wire.get("percent"),
        skus=tuple(wire.get("skus", ())),
    )
