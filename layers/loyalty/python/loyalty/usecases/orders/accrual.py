"""An order earns once, however often it arrives, and whatever arrived before it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from loyalty.domain.kernel.errors import Fault, NotFound, OrderConflict, ValidationFailed
from loyalty.domain.ledger.account import Account, lapse_of
from loyalty.domain.ledger.accruals import accrue
from loyalty.domain.ledger.entries import Entry, OrderCause, Placeholder
from loyalty.domain.ledger.exchanges import after_exchange
from loyalty.domain.ledger.postings import signed
from loyalty.domain.ledger.refunds import withdrawn_by
from loyalty.domain.orders.order import (
    AHEAD_MAX,
    BACKDATED_DAYS_MAX,
    Order,
    fingerprint,
    is_outdated,
    order_fingerprint,
)
from loyalty.usecases.attempts import Attempts
from loyalty.usecases.campaigns.budgets import shards_of_short
from loyalty.usecases.ledger.accounts import settled
from loyalty.usecases.ledger.order_vouchers import net_of_vouchers
from loyalty.usecases.ledger.participants import Earner, needs_at, open_earner
from loyalty.usecases.ports import Desk, Overtaken

if TYPE_CHECKING:
    from loyalty.domain.people.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCustomer:
    """The customer as the caller of an order names them: by id, by identities, or not at all.

    `named` says how, and is a part of the order's fingerprint. It has no values of identities: a
    fingerprint must not give an e-mail address away to a guess.
    """

    named: str
    member_id: str | None = None
    identities: Sequence[Identity] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """The customer of an order, looked up.

    `member_id` is None for a guest. `named` is how the caller named the customer, in normal form.
    `guest` is the identity under which a guest's order is found again, and `also` are the
    guest's other identities.
    """

    member_id: str | None
    named: str
    guest: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """The order's accrual: a new one, or that of the first time the order arrived."""

    entry: Entry
    replayed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestOrderKept:
    """A guest's order, kept until the guest claims it (or for nobody, without `guest`)."""

    placeholder: Placeholder


def earn(
    order: Order,
    *,
    customer: Customer,
    listed: Collection[str] | None = None,
    traded_in: Mapping[str, int] = MappingProxyType({}),
    net_of: Sequence[str] = (),
    desk: Desk,
) -> Earned | GuestOrderKept:
    """Record an order: what it earns on its member's account, or as a guest's order.

    `listed` are the ids of the refunds that stand with this version (None: it lists none). A
    revocable refund that waits for the order and is not among them was withdrawn. `traded_in` is
    the money of returned goods that was not given back: see `after_exchange`. `net_of` are codes of
    vouchers whose value is still to be taken off the order's amounts.

    It costs one account read (a stale one is enough: the write relies on what it was decided from)
    and one transaction. No refusal goes out before a strong read of the order's entry: the order
    may have been recorded before it became too old, or before its member was erased.

    Raises:
        ValidationFailed: the order is too old or from the future, or earns too many points.
        OrderConflict: the order was recorded before with different content.
        NotFound: no such member.
        TryAgain: other writers were faster too often.
    """
    order_digest = order_fingerprint(order, customer=customer.named)
    if net_of:
        # Repeats are recognized by what was sent: a voucher may become known only later.
        order_digest = fingerprint(order_digest, "net of", sorted(net_of))
        order = net_of_vouchers(order, net_of, desk=desk)
    try:
        check_time(order, desk=desk)
        if customer.member_id is None:
            return _keep(
                order, fingerprint=order_digest, customer=customer, listed=listed, desk=desk
            )
        return _earn(
            order,
            fingerprint=order_digest,
            member_id=customer.member_id,
            listed=listed,
            traded_in=traded_in,
            desk=desk,
        )
    except (NotFound, ValidationFailed):
        first = desk.books.entry(OrderCause(order.source, order.order_id, "accrual"))
        if not isinstance(first, Entry):
            raise
        return Earned(entry=_same(first, order_digest), replayed=True)


def check_time(order: Order, *, desk: Desk) -> None:
    """Refuse orders that are too old or from the future."""
    oldest = desk.now - timedelta(days=BACKDATED_DAYS_MAX)
    if not oldest <= order.occurred_at <= desk.now + AHEAD_MAX:
        detail = f"An order may be at most {BACKDATED_DAYS_MAX} days old and not in the future"
        raise ValidationFailed(detail, faults=(Fault("/occurred_at", "time_out_of_range", detail),))


def claim(guest_order: Placeholder, *, member_id: str, desk: Desk) -> Earned:
    """Record a guest's order for the member that the guest turned out to be.

    It earns as of its own date, by the program in force now, however old it is.

    Raises:
        OrderConflict: it changed since it was read, and was recorded with different content.
        ValidationFailed: it earns more points than can be counted.
        NotFound: no such member.
        TryAgain: other writers were faster too often.
    """
    if guest_order.order is None:
        raise ValueError("this placeholder holds refunds but no order")
    return _earn(
        guest_order.order,
        fingerprint=guest_order.fingerprint,
        member_id=member_id,
        desk=desk,
        guest_order=guest_order,
    )


def _earn(
    order: Order,
    *,
    fingerprint: str,
    member_id: str,
    listed: Collection[str] | None = None,
    traded_in: Mapping[str, int] = MappingProxyType({}),
    desk: Desk,
    guest_order: Placeholder | None = None,
) -> Earned:
    """Record what a member's order earns, or find that it was recorded before."""
    earner: Earner | None = None
    shards = shards_of_short(desk.program.document, order, desk=desk)
    placeholder = guest_order
    attempts = Attempts(desk)
    while True:
        is_repeated = attempts.begin()
        latest, latest_fingerprint = _latest_version(order, fingerprint, placeholder)
        earner = _earner_of(latest, earner, member_id, strong=is_repeated, desk=desk)
        account = _caught_up(earner.account, desk=desk)
        if account.member_id != earner.account.member_id:
            # They were merged a moment ago: the survivor may have joined other campaigns.
            earner, member_id = None, account.member_id
            continue
        if latest is not order:
            listed = None
        elif placeholder and placeholder.order:
            latest = after_exchange(order, placeholder.order, traded_in)
        posting = signed(
            accrue(
                latest,
                account=account,
                program=desk.program,
                fingerprint=latest_fingerprint,
                now=desk.now,
                replaces=placeholder and standing(placeholder, latest, listed),
                about=earner.about,
                shards=shards,
            ),
            by=desk.caller,
        )
        try:
            desk.books.post(posting)
        except Overtaken as overtaken:
            found = overtaken.entry or desk.books.entry(posting.entries[0].cause)
            if isinstance(found, Entry):
                return Earned(entry=_same(found, fingerprint), replayed=True)
            placeholder = found
            # What a refusal reports is new at the first pause, and old after longer ones: then
            # other writers would be faster again and again.
            now_is = None if is_repeated else overtaken.accounts.get(account.member_id)
            earner = replace(earner, account=now_is) if now_is else None
            if overtaken.short_budgets:
                desk.short_budgets.note(
                    desk.program.program_id, overtaken.short_budgets, now=desk.now
                )
                shards = {**shards, **desk.books.budgets_used(overtaken.short_budgets)}
        else:
            return Earned(entry=posting.entries[0], replayed=False)


def _earner_of(
    order: Order, earner: Earner | None, member_id: str, *, strong: bool, desk: Desk
) -> Earner:
    """The account that an order earns on, with what campaigns read; read again if need be."""
    needs = needs_at(desk.program.document, order.occurred_at)
    if earner and earner.account.status == "active" and earner.needs.covers(needs):
        return earner
    return open_earner(
        earner.account.into if earner and earner.account.into else member_id,
        needs=needs,
        occurred_at=order.occurred_at,
        strong=strong,
        desk=desk,
    )


def _caught_up(account: Account, *, desk: Desk) -> Account:
    """Settle first, if the order's points must not enter the account before that.

    They must not revive points that have expired by inactivity, and pending points that are
    available by now pay a debt before the order's points do.
    """
    today = desk.today
    is_quiet = lapse_of(account, desk.program) < today
    is_paid = account.holding.debt and any(
        dates.available_on <= today for dates in account.holding.pending
    )
    return settled(desk, account) if is_quiet or is_paid else account


def _latest_version(
    order: Order, fingerprint: str, placeholder: Placeholder | None
) -> tuple[Order, str]:
    """The order, or a later version that a storefront sent while it was a guest's."""
    if (
        placeholder
        and placeholder.order
        and is_outdated(order.told_at, by=placeholder.order.told_at)
    ):
        return placeholder.order, placeholder.fingerprint
    return order, fingerprint


def standing(placeholder: Placeholder, order: Order, listed: Collection[str] | None) -> Placeholder:
    """A placeholder with those of its waiting refunds that a version does not withdraw."""
    withdrawn = withdrawn_by(order, listed, placeholder.refunds)
    refunds = tuple(each for each in placeholder.refunds if each.refund_id not in withdrawn)
    return replace(placeholder, refunds=refunds) if withdrawn else placeholder


def _keep(
    order: Order,
    *,
    fingerprint: str,
    customer: Customer,
    listed: Collection[str] | None,
    desk: Desk,
) -> Earned | GuestOrderKept:
    """Keep a guest's order under the key of its future accrual."""
    cause = OrderCause(order.source, order.order_id, "accrual")
    found: Entry | Placeholder | None = None
    attempts = Attempts(desk)
    while True:
        attempts.begin()
        if isinstance(found, Entry):
            return Earned(entry=_same(found, fingerprint), replayed=True)
        if found is not None and found.order is not None:
            if found.fingerprint != fingerprint:
                raise OrderConflict("This order was recorded before with different content")
            return GuestOrderKept(placeholder=found)
        placeholder = Placeholder(
            source=order.source,
            order_id=order.order_id,
            recorded_at=desk.now,
            count=found.count + 1 if found else 1,
            order=order,
            fingerprint=fingerprint,
            guest=customer.guest,
            also=customer.also,
            refunds=standing(found, order, listed).refunds if found else (),
        )
        try:
            desk.books.keep(placeholder)
        except Overtaken as overtaken:
            found = overtaken.entry or desk.books.entry(cause)
        else:
            return GuestOrderKept(placeholder=placeholder)


def _same(found: Entry, fingerprint: str) -> Entry:
    """The recorded entry, if the order is the same."""
    if found.fingerprint != fingerprint:
        raise OrderConflict("This order was recorded before with different content")
    return found
