"""Erasing: everything about a person is erased wherever it is stored, in the background.

The request itself deletes the member's item at once, and writes an erasure that says what else to
look for. The erasure is deleted last, so the next run finishes what a killed one left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from loyalty.domain.kernel.errors import NotFound, TryAgain, WrongState
from loyalty.domain.ledger.entries import OrderCause
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.erasure import (
    Erasure,
    ErasureRef,
    GuestOrder,
    Unfinished,
    texts_in,
)
from loyalty.domain.people.member import Member, MemberUpdate
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.ledger.redemption import end_vouchers
from loyalty.usecases.people import members as people
from loyalty.usecases.ports import Desk, Listed, Members, Raced

if TYPE_CHECKING:
    from loyalty.domain.shops.storefront import Delivery, Storefront

# The most orders that an erasure names; an item of the table holds some ten thousand.
ORDERS_MAX: Final = 5_000
# A platform requests the erasure of a shop two days after it was uninstalled; a connection made
# since then is a new one.
GIVEN_UP_FOR: Final = timedelta(hours=48)


class Erasures(Protocol):
    """The unfinished erasures of one program, and the records that they are about."""

    def begin(self, erasure: Erasure) -> None: ...

    def request(self, erasure: Erasure) -> Erasure:
        """Store an erasure that a shop requests, once; returns what is stored."""
        ...

    def requested(self, storefront_id: str, *, limit: int, after: str | None) -> Listed[Erasure]:
        """A shop's requested erasures by id, including those that ended in the last weeks."""
        ...

    def start(self, erasure: Erasure) -> bool:
        """Start erasing, unless it was stopped: then False. It cannot be stopped afterwards."""
        ...

    def stop(self, erasure: Erasure, *, stopped_at: datetime, by: str) -> None:
        """Cancel it, and delete whom it was about.

        Raises:
            Raced: it has started, is done, or was stopped before.
        """
        ...

    def unfinished(self, *, begun_by: datetime) -> Sequence[Unfinished]: ...

    def find(self, erasure_id: str) -> Erasure | None: ...

    def current(self, refs: Sequence[ErasureRef]) -> Sequence[Erasure]:
        """Those that are neither done nor were requested again since."""
        ...

    def add_orders(self, erasure: Erasure, orders: Collection[OrderRef]) -> None:
        """Look for more orders.

        Raises:
            Raced: it changed since it was read, or is done.
        """
        ...

    def note_traces_gone(self, erasure: Erasure) -> None:
        """Has no effect if it was requested again since."""
        ...

    def done(self, erasure: Erasure) -> None:
        """Has no effect if it was requested again since."""
        ...

    def guest_orders(self, guest: str) -> Sequence[GuestOrder]:
        """Every order that was stored for a guest and is still listed."""
        ...

    def forget_guest(self, order: GuestOrder) -> None:
        """Make an order unclaimable; the order itself stays, without a customer.

        Raises:
            Raced: it changed at this moment.
        """
        ...

    def forget_messages(self, member_id: str) -> None: ...

    def forget_signals(self, member_id: str) -> None:
        """Delete the digests of a member's devices and networks, and what waits of their claim."""
        ...

    def forget_targeting(self, member_id: str) -> None:
        """Delete what is left of what a member was targeted by."""
        ...

    def forget_plans(self, member_id: str) -> None:
        """Delete the rest of the tellings of a member's plans."""
        ...

    def forget_comments(self, member_id: str) -> None:
        """Delete their comments in survey answers; the scores stay, as their orders do."""
        ...


class Suppressions(Protocol):
    """The addresses that mail bounced from, as the mail service stores them."""

    def lift(self, address: str) -> None:
        """Has no effect on an address that is not suppressed."""
        ...


class ErasableInbox(Protocol):
    """Stored deliveries."""

    def erase(
        self, *, start: str | None, is_about: Callable[[Delivery], bool], until: Callable[[], bool]
    ) -> str | None:
        """Erase the content of matching deliveries until time is up.

        Returns where to go on; None: all were searched. Each erased delivery leaves a note that
        it existed.
        """
        ...


class ErasableStorefronts(Protocol):
    def find(self, program_id: str, storefront_id: str) -> Storefront | None: ...

    def remove(self, program_id: str, storefront_id: str) -> None: ...


class ErasableKeys(Protocol):
    def forget(self, program_id: str, storefront_id: str) -> None: ...


def stop_erasure(
    erasure_id: str, *, storefront_id: str, by: str, now: datetime, erasures: Erasures
) -> Erasure:
    """Stop an erasure that a shop requested, before erasing starts. Stopping again is no error.

    Raises:
        NotFound: that shop requested no such erasure.
        WrongState: erasing has started, or is done.
    """
    erasure = _requested(erasure_id, storefront_id=storefront_id, erasures=erasures)
    if erasure.is_stopped:
        return erasure
    if not (erasure.is_begun or erasure.is_done):
        with suppress(Raced):
            erasures.stop(erasure, stopped_at=now, by=by)
        erasure = _requested(erasure_id, storefront_id=storefront_id, erasures=erasures)
        if erasure.is_stopped:
            return erasure
    raise WrongState("Erasing has started")


def _requested(erasure_id: str, *, storefront_id: str, erasures: Erasures) -> Erasure:
    erasure = erasures.find(erasure_id)
    if erasure is None or erasure.request is None:
        raise NotFound
    if erasure.request.storefront_id != storefront_id:
        raise NotFound
    return erasure


def forget_traces(
    erasure: Erasure,
    *,
    erasures: Erasures,
    suppressions: Suppressions,
    members: Members,
    desk: Desk,
) -> None:
    """Erase everything that is found by identity or id; deliveries are searched afterwards.

    Guest orders come first, because nothing leads to them once they are unclaimable. Entries are
    only needed by the search, but one that cannot be read must fail here, where it blocks no other
    erasure.

    Raises:
        TryAgain: overtaken, or a service does not answer.
    """
    _with_orders(erasure, desk=desk)
    guests = [
        order
        for guest in members.guests(erasure.identities)
        for order in erasures.guest_orders(guest)
        if erasure.source in (None, order.source)
    ]
    named = {order.ref for order in guests[:ORDERS_MAX]}
    if not named <= erasure.orders:
        try:
            erasures.add_orders(erasure, named)
        except Raced as raced:
            raise TryAgain("Another run works on this erasure") from raced
    for order in guests:
        _forget_guest(order, erasures=erasures, desk=desk)
    if erasure.source is not None:
        _leave_shop(erasure, members=members, desk=desk)
        return
    for member_id in erasure.member_ids:
        erasures.forget_messages(member_id)
        erasures.forget_targeting(member_id)
        erasures.forget_signals(member_id)
        erasures.forget_plans(member_id)
        erasures.forget_comments(member_id)
        end_vouchers(member_id, desk=desk)
    for identity in erasure.identities:
        if identity.kind == "email":
            suppressions.lift(identity.value)


def close_shop(
    erasure: Erasure, *, program_id: str, shelf: ErasableStorefronts, vault: ErasableKeys
) -> None:
    """Disconnect a shop that requested its erasure, unless it was connected again since."""
    if erasure.storefront_id is None:
        return
    storefront = shelf.find(program_id, erasure.storefront_id)
    if storefront and storefront.changed_at <= erasure.requested_at - GIVEN_UP_FOR:
        vault.forget(program_id, erasure.storefront_id)
        shelf.remove(program_id, erasure.storefront_id)


def forget_deliveries(
    without_traces: Sequence[Erasure],
    *,
    start: str | None,
    inbox: ErasableInbox,
    order_of: Callable[[Delivery], str | None],
    until: Callable[[], bool],
    erasures: Erasures,
    desk: Desk,
) -> str | None:
    """Erase deliveries about these people; returns where to go on, or finishes the erasures.

    A search that finishes an erasure must have looked for it from the start of the inbox.
    """
    erased = [_with_orders(each, desk=desk) for each in without_traces]

    def is_about(delivery: Delivery) -> bool:
        return _is_about(delivery, erased, order_of=order_of)

    rest = inbox.erase(start=start, is_about=is_about, until=until) if erased else None
    if rest is None:
        for each in without_traces:
            erasures.done(each)
    return rest


def _is_about(
    delivery: Delivery,
    erased: Sequence[Erasure],
    *,
    order_of: Callable[[Delivery], str | None],
) -> bool:
    if any(
        each.storefront_id == delivery.storefront_id and delivery.received_at <= each.requested_at
        for each in erased
    ):
        return True
    texts = tuple(texts_in(delivery.body))
    order_id = order_of(delivery)
    return any(each.is_about(delivery.source, order_id, texts) for each in erased)


def _with_orders(erasure: Erasure, *, desk: Desk) -> Erasure:
    """The erasure with the orders of the person's entries: a refund names no customer."""
    orders: set[OrderRef] = set(erasure.orders)
    for member_id in erasure.member_ids:
        for entry in desk.books.entries(member_id):
            if isinstance(entry.cause, OrderCause):
                orders.add(OrderRef(entry.cause.source, entry.cause.order_id))
    return replace(erasure, orders=frozenset(orders))


@until_saved
def _forget_guest(
    order: GuestOrder,
    *,
    erasures: Erasures,
    desk: Desk,  # noqa: ARG001 - read by `until_saved`
) -> None:
    erasures.forget_guest(order)


def _leave_shop(erasure: Erasure, *, members: Members, desk: Desk) -> None:
    """Erase a member whom only this shop knows; from any other, remove the shop's customer id.

    A member who signs in, has a card or is a customer of another shop chose the program itself.
    """
    member_id = members.earner_of(erasure.identities)
    if member_id is None:
        return
    try:
        member = people.look_up(member_id, members=members, strong=True).member
        if _is_known_otherwise(member, erasure.identities):
            theirs = {each for each in erasure.identities if each.kind == "customer"}
            member_update = MemberUpdate(remove=frozenset(theirs & member.identities.keys()))
            people.change(member.member_id, member_update, proven=None, members=members, desk=desk)
        else:
            people.erase(member.member_id, members=members, desk=desk)
    except NotFound:
        return


def _is_known_otherwise(member: Member, named: Collection[object]) -> bool:
    return any(identity not in named for identity in member.identities)
