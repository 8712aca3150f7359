"""Erasing: somebody is forgotten wherever they can still be found, in the background.

What a request deletes at once is what is known of a member. Beside that item lies what begins here:
a note of whom to look for. It goes last, so whoever is killed before has not finished, and the next
run does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from loyalty.domain.kernel.errors import NotFound, TryAgain, WrongState
from loyalty.domain.ledger.entries import OrderCause
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.erasure import (
    Erasure,
    ErasureRef,
    GuestOrder,
    Unfinished,
    said_in,
)
from loyalty.domain.people.member import Member, MemberUpdate
from loyalty.domain.shops.storefront import Delivery, Storefront
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.people import members as people
from loyalty.usecases.ports import Desk, Listed, Members, Raced

# What is named in an erasure itself; an item of the table holds some ten thousand.
ORDERS_MAX: Final = 5_000
# A platform asks for a shop's data two days after it was given up; one connected since is another.
GIVEN_UP_FOR: Final = timedelta(hours=48)


class Erasures(Protocol):
    """What is not done yet in one program, and the traces that it is about."""

    def begin(self, erasure: Erasure) -> None: ...

    def request(self, erasure: Erasure) -> Erasure:
        """Note an erasure that a shop requests, once; gives what is on file of it."""
        ...

    def requested(self, storefront_id: str, *, limit: int, after: str | None) -> Listed[Erasure]:
        """What a shop has requested, in the order of the ids; those that ended for some weeks."""
        ...

    def start(self, erasure: Erasure) -> bool:
        """Whether erasing may start, because nobody stopped it; from then on nobody can."""
        ...

    def stop(self, erasure: Erasure, *, stopped_at: datetime, by: str) -> None:
        """Carry it out never, and forget whom it was about.

        Raises:
            Raced: it has started, is done, or was stopped before.
        """
        ...

    def unfinished(self, *, begun_by: datetime) -> Sequence[Unfinished]: ...

    def find(self, erasure_id: str) -> Erasure | None: ...

    def still_asked(self, asked: Sequence[ErasureRef]) -> Sequence[Erasure]:
        """Those that are neither done nor begun anew since."""
        ...

    def add_orders(self, erasure: Erasure, orders: Collection[OrderRef]) -> None:
        """Have more orders be looked for.

        Raises:
            Raced: it changed since it was read, or is done.
        """
        ...

    def note_traces_gone(self, erasure: Erasure) -> None:
        """Unless it was begun anew since."""
        ...

    def done(self, erasure: Erasure) -> None:
        """Unless it was begun anew since."""
        ...

    def guest_orders(self, guest: str) -> Sequence[GuestOrder]:
        """What was ever kept for a guest and is still listed."""
        ...

    def forget_guest(self, order: GuestOrder) -> None:
        """Part an order from whoever may claim it; the order stays, as one of nobody.

        Raises:
            Raced: it changed at this moment.
        """
        ...

    def forget_messages(self, member_id: str) -> None: ...

    def forget_comments(self, member_id: str) -> None:
        """What they wrote in answers to surveys; their scores stay, as their orders do."""
        ...


class Suppressions(Protocol):
    """The addresses that mail came back from, as the sender of mails keeps them."""

    def lift(self, address: str) -> None:
        """Also where it is not among them."""
        ...


class ErasableInbox(Protocol):
    """Deliveries as they were received."""

    def erase(
        self, *, start: str | None, is_about: Callable[[Delivery], bool], until: Callable[[], bool]
    ) -> str | None:
        """Erase what some deliveries say, until it is time; gives where to go on, None at the end.

        What is left tells that there was a delivery.
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
    """Stop an erasure that a shop requested, before erasing starts. Stopping it twice is once.

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
    """Forget whatever is found by who they are; what was delivered is searched for afterwards.

    The orders come first: parted from their guest, nothing would lead to them any more. Entries
    are only needed by the search, but one that cannot be read must fail here, where it holds up
    nobody else.

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
            raise TryAgain("Somebody else works on this erasure") from raced
    for order in guests:
        _forget_guest(order, erasures=erasures, desk=desk)
    if erasure.source is not None:
        _leave_shop(erasure, members=members, desk=desk)
        return
    for member_id in erasure.member_ids:
        erasures.forget_messages(member_id)
        erasures.forget_comments(member_id)
    for identity in erasure.identities:
        if identity.kind == "email":
            suppressions.lift(identity.value)


def close_shop(
    erasure: Erasure, *, program_id: str, shelf: ErasableStorefronts, vault: ErasableKeys
) -> None:
    """Believe a shop no more that asked to be forgotten, unless it was connected anew."""
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
    """Erase what was delivered about them; gives where to go on, or finishes the erasures.

    Whom it finishes must have been looked for from the beginning on.
    """
    wanted = [_with_orders(each, desk=desk) for each in without_traces]

    def is_about(delivery: Delivery) -> bool:
        return _is_about(delivery, wanted, order_of=order_of)

    rest = inbox.erase(start=start, is_about=is_about, until=until) if wanted else None
    if rest is None:
        for each in without_traces:
            erasures.done(each)
    return rest


def _is_about(
    delivery: Delivery,
    wanted: Sequence[Erasure],
    *,
    order_of: Callable[[Delivery], str | None],
) -> bool:
    if any(
        each.storefront_id == delivery.storefront_id and delivery.received_at <= each.requested_at
        for each in wanted
    ):
        return True
    said = tuple(said_in(delivery.body))
    order_id = order_of(delivery)
    return any(each.is_about(delivery.source, order_id, said) for each in wanted)


def _with_orders(erasure: Erasure, *, desk: Desk) -> Erasure:
    """Also by the orders in their entries: a refund names no customer."""
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
    """Erase the member whom only this shop knows; of any other, forget who they are to the shop.

    Who signs in, has a card or is a customer of another shop has chosen the program itself.
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
