"""Referrals as items. Everything that a list shows is in `about`, because the index carries it."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast

from loyalty.domain.engagement.referrals import (
    CapSlot,
    Referral,
    ReferralDecision,
    ReferredOrder,
    Referrer,
)
from loyalty.domain.orders.order import OrderRef
from loyalty.table import keys
from loyalty.table.records.parts import VERSION

if TYPE_CHECKING:
    from loyalty.table.operations import Item


def referral_to_item(referral: Referral, program: str) -> Item:
    decision, slot = referral.decision, referral.slot
    about: Item = {
        "referrer": referral.referrer_id,
        "code": referral.code,
        "counts_from": referral.counts_from.isoformat(),
        "version": referral.version,
        "reason": referral.reason,
        "signals": list(referral.signals),
        "orders": referral.orders,
        "earlier": referral.earlier or None,
        "stands": referral.stands or None,
        "given_at": keys.instant(referral.given_at) if referral.given_at else None,
        "month": referral.month,
        "slot": list(slot) if slot else None,
        "decision": _decision_to_list(decision) if decision else None,
        "revision": referral.revision,
    }
    return {
        "v": VERSION,
        "kind": "referral",
        "state": referral.state,
        "member_id": referral.friend_id,
        "recorded_at": keys.instant(referral.claimed_at),
        "about": {name: value for name, value in about.items() if value is not None},
        "history_pk": keys.referrals_partition(program, referral.referrer_id),
        "history_sk": f"{keys.instant(referral.claimed_at)}#{referral.friend_id}",
    }


def referral_from_item(item: Item) -> Referral:
    wire = cast("dict[str, Any]", item)
    about = wire["about"]
    given_at, slot = about.get("given_at"), about.get("slot")
    return Referral(
        friend_id=wire["member_id"],
        referrer_id=about["referrer"],
        code=about["code"],
        claimed_at=datetime.fromisoformat(wire["recorded_at"]),
        counts_from=date.fromisoformat(about["counts_from"]),
        version=about["version"],
        state=wire["state"],
        reason=about.get("reason"),
        signals=tuple(about["signals"]),
        decision=_decision_from_list(about["decision"]) if "decision" in about else None,
        orders=about["orders"],
        earlier=about.get("earlier", 0),
        stands=about.get("stands", False),
        given_at=datetime.fromisoformat(given_at) if given_at else None,
        month=about.get("month"),
        slot=CapSlot(*slot) if slot else None,
        revision=about["revision"],
    )


def referrer_to_item(referrer: Referrer) -> Item:
    return {
        "v": VERSION,
        "kind": "referrer",
        "code": referrer.code,
        "given": dict(referrer.given),
        "revision": referrer.revision,
    }


def referrer_from_item(item: Item) -> Referrer:
    wire = cast("dict[str, Any]", item)
    return Referrer(
        member_id=wire["pk"].split("#")[3],
        code=wire["code"],
        given=wire["given"],
        revision=wire["revision"],
    )


def referred_order_to_item(counted: ReferredOrder) -> Item:
    return {
        "v": VERSION,
        "kind": "referred_order",
        "friend": counted.friend_id,
        "counts_as": counted.counts_as,
        "revision": counted.revision,
    }


def referred_order_from_item(item: Item) -> ReferredOrder:
    wire = cast("dict[str, Any]", item)
    return ReferredOrder(
        order=OrderRef(*wire["pk"].split("#")[3:5]),
        friend_id=wire["friend"],
        counts_as=wire["counts_as"],
        revision=wire["revision"],
    )


def _decision_to_list(decision: ReferralDecision) -> list[Any]:
    return [decision.verdict, decision.by, keys.instant(decision.decided_at), decision.reason]


def _decision_from_list(wire: list[Any]) -> ReferralDecision:
    verdict, by, decided_at, reason = wire
    return ReferralDecision(verdict, by, datetime.fromisoformat(decided_at), reason)
