"""Accounts in the table."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast

from loyalty.domain.households.household import HeldHousehold
from loyalty.domain.ledger.account import Account, TierCarried, TierFloor
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.plans.held_plan import HeldPlan
from loyalty.table import keys
from loyalty.table.records.parts import (
    VERSION,
    dated_from_map,
    dated_to_map,
    days_from_map,
    days_to_map,
    maybe_date,
    maybe_instant,
    pending_from_map,
    pending_to_map,
    reached_from_list,
    reached_to_list,
)

if TYPE_CHECKING:
    from loyalty.table.operations import Item, Value


def account_to_item(account: Account, program: str, *, due_at: datetime | None = None) -> Item:
    """An account as an item; `due_at` is the instant at which its due day begins."""
    key = keys.account(program, account.member_id)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "v": VERSION,
        "kind": "account",
        "member_id": account.member_id,
        "status": account.status,
        "balance": account.balance,
        "debt": account.holding.debt,
        "entries": account.entries,
        "lots": dated_to_map(account.holding.lots),
        "pending": pending_to_map(account.holding.pending),
        "qualifying": dict(account.qualifying),
        "redeemed": dict(account.redeemed),
        "giveable_from": dated_to_map(account.giveable_from),
        "reinstated": days_to_map(account.reinstated),
    }
    if account.into:
        item["into"] = account.into
    if account.absorbed:
        item["absorbed"] = list(account.absorbed)
    item |= _level_and_plan(account)
    counts = {
        "tier_ups": account.tier_ups,
        "tier_downs": account.tier_downs,
        "tier_revision": account.tier_revision,
    }
    item |= {name: count for name, count in counts.items() if count}
    if account.orders is not None:
        item["orders"] = account.orders
    days = {"active_on": account.active_on, "bought_on": account.bought_on}
    item |= {name: day.isoformat() for name, day in days.items() if day}
    if account.enrolled_at:
        item["enrolled_at"] = keys.instant(account.enrolled_at)
    if account.ended_at:
        item["ended_at"] = keys.instant(account.ended_at)
    if account.due and due_at:
        item["due"] = account.due.isoformat()
        item |= keys.due_keys("expiring", program, account.member_id, due_at)
    return item


def _level_and_plan(account: Account) -> Item:
    """What a member's level and plan are computed from, and the household, as far as they are."""
    item: Item = {}
    if account.tier_announced:
        item["tier_announced"] = account.tier_announced
    if account.tier_floor:
        item["tier_floor"] = [account.tier_floor.level, account.tier_floor.until.isoformat()]
    if account.plan:
        item["plan"] = _plan_to_list(account.plan)
    if account.household:
        item["household"] = held_to_map(account.household)
    if account.tier_carried:
        item["tier_carried"] = [[each.level, each.on.isoformat()] for each in account.tier_carried]
    if account.tier_reached:
        item["tier_reached"] = reached_to_list(account.tier_reached)
    return item


def account_from_item(item: Item) -> Account:
    wire = cast("dict[str, Any]", item)
    return Account(
        member_id=wire["member_id"],
        status=wire["status"],
        into=wire.get("into"),
        balance=wire["balance"],
        holding=Holding(
            lots=dated_from_map(wire["lots"]),
            debt=wire["debt"],
            pending=pending_from_map(wire["pending"]),
        ),
        entries=wire["entries"],
        qualifying=wire["qualifying"],
        redeemed=wire["redeemed"],
        giveable_from=dated_from_map(wire["giveable_from"]),
        reinstated=days_from_map(wire["reinstated"]),
        due=maybe_date(wire.get("due")),
        active_on=maybe_date(wire.get("active_on")),
        orders=wire.get("orders"),
        bought_on=maybe_date(wire.get("bought_on")),
        absorbed=tuple(wire.get("absorbed", ())),
        tier_announced=wire.get("tier_announced"),
        tier_floor=_floor(wire.get("tier_floor")),
        plan=_plan_from_list(wire.get("plan")),
        household=_held_from_map(wire.get("household")),
        tier_carried=tuple(
            TierCarried(level, date.fromisoformat(on)) for level, on in wire.get("tier_carried", ())
        ),
        tier_reached=reached_from_list(wire.get("tier_reached", ())),
        tier_ups=wire.get("tier_ups", 0),
        tier_downs=wire.get("tier_downs", 0),
        tier_revision=wire.get("tier_revision", 0),
        enrolled_at=maybe_instant(wire.get("enrolled_at")),
        ended_at=maybe_instant(wire.get("ended_at")),
    )


def held_to_map(held: HeldHousehold) -> dict[str, Value]:
    """The household that a member is in or left; writes rely on the whole of it."""
    fields: dict[str, Value | None] = {
        "id": held.household_id,
        "since": held.since.isoformat(),
        "shares_max": held.shares_max,
        "left_on": held.left_on.isoformat() if held.left_on else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _held_from_map(wire: dict[str, Any] | None) -> HeldHousehold | None:
    if wire is None:
        return None
    return HeldHousehold(
        household_id=wire["id"],
        since=date.fromisoformat(wire["since"]),
        shares_max=wire.get("shares_max"),
        left_on=maybe_date(wire.get("left_on")),
    )


def _floor(wire: list[str] | None) -> TierFloor | None:
    return TierFloor(wire[0], date.fromisoformat(wire[1])) if wire else None


def _plan_to_list(plan: HeldPlan) -> list[Value]:
    """A plan in few bytes: days of grace and of a pause only if there are some."""
    parts: list[Value] = [
        plan.plan_id,
        plan.since.isoformat(),
        plan.until.isoformat(),
        plan.announced,
    ]
    if plan.grace_days or plan.paused_from:
        parts.append(plan.grace_days)
    parts += [day.isoformat() for day in (plan.paused_from, plan.paused_until) if day]
    return parts


def _plan_from_list(wire: list[Any] | None) -> HeldPlan | None:
    if wire is None:
        return None
    plan_id, since, until, announced, *rest = wire
    grace_days, *paused = rest or [0]
    return HeldPlan(
        plan_id,
        date.fromisoformat(since),
        date.fromisoformat(until),
        announced,
        grace_days,
        *map(date.fromisoformat, paused),
    )
