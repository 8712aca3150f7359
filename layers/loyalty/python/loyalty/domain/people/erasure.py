"""Erasure: what is still to be erased, and how a delivery about the person is recognized."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.member import Member, Strength

if TYPE_CHECKING:
    from loyalty.domain.people.identity import Identity

# Shorter numbers and cards are also the amounts and quantities of other people.
PHONE_DIGITS_MIN: Final = 8
CARD_CHARACTERS_MIN: Final = 5

_PHONE: Final = re.compile(r"[+0-9 ().\-/]{8,30}")
# How platforms name the customer in a payload: by a field, or by the id of an object.
_CUSTOMER_ID: Final = frozenset({"customer", "customer_id"})
# How activities name the member, in our own form; it has identities as a `value` with its `kind`.
_MEMBER_ID: Final = "member_id"


# How long an erasure that a shop requests waits; until then a manager can stop it. Shopify allows
# 30 days: https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance
STOPPABLE_FOR: Final = timedelta(hours=48)


class NamedText(NamedTuple):
    """A text or a whole number of a payload, with the name of its field."""

    name: str
    text: str


class ErasureRef(NamedTuple):
    """Names an erasure by id and time: requested again, it is a different one."""

    erasure_id: str
    begun_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """An erasure that is not done, and whether everything but the deliveries is erased."""

    ref: ErasureRef
    are_traces_gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRequest:
    """The delivery by which a shop requested an erasure, and whether a manager stopped it.

    `delivery_id` names the delivery in the log of the storefront; `stopped_by` is the subject of
    the manager's token, which is no name.
    """

    storefront_id: str
    delivery_id: str
    received_at: datetime
    stopped_at: datetime | None = None
    stopped_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """The erasure of a person, or of a shop's deliveries, everywhere; begun and not yet done.

    `identities` are stored in the clear until it is done, because deliveries can only be searched
    for what they say. `member_ids` lead to their entries. A `source` means that this shop requests
    it: what it delivered about the customer is erased, and the member if no other shop knows them.
    `storefront_id` stands for everything that one connection has delivered. `revision` counts how
    often `orders` were added.

    For an erasure that a shop requested, `begun_at` is in the future while it can be stopped.
    `is_begun`: it has started, so it cannot be stopped any more. `is_done` is stored only for a
    requested one, without identities and orders, so that the request is not carried out twice.
    """

    erasure_id: str
    begun_at: datetime
    identities: tuple[Identity, ...] = ()
    member_ids: tuple[str, ...] = ()
    orders: frozenset[OrderRef] = field(default_factory=frozenset)
    source: str | None = None
    storefront_id: str | None = None
    revision: int = 0
    request: ErasureRequest | None = None
    is_begun: bool = False
    is_done: bool = False

    @property
    def requested_at(self) -> datetime:
        """Deliveries after this moment are not part of it: the shop was connected again."""
        return self.request.received_at if self.request else self.begun_at

    @property
    def is_stopped(self) -> bool:
        return self.request is not None and self.request.stopped_at is not None

    @property
    def ref(self) -> ErasureRef:
        return ErasureRef(self.erasure_id, self.begun_at)

    def is_about(self, source: str, order_id: str | None, texts: Sequence[NamedText]) -> bool:
        """Whether a delivery is about the person: by its order, a text in it, or a member's id."""
        if self.source is not None and source != self.source:
            return False
        if order_id is not None and OrderRef(source, order_id) in self.orders:
            return True
        if any(name == _MEMBER_ID and text in self.member_ids for name, text in texts):
            return True
        return any(
            _names(identity, source, name, text)
            for identity in self.identities
            for name, text in texts
        )


@dataclass(frozen=True, slots=True)
class GuestOrder:
    """An order that is stored for a guest, as listed under one of their identities."""

    guest: str
    listed_as: str
    source: str
    order_id: str

    @property
    def ref(self) -> OrderRef:
        return OrderRef(self.source, self.order_id)


def erasure_of(member: Member, *, absorbed: Sequence[str] = (), now: datetime) -> Erasure:
    """The erasure of a member: everything that leads to them, recorded before it is deleted.

    A noted e-mail or phone is left out: it may be another person's, whose orders and deliveries
    stay.
    """
    return Erasure(
        erasure_id=member.member_id,
        begun_at=now,
        identities=tuple(each for each in member.identities if _is_theirs(member, each)),
        member_ids=(member.member_id, *absorbed),
    )


def _is_theirs(member: Member, identity: Identity) -> bool:
    is_contact = identity.kind in ("email", "phone")
    return not is_contact or member.strength(identity) > Strength.NOTED


def texts_in(body: bytes) -> Iterator[NamedText]:
    """Every text and whole number of a body, with the name of its field.

    What is a customer's id by the rest of the payload gets the name of one. A body that is not JSON
    is one text.
    """
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        yield NamedText("", body.decode(errors="replace"))
        return
    open_parts: list[tuple[str, object]] = [("", payload)]
    while open_parts:
        name, part = open_parts.pop()
        match part:
            case dict():
                open_parts += [
                    (_field_name(key, within=name, beside=part), value)
                    for key, value in part.items()
                ]
            case list():
                open_parts += [(name, value) for value in part]
            case str():
                yield NamedText(name, part)
            case int():
                yield NamedText(name, str(part))
            case _:
                continue


def _field_name(key: str, *, within: str, beside: Mapping[str, object]) -> str:
    """The name of a field of an object, or of the customer whose id it has under another name."""
    if key == "id" and within in _CUSTOMER_ID:
        return within
    if key == "external_id" and within == "reviewer":
        return "customer"
    if key == "value" and beside.get("kind") == "customer":
        source = beside.get("source")
        return "customer" if source is None else _customer_of(source)
    return key


def _customer_of(source: object) -> str:
    """The name of the id of a customer of a shop, in what another source sends."""
    return f"customer of {source}"


def _names(identity: Identity, source: str, name: str, text: str) -> bool:
    match identity.kind:
        case "email":
            return _has_address(text, identity.value)
        case "phone":
            return _is_phone(text, identity.value)
        case "customer":
            is_id = identity.source == source and name in _CUSTOMER_ID
            return (is_id or name == _customer_of(identity.source)) and text == identity.value
        case "card":
            return len(text) >= CARD_CHARACTERS_MIN and text == identity.value
        case "subject":
            return text == identity.value


def _has_address(text: str, address: str) -> bool:
    """Whether a text contains an address, not as a part of a longer one."""
    folded = text.casefold()
    # True for nearly all texts: the search below takes a hundred times as long.
    if address.casefold() not in folded:
        return False
    found = rf"(?<![\w.%+-]){re.escape(address.casefold())}(?![\w-]|\.\w)"
    return re.search(found, folded) is not None


def _is_phone(text: str, phone: str) -> bool:
    """Whether a text is a phone number: with or without its country code, in groups of digits."""
    if not _PHONE.fullmatch(text):
        return False
    digits = re.sub(r"\D", "", text).lstrip("0")
    return len(digits) >= PHONE_DIGITS_MIN and phone.endswith(digits)
