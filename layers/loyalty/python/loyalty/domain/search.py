"""What a text in a search box may name, judged by its shape alone, and what a search finds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from loyalty.domain.ledger.order_vouchers import code_of
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.identity import Identity, IdentityKind, NotAnIdentity, identify
from loyalty.domain.shops.deliveries import read_log_id

if TYPE_CHECKING:
    from loyalty.domain.people.member import Strength

# What somebody may be allowed to search by.
type Searchable = Literal["identity", "member", "order", "voucher", "delivery", "endpoint_delivery"]

_EXTERNAL_ID: Final = r"[A-Za-z0-9._:-]{1,64}"
_ID: Final = re.compile(_EXTERNAL_ID)
_OUR_ID: Final = re.compile(r"(mem|red|evt)_[A-Za-z0-9._:-]{1,60}")
# An order's source and its id, separated as on slips and in lists.
_SOURCE_AND_ID: Final = re.compile(rf"({_EXTERNAL_ID})(?: */ *#?| +#?|#)({_EXTERNAL_ID})")
_PHONE: Final = re.compile(r"(?:\+|00)([0-9][0-9 ().\u00a0/-]{4,30})")
_NATIONAL_PHONE: Final = re.compile(r"\(?[0-9][0-9 ().\u00a0/-]{4,30}")
_IN_BRACKETS: Final = re.compile(r"<([^<>\s]+@[^<>\s]+)>")
_URL: Final = re.compile(r"[a-z]+://[^?#]*?([^/?#]+)/?(?:[?#].*)?")
_GAPS: Final = re.compile(r"[\s-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Everything that a text may name, in normal form; most of it does not exist.

    `ids` are of an order or a customer in a shop that the text leaves open. `deliveries` are ids in
    the log of a storefront that it leaves open, `events` of events at any endpoint.
    """

    identities: tuple[Identity, ...] = ()
    member_ids: tuple[str, ...] = ()
    orders: tuple[OrderRef, ...] = ()
    ids: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    redemption_ids: tuple[str, ...] = ()
    deliveries: tuple[str, ...] = ()
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberHit:
    """A member; `strength` is that of their claim to the identity that found them."""

    member_id: str
    found_by: IdentityKind | Literal["member_id"]
    strength: Strength | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHit:
    """An order, earned or waiting; `member_id` is the member for whom it earned."""

    order: OrderRef
    member_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherHit:
    code: str
    redemption_id: str
    member_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryHit:
    """A delivery of a storefront; `delivery_id` is its id in the log."""

    storefront_id: str
    delivery_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDeliveryHit:
    """The delivery of an event to an endpoint."""

    endpoint_id: str
    event_id: str


type Hit = MemberHit | OrderHit | VoucherHit | DeliveryHit | EndpointDeliveryHit


def candidates_of(text: str, *, regions: Sequence[str] = ()) -> Candidates:
    """Everything that a text may name. A text of no known shape names nothing.

    `regions` are the countries whose phone numbers are typed without a country code.
    """
    text = text.strip()
    if "@" in text:
        bracketed = _IN_BRACKETS.search(text)
        return Candidates(identities=tuple(_identity("email", bracketed[1] if bracketed else text)))
    if read_log_id(text):
        return Candidates(deliveries=(text,))
    if ours := _OUR_ID.fullmatch(text):
        match ours[1]:
            case "mem":
                return Candidates(member_ids=(text,))
            case "red":
                return Candidates(redemption_ids=(text,))
            case _:
                return Candidates(events=(text,))
    return _of_others(text, regions)


def _of_others(text: str, regions: Sequence[str]) -> Candidates:
    """What a text may name that somebody else has numbered, or that a voucher shows."""
    url = _URL.fullmatch(text)
    bare = url[1] if url else text.removeprefix("#").strip()
    together = _GAPS.sub("", bare)
    named = None if url else _SOURCE_AND_ID.fullmatch(text)
    code = code_of(together)
    return Candidates(
        identities=(
            *_phones(text, regions),
            *_identity("card", bare),
            *(_identity("card", together) if together != bare else ()),
        ),
        orders=(OrderRef(named[1], named[2]),) if named else (),
        ids=(bare,) if _ID.fullmatch(bare) else (),
        codes=(code,) if code else (),
    )


def _phones(text: str, regions: Sequence[str]) -> Iterator[Identity]:
    if phone := _PHONE.fullmatch(text):
        yield from _identity("phone", f"+{phone[1]}")
    elif _NATIONAL_PHONE.fullmatch(text):
        for region in regions:
            yield from _identity("phone", text, region=region)


def _identity(kind: IdentityKind, value: str, *, region: str | None = None) -> Iterator[Identity]:
    """The identity that a text names, if it can be one of this kind."""
    with suppress(NotAnIdentity):
        yield identify(kind, value, region=region)
