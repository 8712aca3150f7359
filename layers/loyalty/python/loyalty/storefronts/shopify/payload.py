"""Shopify: https://shopify.dev/docs/apps/build/webhooks and the REST order resource.

Amounts are read in the shop's own currency (`*_set.shop_money`), never in the customer's.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, ConfigDict, Field, StrictStr, model_validator
from pydantic_core import PydanticCustomError

from loyalty.domain.kernel.fields import CurrencyCode, Instant
from loyalty.domain.people.identity import Identity
from loyalty.storefronts import commands
from loyalty.storefronts.payloads import (
    NONE_IF_UNREADABLE,
    Absent,
    Amount,
    Flag,
    Id,
    Moment,
    Part,
    Payload,
    Quantity,
    Several,
    SignedAmount,
    Text,
)

PAID: Final = ("paid", "partially_refunded", "refunded")
VOIDED: Final = "voided"
NEVER_PAID: Final = ("authorized", "expired", "pending", VOIDED)
SHIPPING: Final = "shipping"

# Shopify supports a version for a year; the fields that we use are not going away before.
API_VERSION: Final = "2026-07"
GRAPHQL_PATH: Final = f"/admin/api/{API_VERSION}/graphql.json"
TAGS_QUERY: Final = "query ($id: ID!) { customer(id: $id) { tags } }"

_CUSTOMER_GID: Final = re.compile(r"gid://shopify/Customer/(\d{1,19})", re.ASCII)


def _is_a(kind: str) -> Any:
    """Every resource names its kind in its signed body; the topic is not signed."""
    return Field(pattern=rf"^gid://shopify/{kind}/")


def _gid_number(value: object) -> object:
    found = _CUSTOMER_GID.fullmatch(value) if isinstance(value, str) else None
    return int(found[1]) if found else value


CustomerGid = Annotated[Id, BeforeValidator(_gid_number)]


class _Money(Payload):
    amount: Amount
    currency_code: CurrencyCode


class _Bag(Payload):
    """In the shop's currency, and in the customer's."""

    shop_money: _Money
    presentment_money: Part[_Money] = None


class _Discount(Payload):
    amount_set: Part[_Bag] = None
    amount: Amount | None = None

    @model_validator(mode="after")
    def _has_amount(self) -> Self:
        return _require(self, self.amount_set, self.amount)

    @property
    def worth(self) -> Decimal:
        return _amount_of(self.amount_set, self.amount)


class _DiscountCode(Payload):
    code: Text = None


class _Note(Payload):
    name: Text = None
    value: Text = None


class _Priced(Payload):
    """A price. Older versions and some events have `price` alone, in the shop's currency."""

    price_set: Part[_Bag] = None
    price: Amount | None = None

    @model_validator(mode="after")
    def _has_price(self) -> Self:
        return _require(self, self.price_set, self.price)

    @property
    def worth(self) -> Decimal:
        return _amount_of(self.price_set, self.price)


class _Tax(_Priced):
    pass


class _Charged(_Priced):
    """Something with a price, discounts and taxes of its own."""

    id: Id
    quantity: Quantity = 1
    discount_allocations: Several[_Discount] = ()
    tax_lines: Several[_Tax] = ()

    @property
    def tax(self) -> Decimal:
        return sum((each.worth for each in self.tax_lines), Decimal(0))

    def bags(self) -> Iterable[_Bag]:
        bags = (
            self.price_set,
            *(discount.amount_set for discount in self.discount_allocations),
            *(tax.price_set for tax in self.tax_lines),
        )
        return (bag for bag in bags if bag)

    def paid(self, *, taxes_included: bool) -> Decimal:
        """The whole line after discounts, with tax."""
        discounts = sum(each.worth for each in self.discount_allocations)
        return self.worth * self.quantity - discounts + (0 if taxes_included else self.tax)


class _Item(_Charged):
    quantity: Quantity
    current_quantity: Quantity | None = None
    product_id: Text = None
    sku: Text = None
    vendor: Text = None
    gift_card: Flag = False
    tip: Any = None
    tip_payment_gateway: Any = None

    @property
    def category(self) -> str | None:
        if self.gift_card:
            return "gift_card"
        # Only tips have these fields, and a tip of an unknown gateway has them with null.
        return "tip" if self.model_fields_set & {"tip", "tip_payment_gateway"} else None


class ShopifyCustomer(Payload):
    """`tags` are only in versions before 2025-01; a customer without the field has unknown tags."""

    id: Id | None = None
    email: Text = None
    phone: Text = None
    tags: Text = None


class _DataRequest(Payload):
    id: Id


# What the law gives a shop's customers, and a shop that is given up:
# https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance
class ShopifyShopRequest(Payload):
    """The fields that only privacy requests have: the shop's id and name."""

    shop_id: Id
    shop_domain: StrictStr


class _CustomersRequest(ShopifyShopRequest):
    """Of some customers there is nothing but an e-mail."""

    customer: ShopifyCustomer

    def identities(self, *, source: str) -> tuple[Identity, ...]:
        customer = self.customer
        return commands.identities(
            (
                ("customer", str(customer.id) if customer.id else None),
                ("email", customer.email),
                ("phone", customer.phone),
            ),
            source=source,
        )


class ShopifyDataRequest(_CustomersRequest):
    orders_requested: tuple[Id, ...]
    data_request: _DataRequest
    orders_to_redact: Absent = None


class ShopifyCustomerErasure(_CustomersRequest):
    orders_to_redact: tuple[Id, ...]
    orders_requested: Absent = None
    data_request: Absent = None


class ShopifyShopErasure(ShopifyShopRequest):
    """Names the shop and nothing else: a customer's request must not erase the shop."""

    model_config = ConfigDict(extra="forbid")


class ShopifyConsent(Payload):
    state: Text = None
    consent_updated_at: Moment = None


class ShopifyCustomerId(Payload):
    id: Id


class ShopifyDeletedCustomer(ShopifyCustomerId):
    """The only customer's body that does not say when the customer was created."""

    admin_graphql_api_id: Annotated[StrictStr, _is_a("Customer")]
    created_at: Absent = None
    updated_at: Absent = None


class ShopifyKnownCustomer(ShopifyCustomerId):
    """An e-mail counts as verified where the customer also has an account.

    Of those who only checked out, nobody could sign in and the flag says little.
    """

    admin_graphql_api_id: Annotated[StrictStr, _is_a("Customer")]
    created_at: Instant
    updated_at: Instant
    email: Text = None
    verified_email: Flag = False
    state: Text = None
    phone: Text = None
    first_name: Text = None
    last_name: Text = None
    email_marketing_consent: Part[ShopifyConsent] = None
    sms_marketing_consent: Part[ShopifyConsent] = None

    @property
    def has_verified_email(self) -> bool:
        return self.verified_email and self.state == "enabled"


class ShopifyEmailConsent(Payload):
    """Since version 2025-01 consent has events of its own, one for each kind of contact."""

    customer_id: Id
    email_address: Text = None
    email_marketing_consent: ShopifyConsent


class ShopifySmsConsent(Payload):
    """A deleted customer. Unlike a customer, the body has neither its kind nor a creation time."""

    id: Id
    phone: Text = None
    sms_marketing_consent: ShopifyConsent
    admin_graphql_api_id: Absent = None
    created_at: Absent = None


class ShopifyMerge(Payload):
    admin_graphql_api_customer_kept_id: CustomerGid
    admin_graphql_api_customer_deleted_id: CustomerGid
    status: Text = None


class _TaggedCustomer(Payload):
    tags: tuple[StrictStr, ...]


class _TaggedCustomerData(Payload):
    customer: _TaggedCustomer


class ShopifyTagsResponse(Payload):
    """The tags of a customer, from the GraphQL API."""

    data: _TaggedCustomerData


class ShopifyReference(Payload):
    """Just enough to know which order a payload is about."""

    id: Id | None = None
    order_id: Id | None = None


class _RefundedMoney(Payload):
    amount: SignedAmount
    currency_code: CurrencyCode


class _RefundedBag(Payload):
    """In the shop's currency, and in the customer's, which a refund may be paid in."""

    shop_money: _RefundedMoney
    presentment_money: Part[_RefundedMoney] = None

    @property
    def amount(self) -> Decimal:
        return self.shop_money.amount


class _Transaction(Payload):
    """Money that moved. Without a currency it is the shop's."""

    amount: Amount
    currency: CurrencyCode | None = None
    kind: StrictStr
    status: StrictStr


class _RefundedItem(Payload):
    line_item_id: Id
    quantity: Quantity
    subtotal_set: Part[_RefundedBag] = None
    subtotal: SignedAmount | None = None
    total_tax_set: Part[_RefundedBag] = None
    total_tax: SignedAmount | None = None

    @model_validator(mode="after")
    def _has_subtotal(self) -> Self:
        return _require(self, self.subtotal_set, self.subtotal)

    @property
    def worth(self) -> Decimal:
        return self.subtotal_set.amount if self.subtotal_set else self.subtotal or Decimal(0)

    @property
    def tax(self) -> Decimal:
        return self.total_tax_set.amount if self.total_tax_set else self.total_tax or Decimal(0)


class _RefundedShipping(Payload):
    """Since version 2024-10 shipping is refunded here; its tax stays among the adjustments."""

    subtotal_amount_set: _RefundedBag
    tax_amount_set: Part[_RefundedBag] = None


class _Adjustment(Payload):
    kind: Text = None
    amount_set: _RefundedBag
    tax_amount_set: Part[_RefundedBag] = None

    @property
    def tax(self) -> Decimal:
        return self.tax_amount_set.amount if self.tax_amount_set else Decimal(0)


type Rates = Mapping[str, Decimal]
"""What one unit of a currency is worth in the shop's."""


class ShopifyRefund(Payload):
    id: Id
    order_id: Id
    created_at: Moment = None
    processed_at: Moment = None
    refund_line_items: Several[_RefundedItem] = ()
    refund_shipping_lines: Several[_RefundedShipping] = ()
    order_adjustments: Several[_Adjustment] = ()
    transactions: Several[_Transaction] = ()
    total_duties_set: Part[_RefundedBag] = None
    total_additional_fees_set: Part[_RefundedBag] = None

    @property
    def is_pending(self) -> bool:
        return any(each.status == "pending" for each in self._refunding())

    @property
    def moves_money(self) -> bool:
        """Whether money is to be given back, even if that is pending or has failed so far."""
        return any(each.amount for each in self._refunding())

    @property
    def currency(self) -> str:
        """The shop's currency, as far as the refund names it."""
        named = [bag.shop_money.currency_code for bag in self._bags()]
        named += [each.currency for each in self._refunding() if each.currency]
        return next(iter(named), "")

    def given_back(self, rates: Rates) -> Decimal | None:
        """The money paid back, in the shop's currency; None if a rate is missing."""
        return self._in_shop_money(("success",), rates)

    def intended(self, rates: Rates) -> Decimal | None:
        """The money to be paid back if nothing fails; failed payments count only if alone."""
        going = self._in_shop_money(("success", "pending"), rates)
        return going if going != 0 else self._in_shop_money(("failure", "error"), rates)

    def shares(self, back: Decimal) -> dict[str, Decimal]:
        """What the refund is for, tax included, by line; `shipping`, and "" for everything else.

        If a shop's prices include tax, so do the subtotals. The sum that equals `back`, what was
        given back, shows which it is; if neither does, the money is shared out in proportion.
        """
        untaxed: dict[str, Decimal] = {}
        taxed: dict[str, Decimal] = {}
        for name, amount, tax in self._parts():
            untaxed[name] = untaxed.get(name, Decimal(0)) + max(Decimal(0), amount)
            taxed[name] = taxed.get(name, Decimal(0)) + max(Decimal(0), amount + tax)
        return untaxed if sum(untaxed.values()) == back else taxed

    def rates(self) -> dict[str, Decimal]:
        """The rates of a refund that is delivered alone, from the amounts in it."""
        return {self.currency: Decimal(1)}

    def _refunding(self) -> list[_Transaction]:
        return [each for each in self.transactions if each.kind == "refund"]

    def _parts(self) -> Iterable[tuple[str, Decimal, Decimal]]:
        for item in self.refund_line_items:
            yield str(item.line_item_id), item.worth, item.tax
        adjusted = [each for each in self.order_adjustments if each.kind == "shipping_refund"]
        for line in self.refund_shipping_lines:
            tax = line.tax_amount_set.amount if line.tax_amount_set else Decimal(0)
            yield SHIPPING, line.subtotal_amount_set.amount, tax
        if not self.refund_shipping_lines:
            for each in adjusted:
                yield SHIPPING, -each.amount_set.amount, -each.tax
        elif all(line.tax_amount_set is None for line in self.refund_shipping_lines):
            yield SHIPPING, Decimal(0), sum((-each.tax for each in adjusted), Decimal(0))
        for bag in (self.total_duties_set, self.total_additional_fees_set):
            if bag:
                yield "", bag.amount, Decimal(0)

    def _bags(self) -> Iterable[_RefundedBag]:
        bags = (
            *(item.subtotal_set for item in self.refund_line_items),
            *(line.subtotal_amount_set for line in self.refund_shipping_lines),
            *(each.amount_set for each in self.order_adjustments),
            self.total_duties_set,
            self.total_additional_fees_set,
        )
        return (bag for bag in bags if bag)

    def _in_shop_money(self, statuses: tuple[str, ...], rates: Rates) -> Decimal | None:
        all_rates = {**rates, **_rates(self._bags())}
        total = Decimal(0)
        for each in self._refunding():
            if each.status in statuses:
                rate = all_rates.get(each.currency) if each.currency else Decimal(1)
                if rate is None:
                    return None
                total += each.amount * rate
        return total


class ShopifyCreatedRefund(ShopifyRefund):
    """A refund that is delivered alone, and not as a part of its order."""

    admin_graphql_api_id: Annotated[StrictStr, _is_a("Refund")]


class ShopifyCancelled(Payload):
    id: Id
    admin_graphql_api_id: Annotated[StrictStr, _is_a("Order")]
    cancelled_at: Instant
    financial_status: Text = None
    test: Flag = False


class ShopifyOrder(Payload):
    id: Id
    admin_graphql_api_id: Annotated[StrictStr, _is_a("Order")]
    currency: CurrencyCode
    presentment_currency: Text = None
    created_at: Moment = None
    processed_at: Moment = None
    updated_at: Moment = None
    cancelled_at: Instant | None = None
    financial_status: Text = None
    line_items: tuple[_Item, ...]
    shipping_lines: Several[_Charged] = ()
    refunds: Several[ShopifyRefund] = ()
    taxes_included: Flag = False
    test: Flag = False
    customer: Part[ShopifyCustomer] = None
    email: Text = None
    phone: Text = None
    source_name: Text = None
    fulfillment_status: Text = None
    discount_codes: tuple[_DiscountCode, ...] | None = None
    note_attributes: Annotated[tuple[_Note, ...] | None, NONE_IF_UNREADABLE] = None
    payment_gateway_names: Annotated[tuple[StrictStr, ...] | None, NONE_IF_UNREADABLE] = None
    location_id: Text = None
    tags: Text = None

    @property
    def noted_codes(self) -> str | None:
        """Promotion codes and a friend's code that the shop wrote into attributes of the order."""
        notes = self.note_attributes or ()
        names = (commands.NOTED_CODES, commands.NOTED_REFERRAL)
        codes = [
            note.value for name in names for note in notes if note.value and _is_named(note, name)
        ]
        return ",".join(codes) or None

    @property
    def labels(self) -> list[str]:
        """The order's own tags."""
        return _labels(self.tags)

    @property
    def customer_labels(self) -> list[str] | None:
        """The tags of the order's customer; None if this version does not name them."""
        if self.customer is None or self.customer.id is None:
            return []
        if "tags" not in self.customer.model_fields_set:
            return None
        return _labels(self.customer.tags)

    @property
    def currencies(self) -> set[str]:
        return {bag.shop_money.currency_code for bag in self._bags()}

    def rates(self) -> dict[str, Decimal]:
        return {**_rates(self._bags()), self.currency: Decimal(1)}

    def _bags(self) -> Iterable[_Bag]:
        for charged in (*self.line_items, *self.shipping_lines):
            yield from charged.bags()


def _is_named(note: _Note, name: str) -> bool:
    return (note.name or "").strip().casefold() == name


def _labels(tags: str | None) -> list[str]:
    return [each.strip() for each in (tags or "").split(",")]


def _require[P: Payload](payload: P, bag: object, amount: object) -> P:
    if bag is None and amount is None:
        raise PydanticCustomError("amount_missing", "Name an amount")
    return payload


def _amount_of(bag: _Bag | None, amount: Decimal | None) -> Decimal:
    return bag.shop_money.amount if bag else amount or Decimal(0)


def _rates(bags: Iterable[_Bag | _RefundedBag]) -> dict[str, Decimal]:
    """The rate of each of the customer's currencies, by all amounts that are in both."""
    shop: defaultdict[str, Decimal] = defaultdict(Decimal)
    presented: defaultdict[str, Decimal] = defaultdict(Decimal)
    for bag in bags:
        if money := bag.presentment_money:
            shop[money.currency_code] += abs(bag.shop_money.amount)
            presented[money.currency_code] += abs(money.amount)
    return {each: shop[each] / presented[each] for each in presented if presented[each]}
