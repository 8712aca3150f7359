"""How the domain's objects lie in the table, and back: entries, accounts, vouchers, order states.

Lists of lists, not of maps, where an item has many alike (lines, shares, parts): the names of the
fields would be half of the item, and an accrual of five lines must stay under 1 KB.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

from loyalty.domain.account import Account, TierFloor
from loyalty.domain.earning import Part, Share
from loyalty.domain.entries import (
    Accrual,
    Adjustment,
    AskedRefund,
    CalendarCause,
    Cause,
    Clawback,
    Counterpart,
    Detail,
    Edit,
    Effect,
    Entry,
    Kind,
    OrderCause,
    PendingDates,
    Placeholder,
    Qualifying,
    Redemption,
    RequestCause,
    Return,
)
from loyalty.domain.order_vouchers import OrderVouchers
from loyalty.domain.orders import Line, Order
from loyalty.domain.refunds import OrderState
from loyalty.domain.vouchers import Terms, Voucher
from loyalty.table import keys
from loyalty.table.operations import Item, Key, Value

VERSION: Final = 1

# A program lets orders be claimed for 366 days at most.
GUEST_ORDER_DAYS: Final = 400

# What the `history` index carries beside the keys: all that a list shows, no breakdowns.
HISTORY_ATTRIBUTES: Final = (
    "v",
    "kind",
    "member_id",
    "points",
    "pending_points",
    "lots",
    "debt",
    "pending",
    "happened_at",
    "recorded_at",
    "program_version",
    "about",
    "state",
)


def cause_key(program: str, cause: Cause) -> Key:
    """Where the entry of a cause lies."""
    match cause:
        case OrderCause(source, order, "accrual"):
            return keys.accrual(program, source, order)
        case OrderCause(source, order, "clawback", refund):
            return keys.clawback(program, source, order, refund)
        case OrderCause(source, order, "edit", fingerprint):
            return keys.edit(program, source, order, fingerprint)
        case OrderCause(source, order, "expiry", fingerprint):
            return keys.order_expiry(program, source, order, fingerprint)
        case RequestCause(request, kind, ""):
            return keys.request_entry(program, request, kind)
        case RequestCause(request, kind, name):
            return keys.request_entry(program, request, f"{kind}#{name}")
        case CalendarCause(member, "expiry", (lot,), seen):
            return keys.expiry(program, member, lot.isoformat(), str(seen))
        case CalendarCause(member, "activation", (available, expires), seen):
            return keys.activation(
                program, member, available.isoformat(), expires.isoformat(), str(seen)
            )
        case _:
            raise ValueError(f"no key for {cause}")


def cause_of(key: Key) -> Cause:
    """The cause that an entry's key names: the inverse of `cause_key`."""
    _, _, partition, *names = key.pk.split("#")
    _, kind, *rest = key.sk.split("#")
    known = cast("Kind", kind)
    match partition:
        case "ORDER":
            return OrderCause(names[0], names[1], known, *rest)
        case "REQUEST":
            return RequestCause(names[0], known, *rest)
        case _:
            dates = tuple(date.fromisoformat(day) for day in rest[:-1])
            return CalendarCause(names[0], known, dates, int(rest[-1]))


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
        "lots": _dated(effect.lots),
        "happened_at": keys.instant(entry.happened_at),
        "recorded_at": keys.instant(entry.recorded_at),
        "program_version": entry.program_version,
        "history_pk": keys.history_partition(program, entry.member_id),
        "history_sk": history_position(entry),
    }
    if effect.debt:
        item["debt"] = effect.debt
    if effect.pending:
        item["pending"] = _pending(effect.pending)
    if entry.fingerprint:
        item["fingerprint"] = entry.fingerprint
    item |= _detail_to_item(entry.detail)
    return item


def history_position(entry: Entry) -> str:
    """Where an entry stands in a history: when it counted, then a part of its id."""
    return f"{keys.instant(entry.counted_at)}#{entry.id[4:16]}"


def entry_from_item(item: Item) -> Entry | Placeholder:
    """An entry, or the placeholder that stands in an accrual's place.

    An item read through the `history` index has no breakdown: its detail is then None for kinds
    whose detail is a breakdown.
    """
    wire = cast("dict[str, Any]", item)
    if wire["kind"] == "placeholder":
        return _placeholder_from_item(wire)
    return Entry(
        cause=cause_of(Key(wire["pk"], wire["sk"])),
        member_id=wire["member_id"],
        effect=Effect(
            lots=_lots(wire["lots"]), debt=wire.get("debt", 0), pending=_dates(wire.get("pending"))
        ),
        happened_at=_instant(wire["happened_at"]),
        recorded_at=_instant(wire["recorded_at"]),
        program_version=wire["program_version"],
        fingerprint=wire.get("fingerprint", ""),
        detail=_detail_from_item(wire),
    )


def _detail_to_item(detail: Detail) -> Item:
    match detail:
        case Accrual():
            return _accrual_to_item(detail)
        case Clawback() | Edit():
            return _lowering_to_item(detail)
        case Redemption():
            about: Item = {
                "redemption_id": detail.redemption_id,
                "reward_id": detail.reward_id,
                "code": detail.code,
            }
            if detail.held_until:
                about["held_until"] = keys.instant(detail.held_until)
            if detail.expires_at:
                about["expires_at"] = keys.instant(detail.expires_at)
            if detail.amount_minor is not None:
                about["amount_minor"] = detail.amount_minor
            return {"about": about}
        case Return():
            return {"about": {"redemption_id": detail.redemption_id, "why": detail.why}}
        case Adjustment():
            return {
                "about": {
                    "reason": detail.reason,
                    "reference": detail.reference,
                    "by": detail.by,
                }
            }
        case Counterpart():
            return {"about": {"member_id": detail.member_id, "direction": detail.direction}}
        case None:
            return {}


def _accrual_to_item(detail: Accrual) -> Item:
    context: Item = {"tier": detail.tier} if detail.tier else {}
    if detail.qualifying:
        context["qualifying"] = list(detail.qualifying)
    return {
        "order": _order_to_item(detail.order) | context,
        "shares": _shares_to_list(detail),
        "parts": _parts_to_list(detail.parts),
    }


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
        about["qualifying"] = list(detail.qualifying)
    if isinstance(detail, Clawback) or detail.order is None:
        return {"about": about}
    return {
        "about": about,
        "order": _dated_order_to_item(detail.order),
        "parts": _parts_to_list(detail.parts),
    }


def _detail_from_item(wire: dict[str, Any]) -> Detail:
    about = wire.get("about", {})
    match wire["kind"]:
        case "accrual":
            return _accrual_from_item(wire) if "order" in wire else None
        case "clawback":
            _, source, order_id = wire["pk"].rsplit("#", 2)
            refund_id = wire["sk"].rsplit("#", 1)[1]
            about = about | {"qualifying": _qualifying(about.get("qualifying"))}
            return Clawback(source=source, order_id=order_id, refund_id=refund_id, **about)
        case "edit":
            about = about | {"qualifying": _qualifying(about.get("qualifying"))}
            return Edit(
                order=_order_from_item(wire) if "order" in wire else None,
                parts=_parts_from_list(wire.get("parts", ())),
                **about,
            )
        case "redemption":
            return Redemption(
                redemption_id=about["redemption_id"],
                reward_id=about["reward_id"],
                code=about["code"],
                held_until=_maybe_instant(about.get("held_until")),
                expires_at=_maybe_instant(about.get("expires_at")),
                amount_minor=about.get("amount_minor"),
            )
        case "return":
            return Return(**about)
        case "adjustment":
            return Adjustment(**about)
        case "transfer" | "merge":
            return Counterpart(**about)
        case _:
            return None


def _accrual_from_item(wire: dict[str, Any]) -> Accrual:
    order = _order_from_item(wire)
    return Accrual(
        order=order,
        shares=_shares_from_list(wire["shares"], order),
        parts=_parts_from_list(wire["parts"]),
        tier=wire["order"].get("tier"),
        qualifying=_qualifying(wire["order"].get("qualifying")),
    )


def _shares_to_list(accrual: Accrual) -> list[Value]:
    """Of each rule the points of every line by its place: line ids and amounts are told once."""
    by_rule: dict[str, dict[str, int]] = {}
    for share in accrual.shares:
        by_rule.setdefault(share.rule_id, {})[share.line_id] = share.points
    lines = accrual.order.lines
    return [
        [rule_id, *(points.get(line.line_id, 0) for line in lines)]
        for rule_id, points in by_rule.items()
    ]


def _shares_from_list(wire: Sequence[Sequence[Any]], order: Order) -> tuple[Share, ...]:
    return tuple(
        Share(rule_id, line.line_id, points, line.amount_minor)
        for rule_id, *by_line in wire
        for line, points in zip(order.lines, by_line, strict=True)
        if points
    )


def _parts_to_list(parts: Sequence[Part]) -> list[Value]:
    return [
        [part.available_on.isoformat(), part.expires_on.isoformat(), part.points] for part in parts
    ]


def _parts_from_list(wire: Sequence[Any]) -> tuple[Part, ...]:
    return tuple(
        Part(date.fromisoformat(available), date.fromisoformat(expires), points)
        for available, expires, points in wire
    )


def _qualifying(wire: list[Any] | None) -> Qualifying | None:
    return Qualifying(*wire) if wire else None


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
        item["order"] = _order_to_item(placeholder.order)
        item["happened_at"] = keys.instant(placeholder.order.occurred_at)
        item["fingerprint"] = placeholder.fingerprint
    if placeholder.guest:
        item["guest"] = placeholder.guest
    if placeholder.also:
        item["also"] = list(placeholder.also)
    return item


def guest_orders_of(placeholder: Placeholder, program: str) -> Iterator[Item]:
    """What a guest's order is found by, under each identity of theirs.

    Not in an index: one that lags a moment could hide an order from who enrolls just then.
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


def _placeholder_from_item(wire: dict[str, Any]) -> Placeholder:
    source, order_id = wire["pk"].split("#")[3:5]
    return Placeholder(
        source=source,
        order_id=order_id,
        recorded_at=_instant(wire["recorded_at"]),
        count=wire["count"],
        order=_order_from_item(wire) if "order" in wire else None,
        fingerprint=wire.get("fingerprint", ""),
        guest=wire.get("guest", ""),
        also=tuple(wire.get("also", ())),
        refunds=tuple(_refund_from_list(refund) for refund in wire["refunds"]),
    )


def _order_to_item(order: Order) -> Item:
    told: Item = {"lines": [_line_to_list(line) for line in order.lines]}
    if order.channel:
        told["channel"] = order.channel
    if order.told_at:
        told["told_at"] = keys.instant(order.told_at)
    return told


def _dated_order_to_item(order: Order) -> Item:
    """An order that lies in an item of another time than its own."""
    return {**_order_to_item(order), "occurred_at": keys.instant(order.occurred_at)}


def _line_to_list(line: Line) -> list[Value]:
    told: list[Value] = [line.line_id, line.sku, line.category, line.quantity, line.amount_minor]
    return told if line.gross_minor is None else [*told, line.gross_minor]


def _line_from_list(wire: list[Any]) -> Line:
    line_id, sku, category, quantity, amount_minor, *gross_minor = wire
    return Line(
        line_id=line_id,
        sku=sku,
        category=category,
        quantity=quantity,
        amount_minor=amount_minor,
        gross_minor=gross_minor[0] if gross_minor else None,
    )


def _order_from_item(wire: dict[str, Any]) -> Order:
    source, order_id = wire["pk"].split("#")[3:5]
    told = wire["order"]
    return Order(
        source=source,
        order_id=order_id,
        occurred_at=_instant(told.get("occurred_at") or wire["happened_at"]),
        lines=tuple(map(_line_from_list, told["lines"])),
        channel=told.get("channel"),
        told_at=_maybe_instant(told.get("told_at")),
    )


def _refund_to_list(refund: AskedRefund) -> list[Value]:
    return [
        refund.refund_id,
        keys.instant(refund.occurred_at),
        dict(refund.quantities),
        dict(refund.amounts_minor),
        refund.amount_minor,
        refund.whole,
        refund.fingerprint,
    ]


def _refund_from_list(wire: list[Any]) -> AskedRefund:
    refund_id, occurred_at, quantities, amounts_minor, amount_minor, whole, fingerprint = wire
    return AskedRefund(
        refund_id=refund_id,
        occurred_at=_instant(occurred_at),
        quantities=quantities,
        amounts_minor=amounts_minor,
        amount_minor=amount_minor,
        whole=whole,
        fingerprint=fingerprint,
    )


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
    if state.amounts_minor:
        item["amounts_minor"] = dict(state.amounts_minor)
    if state.order:
        item["order"] = _dated_order_to_item(state.order)
    if state.told_at:
        item["told_at"] = keys.instant(state.told_at)
    if state.given:
        item["given"] = _parts_to_list(state.given)
    if state.expired:
        item["expired"] = _dated(state.expired)
    return item


def order_state_from_item(item: Item) -> OrderState:
    wire = cast("dict[str, Any]", item)
    return OrderState(
        quantities=wire["quantities"],
        amounts_minor=wire.get("amounts_minor", {}),
        amount_minor=wire["amount_minor"],
        whole=wire["whole"],
        clawed=wire["clawed"],
        owed=wire["owed"],
        forgiven=wire["forgiven"],
        excused=wire["excused"],
        taken=tuple(wire["taken"]),
        counter=wire["counter"],
        order=_order_from_item(wire) if "order" in wire else None,
        told_at=_maybe_instant(wire.get("told_at")),
        given=_parts_from_list(wire.get("given", ())),
        expired=_lots(wire.get("expired", {})),
    )


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
        "debt": account.debt,
        "entries": account.entries,
        "lots": _dated(account.lots),
        "pending": _pending(account.pending),
        "qualifying": dict(account.qualifying),
        "redeemed": dict(account.redeemed),
    }
    if account.into:
        item["into"] = account.into
    if account.absorbed:
        item["absorbed"] = list(account.absorbed)
    if account.tier_announced:
        item["tier_announced"] = account.tier_announced
    if account.tier_floor:
        item["tier_floor"] = [account.tier_floor.level, account.tier_floor.until.isoformat()]
    counts = {
        "tier_ups": account.tier_ups,
        "tier_downs": account.tier_downs,
        "tier_revision": account.tier_revision,
    }
    item |= {name: count for name, count in counts.items() if count}
    if account.active_on:
        item["active_on"] = account.active_on.isoformat()
    if account.enrolled_at:
        item["enrolled_at"] = keys.instant(account.enrolled_at)
    if account.ended_at:
        item["ended_at"] = keys.instant(account.ended_at)
    if account.due and due_at:
        item["due"] = account.due.isoformat()
        item |= keys.due_keys("expiring", program, account.member_id, due_at)
    return item


def account_from_item(item: Item) -> Account:
    wire = cast("dict[str, Any]", item)
    return Account(
        member_id=wire["member_id"],
        status=wire["status"],
        into=wire.get("into"),
        balance=wire["balance"],
        debt=wire["debt"],
        entries=wire["entries"],
        lots=_lots(wire["lots"]),
        pending=_dates(wire["pending"]),
        qualifying=wire["qualifying"],
        redeemed=wire["redeemed"],
        due=_maybe_date(wire.get("due")),
        active_on=_maybe_date(wire.get("active_on")),
        absorbed=tuple(wire.get("absorbed", ())),
        tier_announced=wire.get("tier_announced"),
        tier_floor=_floor(wire.get("tier_floor")),
        tier_ups=wire.get("tier_ups", 0),
        tier_downs=wire.get("tier_downs", 0),
        tier_revision=wire.get("tier_revision", 0),
        enrolled_at=_maybe_instant(wire.get("enrolled_at")),
        ended_at=_maybe_instant(wire.get("ended_at")),
    )


def _floor(wire: list[str] | None) -> TierFloor | None:
    return TierFloor(wire[0], date.fromisoformat(wire[1])) if wire else None


def voucher_to_item(voucher: Voucher, program: str) -> Item:
    key = keys.voucher(program, voucher.code)
    about: Item = {
        "redemption_id": voucher.redemption_id,
        "reward_id": voucher.reward_id,
        "slices": _dated(voucher.slices),
        "limited": voucher.limited,
        "stocked": voucher.stocked,
    }
    for name in ("held_until", "expires_at", "used_at"):
        moment = cast("datetime | None", getattr(voucher, name))
        if moment is not None:
            about[name] = keys.instant(moment)
    if voucher.used_request:
        about["used_request"] = voucher.used_request
    if voucher.used_order:
        about["used_order"] = list(voucher.used_order)
    if voucher.used_by:
        about["used_by"] = voucher.used_by
    if voucher.times_reinstated:
        about["times_reinstated"] = voucher.times_reinstated
    if voucher.amount_minor is not None:
        about["amount_minor"] = voucher.amount_minor
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "v": VERSION,
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
        # Beside `about`, for no list needs it.
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
        slices=_lots(about["slices"]),
        state=wire["state"],
        issued_at=_instant(wire["recorded_at"]),
        held_until=_maybe_instant(about.get("held_until")),
        expires_at=_maybe_instant(about.get("expires_at")),
        used_at=_maybe_instant(about.get("used_at")),
        used_request=about.get("used_request"),
        used_order=(order[0], order[1]) if order else None,
        used_by=about.get("used_by"),
        times_reinstated=about.get("times_reinstated", 0),
        limited=about["limited"],
        stocked=about["stocked"],
        amount_minor=about.get("amount_minor"),
        terms=_terms_from_item(wire["terms"]) if "terms" in wire else None,
    )


def _terms_to_item(terms: Terms) -> Item:
    told: Item = {
        "kind": terms.kind,
        "name": terms.name,
        "currency": terms.currency,
        "amount_minor": terms.amount_minor,
        "percent": terms.percent,
        "skus": list(terms.skus) or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _terms_from_item(wire: dict[str, Any]) -> Terms:
    return Terms(
        kind=wire["kind"],
        name=wire["name"],
        currency=wire["currency"],
        amount_minor=wire.get("amount_minor"),
        percent=wire.get("percent"),
        skus=tuple(wire.get("skus", ())),
    )


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
        told_at=_maybe_instant(wire.get("told_at")),
        counter=wire["counter"],
    )


def pending_name(dates: PendingDates) -> str:
    """How pending dates are written as the name of a map's entry."""
    return f"{dates.available_on.isoformat()}/{dates.expires_on.isoformat()}"


def _dated(lots: Mapping[date, int]) -> dict[str, Value]:
    return {day.isoformat(): points for day, points in lots.items()}


def _lots(wire: Mapping[str, int]) -> dict[date, int]:
    return {date.fromisoformat(day): points for day, points in wire.items()}


def _pending(pending: Mapping[PendingDates, int]) -> dict[str, Value]:
    return {pending_name(dates): points for dates, points in pending.items()}


def _dates(wire: Mapping[str, int] | None) -> dict[PendingDates, int]:
    return {
        PendingDates(date.fromisoformat(name[:10]), date.fromisoformat(name[11:])): points
        for name, points in (wire or {}).items()
    }


def _instant(wire: str) -> datetime:
    return datetime.fromisoformat(wire)


def _maybe_instant(wire: str | None) -> datetime | None:
    return _instant(wire) if wire else None


def _maybe_date(wire: str | None) -> date | None:
    return date.fromisoformat(wire) if wire else None
