"""What every platform's payloads are read alike: money, people, and what makes no sense."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from types import MappingProxyType
from typing import Annotated, Final, TypeGuard

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, ValidationError
from pydantic_core import PydanticCustomError

from loyalty.domain.earning.awarding import apportion
from loyalty.domain.kernel.fields import AMOUNT_MINOR_MAX
from loyalty.domain.kernel.text import as_line
from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.ledger.order_vouchers import codes_among
from loyalty.domain.orders.order import LINES_MAX, Line, Order
from loyalty.domain.people.identity import Identity, IdentityKind, NotAnIdentity, identify
from loyalty.domain.shops.customers import CustomerErased, CustomerTold
from loyalty.domain.shops.storefront import (
    Command,
    Ignored,
    OrderFilter,
    OrderPaid,
    OrderRefunded,
    Parked,
    given_back,
)

SKU_CHARACTERS_MAX: Final = 200
NAME_CHARACTERS_MAX: Final = 200
# More are no customer's order but a mistake, or an attack.
REFUNDS_MAX: Final = 100

_NAME: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_AMOUNT: Final = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)


def _amount(value: object) -> Decimal:
    if isinstance(value, str) and _AMOUNT.fullmatch(value):
        return Decimal(value)
    raise PydanticCustomError("amount_form", "Write an amount as 49.99")


def _refuse(_value: object) -> None:
    raise PydanticCustomError("other_topic", "The body of this topic has no such field")


# A field that only the bodies of other topics have.
Absent = Annotated[None, BeforeValidator(_refuse)]
Id = Annotated[StrictInt, Field(ge=1, lt=2**63)]
SignedAmount = Annotated[Decimal, BeforeValidator(_amount)]
Amount = Annotated[SignedAmount, Field(ge=0)]
Quantity = Annotated[StrictInt, Field(ge=0, le=10**6)]


class Payload(BaseModel):
    """A part of a payload; what is not read is not looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopNamed:
    """The connected shop that a delivery came from, as far as a translation needs it.

    `store` is the platform's own name of the shop; None where the connection has none.
    """

    source: str
    earns: OrderFilter
    store: str | None


type Topic[C] = Callable[[bytes, ShopNamed], C]
"""Reads the body of one topic. Raises `ValidationError` where the body has not its shape."""


def reads[P: Payload, C](shape: type[P], command: Callable[[P, ShopNamed], C]) -> Topic[C]:
    """A topic: the shape that its body must have, and the command that it stands for.

    Some platforms sign only the body and send the topic in a header. Whoever captures a delivery
    can send its body again under any other topic, so `shape` must require what only the bodies of
    this topic have, and declare as `Absent` what tells the bodies of other topics apart.
    """

    def read(body: bytes, shop: ShopNamed) -> C:
        return command(shape.model_validate_json(body), shop)

    return read


def minor(amount: Decimal, decimals: int) -> int:
    """Minor units; what a shop computes more finely (a tax share) rounds to the nearest."""
    return int(amount.scaleb(decimals).to_integral_value(ROUND_HALF_EVEN))


def is_name(text: str | None) -> TypeGuard[str]:
    """Whether a text can be the id of something in our books."""
    return bool(text and _NAME.fullmatch(text))


def sku(text: str | None) -> str | None:
    return as_line(text or "")[:SKU_CHARACTERS_MAX] or None


def identities(
    named: Iterable[tuple[IdentityKind, str | None]], *, source: str
) -> tuple[Identity, ...]:
    """Who bought, in the order they are named in. What cannot be an identity is passed over."""
    found: dict[Identity, None] = {}
    for kind, value in named:
        if value:
            with suppress(NotAnIdentity):
                found[identify(kind, value, source=source if kind == "customer" else "")] = None
    return tuple(found)


def paid(
    order: Order,
    *,
    currency: str,
    identities: tuple[Identity, ...],
    refunds: tuple[RequestedRefund, ...] = (),
    pointer: str,
    excluded: str | None = None,
    discounts: Iterable[str] | None = None,
    all_given_back: bool = False,
) -> Command:
    """A paid order, if its lines make sense and it is somebody's; `pointer` is where they are.

    One that does not earn, `excluded` says why, may have earned before: its refunds count then.
    `discounts` are what its discounts are called, where that is told: vouchers are among them.
    """
    if fault := _fault(order.lines):
        return Parked(fault, pointer)
    if len(refunds) > REFUNDS_MAX:
        return Parked("too_many_refunds")
    if any(given_back_minor(refund) > AMOUNT_MINOR_MAX for refund in refunds):
        return Parked("amount_too_large")
    excluded = excluded or (None if identities else "no_customer")
    codes = None if discounts is None else codes_among(discounts)
    if excluded and not refunds and not codes:
        return Ignored(excluded)
    return OrderPaid(
        order=order,
        currency=currency,
        identities=identities,
        refunds=refunds,
        excluded=excluded,
        codes=codes,
        all_given_back=all_given_back,
    )


def refunded(
    source: str,
    order_id: str,
    refund: RequestedRefund,
    *,
    currency: str,
    all_given_back: bool = False,
) -> Command:
    """A refund of an order, if it makes sense."""
    if not given_back_minor(refund):
        return Ignored("nothing_given_back")
    if given_back_minor(refund) > AMOUNT_MINOR_MAX:
        return Parked("amount_too_large")
    return OrderRefunded(
        source=source,
        order_id=order_id,
        refund=refund,
        currency=currency,
        all_given_back=all_given_back,
    )


def customer(
    customer_id: str,
    *,
    source: str,
    named: Iterable[tuple[IdentityKind, str | None]],
    verified: Iterable[IdentityKind] = (),
    names: Iterable[str | None] = (),
    consents: Mapping[str, bool] = MappingProxyType({}),
    told_at: datetime | None,
) -> CustomerTold:
    """A customer as the shop knows them; `customer_id` is a name, and `names` make up theirs.

    `verified` are the kinds of contacts that the platform says the customer proved to be theirs.
    """
    contacts, proven = identities(named, source=source), set(verified)
    name = as_line(" ".join(part for part in names if part))
    return CustomerTold(
        customer=identify("customer", customer_id, source=source),
        contacts=contacts,
        verified=frozenset(each for each in contacts if each.kind in proven),
        name=name[:NAME_CHARACTERS_MAX].rstrip() or None,
        consents=consents,
        told_at=told_at,
    )


def customer_erased(customer_id: str, *, source: str) -> CustomerErased:
    return CustomerErased(customer=identify("customer", customer_id, source=source))


def shared_out(
    refund_id: str, *, at: datetime, back_minor: int, shares_minor: Mapping[str, int]
) -> RequestedRefund:
    """What was given back, to what it is told to be for first, by line; "" is no line's.

    Less is shared out in proportion, more is of the whole order.
    """
    shares = dict(shares_minor)
    if back_minor < sum(shares.values()):
        shares = apportion(back_minor, shares)
    over_minor = back_minor - sum(shares.values())
    shares.pop("", None)
    return given_back(refund_id, at=at, amounts_minor=shares, amount_minor=over_minor)


def given_back_minor(refund: RequestedRefund) -> int:
    return refund.amount_minor + sum(refund.amounts_minor.values())


def malformed(error: ValidationError) -> Parked:
    """Where the first mistake is; what was there may be personal and is not told."""
    where = error.errors(include_url=False, include_context=False, include_input=False)[0]["loc"]
    return Parked("malformed", "".join(f"/{step}" for step in where))


def _fault(lines: Sequence[Line]) -> str | None:
    if len(lines) > LINES_MAX:
        return "too_many_lines"
    if len({line.line_id for line in lines}) < len(lines):
        return "duplicate_line"
    if any(line.amount_minor < 0 or line.paid_minor < 0 for line in lines):
        return "negative_amount"
    if sum(max(line.amount_minor, line.paid_minor) for line in lines) > AMOUNT_MINOR_MAX:
        return "amount_too_large"
    return None


def name_of(text: str) -> str:
    """An id that may be too long for our books, as one that is not."""
    return text if is_name(text) else hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]
