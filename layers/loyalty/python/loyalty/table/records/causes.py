"""The key of a cause's entry, and the cause that a key names."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, cast

from loyalty.domain.ledger.entries import (
    AwardCause,
    CalendarCause,
    Cause,
    EntryKind,
    OrderCause,
    RequestCause,
)
from loyalty.table import keys

if TYPE_CHECKING:
    from loyalty.table.operations import Key


def cause_key(program: str, cause: Cause) -> Key:
    """The key of a cause's entry."""
    match cause:
        case OrderCause():
            return _order_key(program, cause)
        case RequestCause(request, kind, name):
            return keys.request_entry(program, request, f"{kind}#{name}" if name else kind)
        case AwardCause(award, kind, step):
            return keys.award_entry(program, award, kind, str(step))
        case CalendarCause(member, "expiry", (lot,), seen):
            return keys.expiry(program, member, lot.isoformat(), str(seen))
        case CalendarCause(member, "activation", (available, expires), seen):
            return keys.activation(
                program, member, available.isoformat(), expires.isoformat(), str(seen)
            )
        case _:
            raise ValueError(f"no key for {cause}")


def _order_key(program: str, cause: OrderCause) -> Key:
    match cause:
        case OrderCause(source, order, "accrual"):
            return keys.accrual(program, source, order)
        case OrderCause(source, order, "clawback", refund):
            return keys.clawback(program, source, order, refund)
        case OrderCause(source, order, "edit", fingerprint):
            return keys.edit(program, source, order, fingerprint)
        case OrderCause(source, order, "expiry", fingerprint):
            return keys.order_expiry(program, source, order, fingerprint)
        case OrderCause(source, order, "activation", review):
            return keys.order_activation(program, source, order, review)
        case _:
            raise ValueError(f"no key for {cause}")


def cause_of(key: Key) -> Cause:
    """The cause that an entry's key names: the inverse of `cause_key`."""
    _, _, partition, *names = key.pk.split("#")
    _, kind, *rest = key.sk.split("#")
    entry_kind = cast("EntryKind", kind)
    match partition:
        case "ORDER":
            return OrderCause(names[0], names[1], entry_kind, *rest)
        case "REQUEST":
            return RequestCause(names[0], entry_kind, *rest)
        case "AWARD":
            return AwardCause(names[0], entry_kind, int(rest[0]))
        case _:
            dates = tuple(date.fromisoformat(day) for day in rest[:-1])
            return CalendarCause(names[0], entry_kind, dates, int(rest[-1]))
