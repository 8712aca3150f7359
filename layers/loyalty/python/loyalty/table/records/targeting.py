"""What members are targeted by, as the table stores it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast

from loyalty.domain.campaigns.offers import Offer, OfferReason
from loyalty.domain.campaigns.targeting import Targeting
from loyalty.table import keys
from loyalty.table.records.parts import VERSION, instant_from

if TYPE_CHECKING:
    from loyalty.table.operations import Item, Value


def targeting_to_item(targeting: Targeting) -> Item:
    item: Item = {
        "kind": "targeting",
        "v": VERSION,
        "member_id": targeting.member_id,
        "joined": joined_to_map(targeting.joined),
    }
    return item | {"offers": offers_to_map(targeting.offers)} if targeting.offers else item


def targeting_from_item(item: Item) -> Targeting:
    wire = cast("dict[str, Any]", item)
    found_at = wire.get("segments_as_of")
    return Targeting(
        member_id=wire["member_id"],
        joined={name: instant_from(since) for name, since in wire.get("joined", {}).items()},
        offers={name: _offer_from(each) for name, each in wire.get("offers", {}).items()},
        segments=wire.get("segments", {}),
        segments_as_of=instant_from(found_at) if found_at else None,
        segments_since={
            name: instant_from(since) for name, since in wire.get("segments_since", {}).items()
        },
    )


def joined_to_map(joined: Mapping[str, datetime]) -> dict[str, Value]:
    return {name: keys.instant(since) for name, since in joined.items()}


def offers_to_map(offers: Mapping[str, Offer]) -> dict[str, Value]:
    return {name: _offer_to_map(offer) for name, offer in offers.items()}


def _offer_to_map(offer: Offer) -> dict[str, Value]:
    because = offer.because
    reason: dict[str, Value] = {
        "kind": because.kind,
        "thing_kind": because.thing_kind,
        "thing_id": because.thing_id,
        "days": because.days,
        "level": because.level,
    }
    return {
        "at": keys.instant(offer.offered_at),
        "until": offer.until.isoformat(),
        "because": {name: each for name, each in reason.items() if each is not None},
        "of": offer.chosen_of,
    }


def _offer_from(wire: Mapping[str, Any]) -> Offer:
    reason = wire["because"]
    days = reason.get("days")
    return Offer(
        offered_at=instant_from(wire["at"]),
        until=date.fromisoformat(wire["until"]),
        because=OfferReason(
            kind=reason["kind"],
            thing_kind=reason.get("thing_kind"),
            thing_id=reason.get("thing_id"),
            days=None if days is None else int(days),
            level=reason.get("level"),
        ),
        chosen_of=int(wire["of"]),
    )


def since_to_map(since: Mapping[str, datetime]) -> dict[str, Value]:
    return {name: keys.instant(each) for name, each in since.items()}


def segments_to_map(segments: Mapping[str, str]) -> dict[str, Value]:
    return dict(segments)
