"""Entries in the table, with the details of each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Final, cast

from loyalty.domain.ledger.entries import (
    Accrual,
    Adjustment,
    AwardClawback,
    Bonus,
    Clawback,
    Counterpart,
    Detail,
    Edit,
    Entry,
    Placeholder,
    Redemption,
    Return,
    RewardGrant,
    SharedPart,
)
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.orders.order import OrderRef
from loyalty.table import keys
from loyalty.table.operations import Item, Key, Value
from loyalty.table.records.campaigns import (
    campaigns_from_list,
    campaigns_to_list,
    points_by_line,
    shares_of,
)
from loyalty.table.records.causes import cause_key, cause_of
from loyalty.table.records.orders import (
    dated_order_to_map,
    order_from_item,
    order_to_map,
    placeholder_from_item,
)
from loyalty.table.records.parts import (
    VERSION,
    dated_from_map,
    dated_to_map,
    instant_from,
    maybe_date,
    maybe_instant,
    parts_from_list,
    parts_to_list,
    pending_from_map,
    pending_to_map,
    qualifying_from_list,
    qualifying_to_list,
    reached_from_list,
    reached_to_list,
    uses_from_list,
    uses_to_list,
)


def entry_to_item(entry: Entry, program: str) -> Item:
    key = cause_key(program, entry.cause)
    effect = entry.effect
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "v": VERSION,
        "kind": entry.kind,
        "member_id": entry.member_id,
        "points": effect.points,
        "pending_points": effect.pending_points,
        "lots": dated_to_map(effect.lots),
        "happened_at": keys.instant(entry.happened_at),
        "recorded_at": keys.instant(entry.recorded_at),
        "program_version": entry.program_version,
        "history_pk": keys.history_partition(program, entry.member_id),
        "history_sk": history_position(entry),
    }
    if effect.debt:
        item["debt"] = effect.debt
    if effect.pending:
        item["pending"] = pending_to_map(effect.pending)
    if entry.fingerprint:
        item["fingerprint"] = entry.fingerprint
    item |= _detail_to_item(entry.detail)
    if entry.tier_reached:
        item["tier_reached"] = reached_to_list(entry.tier_reached)
    if entry.recorded_by:
        item["about"] = cast("Item", item.get("about", {})) | {"by": entry.recorded_by}
    return item


def entry_from_item(item: Item) -> Entry | Placeholder:
    """An entry, or the placeholder under an accrual's key.

    An item read through the `history` index has no breakdown, so its detail is None for kinds
    whose detail is a breakdown.
    """
    wire = cast("dict[str, Any]", item)
    if wire["kind"] == "placeholder":
        return placeholder_from_item(wire)
    return Entry(
        cause=cause_of(Key(wire["pk"], wire["sk"])),
        member_id=wire["member_id"],
        effect=Holding(
            lots=dated_from_map(wire["lots"]),
            debt=wire.get("debt", 0),
            pending=pending_from_map(wire.get("pending")),
        ),
        happened_at=instant_from(wire["happened_at"]),
        recorded_at=instant_from(wire["recorded_at"]),
        program_version=wire["program_version"],
        fingerprint=wire.get("fingerprint", ""),
        detail=_detail_from_item(wire),
        recorded_by=wire.get("about", {}).get("by"),
        tier_reached=reached_from_list(wire.get("tier_reached", ())),
    )


def history_position(entry: Entry) -> str:
    """An entry's sort key in a history: the time from which it counts, then a part of its id."""
    return f"{keys.instant(entry.counted_at)}#{entry.id[4:16]}"


def _detail_to_item(detail: Detail) -> Item:
    match detail:
        case Accrual():
            return _accrual_to_item(detail)
        case Clawback() | Edit():
            return _lowering_to_item(detail)
        case None:
            return {}
        case _:
            return {"about": _about(detail)}


def _about(
    detail: Redemption | Return | SharedPart | Adjustment | Bonus | AwardClawback | Counterpart,
) -> Item:
    """What a list needs to know of an entry that no order caused. Absent values are left out."""
    match detail:
        case Redemption():
            moments = {"held_until": detail.held_until, "expires_at": detail.expires_at}
            about: Item = {
                "redemption_id": detail.redemption_id,
                "reward_id": detail.reward_id,
                "code": detail.code,
                **{name: keys.instant(moment) for name, moment in moments.items() if moment},
            }
            grant = detail.grant
            return about | _present(
                {
                    "amount_minor": detail.amount_minor,
                    "granted_for": grant.granted_for if grant else None,
                    "reason": grant.reason if grant else None,
                    "reference": grant.reference if grant else None,
                    "rule_id": grant.rule_id if grant else None,
                    "award_id": grant.award_id if grant else None,
                    "shared": dict(detail.shared) or None,
                }
            )
        case Return():
            return {"redemption_id": detail.redemption_id, "why": detail.why, **_order(detail)}
        case SharedPart():
            about = {"redemption_id": detail.redemption_id, "spent_by": detail.spent_by}
            return about | _present({"why": detail.why})
        case Adjustment():
            return {"reason": detail.reason, "reference": detail.reference}
        case Bonus():
            about = {"given_for": detail.given_for, **_order(detail)}
            return about | _present(
                {
                    "survey_id": detail.survey_id,
                    "rule_id": detail.rule_id,
                    "stands_again": detail.stands_again or None,
                }
            )
        case AwardClawback():
            return cast("Item", asdict(detail))
        case Counterpart():
            return {"member_id": detail.member_id, "direction": detail.direction}


def _order(detail: Return | Bonus) -> Item:
    return {"order": [detail.order.source, detail.order.order_id]} if detail.order else {}


def _present(optional: dict[str, Value]) -> Item:
    return {name: value for name, value in optional.items() if value is not None}


_PLAIN: Final[Mapping[str, Callable[..., Detail]]] = {
    "adjustment": Adjustment,
    "contribution": SharedPart,
    "transfer": Counterpart,
    "merge": Counterpart,
}


def _detail_from_item(wire: dict[str, Any]) -> Detail:
    about = _without_recorder(wire)
    match wire["kind"]:
        case "clawback" if "rule_id" in about:
            return AwardClawback(**about)
        case "accrual" | "clawback" | "edit":
            return _order_detail_from_item(wire)
        case "redemption":
            return Redemption(
                redemption_id=about["redemption_id"],
                reward_id=about["reward_id"],
                code=about["code"],
                held_until=maybe_instant(about.get("held_until")),
                expires_at=maybe_instant(about.get("expires_at")),
                amount_minor=about.get("amount_minor"),
                grant=RewardGrant(
                    granted_for=about["granted_for"],
                    reason=about.get("reason"),
                    reference=about.get("reference"),
                    rule_id=about.get("rule_id"),
                    award_id=about.get("award_id"),
                )
                if "granted_for" in about
                else None,
                shared=about.get("shared", {}),
            )
        case "return":
            return Return(**_with_order(about))
        case ("adjustment" | "contribution" | "transfer" | "merge") as kind:
            return _PLAIN[kind](**about)
        case "bonus":
            return Bonus(**_with_order(about))
        case _:
            return None


def _with_order(about: dict[str, Any]) -> dict[str, Any]:
    return about | {"order": OrderRef(*about["order"]) if "order" in about else None}


def _without_recorder(wire: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in wire.get("about", {}).items() if name != "by"}


def _order_detail_from_item(wire: dict[str, Any]) -> Accrual | Clawback | Edit | None:
    if wire["kind"] == "accrual":
        return _accrual_from_item(wire) if "order" in wire else None
    about = _without_recorder(wire)
    about = about | {
        "qualifying": qualifying_from_list(about.get("qualifying")),
        "counted": uses_from_list(about.get("counted", ())),
        "campaign_points": about.get("campaign_points", {}),
    }
    if wire["kind"] == "clawback":
        _, source, order_id = wire["pk"].rsplit("#", 2)
        refund_id = wire["sk"].rsplit("#", 1)[1]
        return Clawback(source=source, order_id=order_id, refund_id=refund_id, **about)
    return Edit(
        order=order_from_item(wire) if "order" in wire else None,
        parts=parts_from_list(wire.get("parts", ())),
        **about,
    )


def _accrual_to_item(detail: Accrual) -> Item:
    context: Item = {"tier": detail.tier} if detail.tier else {}
    if detail.plan:
        context["plan"] = detail.plan
    if detail.held_until:
        context["held_until"] = detail.held_until.isoformat()
    if detail.qualifying:
        context["qualifying"] = qualifying_to_list(detail.qualifying)
    if campaigns := campaigns_to_list(detail):
        context["campaigns"] = campaigns
    return {
        "order": order_to_map(detail.order) | context,
        "shares": _shares_to_list(detail),
        "parts": parts_to_list(detail.parts),
    }


def _accrual_from_item(wire: dict[str, Any]) -> Accrual:
    order = order_from_item(wire)
    of_campaigns = campaigns_from_list(wire["order"].get("campaigns", ()), order)
    of_rules = (share for each in wire["shares"] for share in shares_of(each[0], each[1:], order))
    return Accrual(
        order=order,
        parts=parts_from_list(wire["parts"]),
        tier=wire["order"].get("tier"),
        plan=wire["order"].get("plan"),
        qualifying=qualifying_from_list(wire["order"].get("qualifying")),
        held_until=maybe_date(wire["order"].get("held_until")),
        **of_campaigns | {"shares": (*of_rules, *of_campaigns["shares"])},
    )


def _lowering_to_item(detail: Clawback | Edit) -> Item:
    about: Item = {
        "amount_minor": detail.amount_minor,
        "clawed": detail.clawed,
        "owed": detail.owed,
        "forgiven": detail.forgiven,
        "excused": detail.excused,
        "debt_after": detail.debt_after,
    }
    if detail.qualifying:
        about["qualifying"] = qualifying_to_list(detail.qualifying)
    if detail.counted:
        about["counted"] = uses_to_list(detail.counted)
    if detail.campaign_points:
        about["campaign_points"] = dict(detail.campaign_points)
    if isinstance(detail, Clawback) or detail.order is None:
        return {"about": about}
    return {
        "about": about,
        "order": dated_order_to_map(detail.order),
        "parts": parts_to_list(detail.parts),
    }


def _shares_to_list(accrual: Accrual) -> list[Value]:
    """For each rule, its id and the points of every line in the order of the lines."""
    rules = dict.fromkeys(share.rule_id for share in accrual.shares)
    return [
        [rule_id, *points_by_line(rule_id, accrual)]
        for rule_id in rules
        if rule_id not in accrual.campaigns
    ]
