"""WooCommerce: https://woocommerce.github.io/woocommerce-rest-api-docs (webhooks, orders).

A webhook's body is the REST resource; money is text, and a refund is a bare total of an order.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, StrictStr
from pydantic_core import PydanticCustomError

from loyalty.domain.kernel.fields import CurrencyCode
from loyalty.storefronts import commands
from loyalty.storefronts.payloads import (
    NONE_IF_UNREADABLE,
    Id,
    OptionalText,
    Part,
    Payload,
    RoundedQuantity,
    Several,
    SignedAmount,
    Text,
)
from loyalty.storefronts.tenders import GIFT_CARD

PAID: Final = ("processing", "completed")
# An order that was paid and then comes to one of these keeps nothing.
GIVEN_UP: Final = ("failed", "trash")
CANCELLED: Final = ("cancelled", "refunded", *GIVEN_UP)
# What the official plugin, YITH's and PW's write on a line that sells a gift card.
GIFT_CARD_MARKS: Final = ("wc_gc_giftcard_", "_ywgc_", "ywgc_", "pw_gift_card_")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)


def _instant(value: object) -> datetime:
    """A time in UTC, which their `*_gmt` fields are without saying so."""
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        except ValueError:
            pass
    raise PydanticCustomError("time_form", "Write a time as 2026-11-30T08:00:00")


def _instant_or_none(value: object) -> datetime | None:
    try:
        return _instant(value)
    except PydanticCustomError:
        return None


Time = Annotated[datetime, BeforeValidator(_instant)]
LooseTime = Annotated[datetime | None, BeforeValidator(_instant_or_none)]


class WooCommerceCharged(Payload):
    """Money without tax, and the tax, which shops without taxes may leave empty."""

    total: SignedAmount
    total_tax: Annotated[SignedAmount, BeforeValidator(lambda value: value or "0")] = Decimal(0)


class _Fee(WooCommerceCharged):
    id: Id


class _Meta(Payload):
    """What plugins write on orders and lines; a value may be anything."""

    key: Text = None
    value: OptionalText = None


class _Item(WooCommerceCharged):
    id: Id
    quantity: RoundedQuantity
    product_id: Text = None
    sku: Text = None
    meta_data: Several[_Meta] = ()

    @property
    def is_gift_card(self) -> bool:
        """WooCommerce sells none itself; these are the marks of the plugins that do."""
        return any((meta.key or "").startswith(GIFT_CARD_MARKS) for meta in self.meta_data)


class WooCommerceBilling(Payload):
    email: Text = None
    phone: Text = None


class _Refund(Payload):
    id: Id
    total: SignedAmount


class _Coupon(Payload):
    code: Text = None


class _GiftCard(Payload):
    """A gift card of WooCommerce's own extension that paid a part of the order."""

    amount: Annotated[SignedAmount | None, NONE_IF_UNREADABLE] = None


class WooCommerceReference(Payload):
    id: Id


def _lies_in(folder: str) -> Any:
    """Every resource says where it can be read, in the signed body; the topic is not signed."""
    return Field(pattern=rf"^https?://[^/?#]+[^#]*/{folder}/\d+$")


class WooCommerceLink(Payload):
    href: StrictStr


class _OrderLink(WooCommerceLink):
    href: Annotated[StrictStr, _lies_in("orders")]


class _CustomerLink(WooCommerceLink):
    href: Annotated[StrictStr, _lies_in("customers")]


class _Links[L: WooCommerceLink](Payload):
    links: Annotated[tuple[L], Field(alias="self")]


class WooCommerceOrder(WooCommerceReference):
    links: Annotated[_Links[_OrderLink], Field(alias="_links")]
    status: StrictStr
    currency: CurrencyCode
    date_created_gmt: Time
    date_paid_gmt: LooseTime = None
    date_modified_gmt: LooseTime = None
    customer_id: Text = None
    billing: Part[WooCommerceBilling] = None
    line_items: tuple[_Item, ...]
    shipping_lines: Several[WooCommerceCharged] = ()
    fee_lines: Several[_Fee] = ()
    refunds: Several[_Refund] = ()
    coupon_lines: tuple[_Coupon, ...] | None = None
    created_via: Text = None
    total: Annotated[SignedAmount | None, NONE_IF_UNREADABLE] = None
    payment_method: Text = None
    gift_cards: Annotated[tuple[_GiftCard, ...] | None, NONE_IF_UNREADABLE] = None
    meta_data: Annotated[tuple[_Meta, ...] | None, NONE_IF_UNREADABLE] = None

    @property
    def noted_codes(self) -> str | None:
        """Promotion codes that a plugin of the shop wrote on the order."""
        notes = (meta.value for meta in self.meta_data or () if meta.key == commands.NOTED_CODES)
        return next(notes, None)

    @property
    def payments(self) -> Iterator[tuple[str, Decimal]]:
        """How it was paid, by the shop's own names; `total` is what gift cards left to pay."""
        yield self.payment_method or "", self.total or Decimal(0)
        for card in self.gift_cards or ():
            yield GIFT_CARD, card.amount or Decimal(0)

    @property
    def buyer_id(self) -> str | None:
        """The customer's number; a guest's is 0."""
        number = self.customer_id or ""
        return number if number.isdecimal() and int(number) else None

    @property
    def told_at(self) -> datetime:
        """When the shop last changed it."""
        return self.date_modified_gmt or self.date_created_gmt


class WooCommerceCustomer(WooCommerceReference):
    links: Annotated[_Links[_CustomerLink], Field(alias="_links")]
    email: Text = None
    first_name: Text = None
    last_name: Text = None
    billing: Part[WooCommerceBilling] = None
    date_created_gmt: LooseTime = None
    date_modified_gmt: LooseTime = None
