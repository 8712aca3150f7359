"""Tellings of a member's paid plans, as the table stores them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final, cast

from loyalty.domain.plans.given_gifts import GivenGift
from loyalty.domain.plans.purchases import PlanPurchase
from loyalty.domain.plans.tellings import MemberPlans, PlanTelling
from loyalty.table import keys
from loyalty.table.records.parts import VERSION, instant_from, maybe_date

if TYPE_CHECKING:
    from loyalty.table.operations import Item, Value

_DAYS: Final = ("trial_until", "paid_until", "paused_from", "paused_until", "ends_on")


def plans_to_item(plans: MemberPlans, program: str) -> Item:
    key = keys.member_plans(program, plans.member_id)
    return {
        "pk": key.pk,
        "sk": key.sk,
        "v": VERSION,
        "kind": "plans",
        "member_id": plans.member_id,
        "revision": plans.revision,
        "tellings": {source: _telling_to_map(each) for source, each in plans.tellings.items()},
        "purchases": {name: _purchase_to_map(each) for name, each in plans.purchases.items()},
        "given": {
            name: [each.award_id, each.source, each.on.isoformat()]
            for name, each in plans.given.items()
        },
    }


def plans_from_item(item: Item) -> MemberPlans:
    wire = cast("dict[str, Any]", item)
    return MemberPlans(
        member_id=wire["member_id"],
        revision=wire["revision"],
        tellings={source: _telling_from_map(each) for source, each in wire["tellings"].items()},
        purchases={
            name: _purchase_from_map(each) for name, each in wire.get("purchases", {}).items()
        },
        given={
            name: GivenGift(award_id=award_id, source=source, on=date.fromisoformat(on))
            for name, (award_id, source, on) in wire.get("given", {}).items()
        },
    )


def _telling_to_map(telling: PlanTelling) -> Value:
    days = {name: getattr(telling, name) for name in _DAYS}
    fields: dict[str, Value] = {
        "plan": telling.plan_id,
        "since": telling.since.isoformat(),
        "told_at": keys.instant(telling.told_at),
        **{name: day.isoformat() for name, day in days.items() if day},
    }
    if telling.reason:
        fields["reason"] = telling.reason
    return fields


def _telling_from_map(wire: dict[str, Any]) -> PlanTelling:
    return PlanTelling(
        plan_id=wire["plan"],
        since=date.fromisoformat(wire["since"]),
        told_at=instant_from(wire["told_at"]),
        reason=wire.get("reason"),
        **{name: maybe_date(wire.get(name)) for name in _DAYS},
    )


def _purchase_to_map(purchase: PlanPurchase) -> Value:
    fields: dict[str, Value] = {
        "plan": purchase.plan_id,
        "on": purchase.on.isoformat(),
        "bought_at": keys.instant(purchase.bought_at),
        "months": purchase.months,
        "counter": purchase.counter,
    }
    if purchase.closed_on:
        fields["closed_on"] = purchase.closed_on.isoformat()
    return fields


def _purchase_from_map(wire: dict[str, Any]) -> PlanPurchase:
    return PlanPurchase(
        plan_id=wire["plan"],
        on=date.fromisoformat(wire["on"]),
        bought_at=instant_from(wire["bought_at"]),
        months=wire["months"],
        counter=wire["counter"],
        closed_on=maybe_date(wire.get("closed_on")),
    )
