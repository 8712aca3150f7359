"""Shopify: https://shopify.dev/docs/apps/build/webhooks and the REST order resource.

Amounts are read in the shop's own currency (`*_set.shop_money`), never in the customer's.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, StrictBool, StrictStr

from loyalty.domain.kernel.fields import CurrencyCode, Instant
from loyalty.domain.people.identity import Identity
from loyalty.storefronts import commands
from loyalty.storefronts.payloads import (
    Absent,
    Amount,
    Id,
    Payload,
    Quantity,
    SignedAmount,
)

PAID: Final = ("paid", "partially_refunded", "refunded")
NEVER_PAID: Final = ("authorized", "expired", "pending", "voided")
SHIPPING: Final = "shipping"


def _is_a(kind: str) -> Any:
    """Every resource names what it is in its body, which is signed; the topic is not."""
    return Field(pattern=rf"^gid://shopify/{kind}/")


class _Money(Payload):
    amount: Amount
    currency_code: CurrencyCode


class _Bag(Payload):
    shop_money: _Money


class _Discount(Payload):
    amount_set: _Bag


class _DiscountCode(Payload):
    code: StrictStr


class _Tax(Payload):
    price_set: _Bag


class _Charged(Payload):
    """Something with a price, discounts and taxes of its own."""

    id: Id
    quantity: Quantity = 1
    price_set: _Bag
    discount_allocations: tuple[_Discount, ...] = ()
    tax_lines: tuple[_Tax, ...] = ()

    @property
    def price(self) -> Decimal:
        return self.price_set.shop_money.amount

    @property
    def tax(self) -> Decimal:
        return sum((each.price_set.shop_money.amount for each in self.tax_lines), Decimal(0))

    def money(self) -> Iterable[_Money]:
        yield self.price_set.shop_money
        yield from (discount.amount_set.shop_money for discount in self.discount_allocations)
        yield from (tax.price_set.shop_money for tax in self.tax_lines)

    def paid(self, *, taxes_included: bool) -> Decimal:
        """The whole line after discounts, with tax."""
        discounts = sum(each.amount_set.shop_money.amount for each in self.discount_allocations)
        return self.price * self.quantity - discounts + (0 if taxes_included else self.tax)


class _Item(_Charged):
    quantity: Quantity
    current_quantity: Quantity | None = None
    sku: StrictStr | None = None
    gift_card: StrictBool | None = False
    tip_payment_gateway: StrictStr | None = None

    @property
    def category(self) -> str | None:
        if self.gift_card:
            return "gift_card"
        return "tip" if self.tip_payment_gateway else None


class ShopifyCustomer(Payload):
    id: Id | None = None
    email: StrictStr | None = None
    phone: StrictStr | None = None
    tags: StrictStr | None = None


class _DataRequest(Payload):
    id: Id


# What the law gives a shop's customers, and a shop that is given up:
# https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance
class ShopifyShopRequest(Payload):
    """What only requests about somebody's data have: the shop, by id and by name."""

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


class _Consent(Payload):
    state: StrictStr


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
    email: StrictStr | None = None
    verified_email: bool | None = None
    state: StrictStr | None = None
    phone: StrictStr | None = None
    first_name: StrictStr | None = None
    last_name: StrictStr | None = None
    email_marketing_consent: _Consent | None = None
    sms_marketing_consent: _Consent | None = None

    @property
    def has_verified_email(self) -> bool:
        return self.verified_email is True and self.state == "enabled"


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
    presentment_money: _RefundedMoney | None = None

    @property
    def amount(self) -> Decimal:
        return self.shop_money.amount


class _Transaction(Payload):
    amount: Amount
    currency: CurrencyCode
    kind: StrictStr
    status: StrictStr


class _RefundedItem(Payload):
    line_item_id: Id
    quantity: Quantity
    subtotal_set: _RefundedBag
    total_tax_set: _RefundedBag


class _RefundedShipping(Payload):
    """Since version 2024-10 shipping is refunded here, before among the adjustments."""

    subtotal_amount_set: _RefundedBag
    tax_amount_set: _RefundedBag


class _Adjustment(Payload):
    kind: StrictStr | None = None
    amount_set: _RefundedBag
    tax_amount_set: _RefundedBag


class ShopifyRefund(Payload):
    id: Id
    order_id: Id
    created_at: Instant | None = None
    processed_at: Instant | None = None
    refund_line_items: tuple[_RefundedItem, ...] = ()
    refund_shipping_lines: tuple[_RefundedShipping, ...] = ()
    order_adjustments: tuple[_Adjustment, ...] = ()
    transactions: tuple[_Transaction, ...] = ()
    total_duties_set: _RefundedBag | None = None
    total_additional_fees_set: _RefundedBag | None = None

    @property
    def is_pending(self) -> bool:
        return any(each.kind == "refund" and each.status == "pending" for each in self.transactions)

    @property
    def succeeded(self) -> list[_Transaction]:
        return [
            each for each in self.transactions if (each.kind, each.status) == ("refund", "success")
        ]

    @property
    def currency(self) -> str:
        """The shop's, as far as the refund tells."""
        currencies = [bag.shop_money.currency_code for bag in self._bags()]
        return next(iter(currencies + [each.currency for each in self.succeeded]), "")

    @property
    def given_back(self) -> Decimal | None:
        """In the shop's currency; None where it was paid in one whose worth is not told."""
        total = Decimal(0)
        for each in self.succeeded:
            amount = self._in_shop_money(each)
            if amount is None:
                return None
            total += amount
        return total

    def shares(self) -> dict[str, Decimal]:
        """What the refund is for, tax included, by line; `shipping`, and "" for all else.

        Where a shop's prices include tax, the subtotals do. Which of the two it is shows when
        either sum is what was given back; where neither is, it is shared out in proportion.
        """
        untaxed: dict[str, Decimal] = {}
        taxed: dict[str, Decimal] = {}
        for name, amount, tax in self._parts():
            untaxed[name] = untaxed.get(name, Decimal(0)) + max(Decimal(0), amount)
            taxed[name] = taxed.get(name, Decimal(0)) + max(Decimal(0), amount + tax)
        return untaxed if sum(untaxed.values()) == self.given_back else taxed

    def _parts(self) -> Iterable[tuple[str, Decimal, Decimal]]:
        for item in self.refund_line_items:
            yield str(item.line_item_id), item.subtotal_set.amount, item.total_tax_set.amount
        for line in self.refund_shipping_lines:
            yield SHIPPING, line.subtotal_amount_set.amount, line.tax_amount_set.amount
        for each in self.order_adjustments:
            if each.kind == "shipping_refund" and not self.refund_shipping_lines:
                yield SHIPPING, -each.amount_set.amount, -each.tax_amount_set.amount
        for bag in (self.total_duties_set, self.total_additional_fees_set):
            if bag:
                yield "", bag.amount, Decimal(0)

    def _bags(self) -> Iterable[_RefundedBag]:
        yield from (item.subtotal_set for item in self.refund_line_items)
        yield from (line.subtotal_amount_set for line in self.refund_shipping_lines)
        yield from (each.amount_set for each in self.order_adjustments)
        yield from (bag for bag in (self.total_duties_set, self.total_additional_fees_set) if bag)

    def _in_shop_money(self, transaction: _Transaction) -> Decimal | None:
        if transaction.currency == self.currency:
            return transaction.amount
        # The rate is that of what the refund is told to be for.
        shop = presented = Decimal(0)
        for bag in self._bags():
            money = bag.presentment_money
            if money and money.currency_code == transaction.currency:
                shop, presented = shop + abs(bag.amount), presented + abs(money.amount)
        return transaction.amount * shop / presented if presented else None


class ShopifyCreatedRefund(ShopifyRefund):
    """A refund that is delivered alone, and not as a part of its order."""

    admin_graphql_api_id: Annotated[StrictStr, _is_a("Refund")]


class ShopifyCancelled(Payload):
    id: Id
    admin_graphql_api_id: Annotated[StrictStr, _is_a("Order")]
    cancelled_at: Instant
    financial_status: StrictStr | None = None
    test: StrictBool | None = False


class ShopifyOrder(Payload):
    id: Id
    admin_graphql_api_id: Annotated[StrictStr, _is_a("Order")]
    currency: CurrencyCode
    created_at: Instant | None = None
    processed_at: Instant | None = None
    updated_at: Instant | None = None
    cancelled_at: Instant | None = None
    financial_status: StrictStr | None = None
    line_items: tuple[_Item, ...]
    shipping_lines: tuple[_Charged, ...] = ()
    refunds: tuple[ShopifyRefund, ...] = ()
    taxes_included: StrictBool | None = False
    test: StrictBool | None = False
    customer: ShopifyCustomer | None = None
    email: StrictStr | None = None
    phone: StrictStr | None = None
    source_name: StrictStr | None = None
    fulfillment_status: StrictStr | None = None
    discount_codes: tuple[_DiscountCode, ...] | None = None
    tags: StrictStr | None = None

    @property
    def labels(self) -> list[str]:
        """The order's tags and its customer's: shops mark either."""
        tags = (self.tags, self.customer.tags if self.customer else None)
        return [each.strip() for tags in tags for each in (tags or "").split(",")]

    def money(self) -> Iterable[_Money]:
        for charged in (*self.line_items, *self.shipping_lines):
            yield from charged.money()
