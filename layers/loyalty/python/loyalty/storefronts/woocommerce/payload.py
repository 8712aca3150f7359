"""WooCommerce: https://woocommerce.github.io/woocommerce-rest-api-docs (webhooks, orders).

A webhook's body is the REST resource; money is text, and a refund is a bare total of an order.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, StrictInt, StrictStr
from pydantic_core import PydanticCustomError

from loyalty.domain.kernel.fields import CurrencyCode
from loyalty.storefronts.payloads import (
    Id,
    Payload,
    Quantity,
    SignedAmount,
)

PAID: Final = ("processing", "completed")
CANCELLED: Final = ("cancelled", "refunded")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)


def _instant(value: object) -> datetime:
    """A time in UTC, which their `*_gmt` fields are without saying so."""
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        except ValueError:
            pass
    raise PydanticCustomError("time_form", "Write a time as 2026-11-30T08:00:00")


Time = Annotated[datetime, BeforeValidator(_instant)]


class WooCommerceCharged(Payload):
    """Money without tax, and the tax."""

    total: SignedAmount
    total_tax: SignedAmount


class _Fee(WooCommerceCharged):
    id: Id


class _Item(WooCommerceCharged):
    id: Id
    quantity: Quantity
    sku: StrictStr | None = None


class _Billing(Payload):
    email: StrictStr | None = None
    phone: StrictStr | None = None


class _Refund(Payload):
    id: Id
    total: SignedAmount


class _Coupon(Payload):
    code: StrictStr


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
    date_paid_gmt: Time | None = None
    date_modified_gmt: Time | None = None
    customer_id: Annotated[StrictInt, Field(ge=0, lt=2**63)] = 0
    billing: _Billing = _Billing()
    line_items: tuple[_Item, ...]
    shipping_lines: tuple[WooCommerceCharged, ...] = ()
    fee_lines: tuple[_Fee, ...] = ()
    refunds: tuple[_Refund, ...] = ()
    coupon_lines: tuple[_Coupon, ...] | None = None
    created_via: StrictStr | None = None


class WooCommerceCustomer(WooCommerceReference):
    links: Annotated[_Links[_CustomerLink], Field(alias="_links")]
    email: StrictStr | None = None
    first_name: StrictStr | None = None
    last_name: StrictStr | None = None
    billing: _Billing = _Billing()
    date_created_gmt: Time | None = None
    date_modified_gmt: Time | None = None
