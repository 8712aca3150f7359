"""Translate Shopify's webhooks into commands."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Final

from loyalty.domain.kernel.currencies import exponent
from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.orders.order import Line, Order, Tender
from loyalty.domain.people.identity import Identity, IdentityKind, identify
from loyalty.domain.people.privacy_requests import PrivacyRequest
from loyalty.domain.shops.customers import CustomersMerged
from loyalty.domain.shops.storefront import (
    OTHER_SHOP,
    Command,
    FetchNeeded,
    Ignored,
    OrderFilter,
    OrderRefunded,
    Parked,
    SendingShop,
    cancelled,
)
from loyalty.storefronts import commands
from loyalty.storefronts.payloads import (
    Payload,
    Topic,
    fetch,
    is_name,
    label,
    minor,
    reads,
)
from loyalty.storefronts.shopify.payload import (
    GRAPHQL_PATH,
    NEVER_PAID,
    PAID,
    SHIPPING,
    TAGS_QUERY,
    VOIDED,
    Rates,
    ShopifyCancelled,
    ShopifyConsent,
    ShopifyCreatedRefund,
    ShopifyCustomer,
    ShopifyCustomerErasure,
    ShopifyDataRequest,
    ShopifyDeletedCustomer,
    ShopifyEmailConsent,
    ShopifyKnownCustomer,
    ShopifyMerge,
    ShopifyOrder,
    ShopifyRefund,
    ShopifyShopErasure,
    ShopifyShopRequest,
    ShopifySmsConsent,
    ShopifyTagsResponse,
)
from loyalty.storefronts.shopify.tenders import (
    fetch_tenders,
    needs_transactions,
    tenders_of_one_gateway,
)


def _data_request(payload: ShopifyDataRequest, shop: SendingShop) -> PrivacyRequest | Parked:
    return _of_other_shop(payload, shop) or PrivacyRequest(
        asks="export",
        identities=payload.identities(source=shop.source),
        order_ids=tuple(map(str, payload.orders_requested)),
        request_id=str(payload.data_request.id),
    )


def _customers_redact(
    payload: ShopifyCustomerErasure, shop: SendingShop
) -> PrivacyRequest | Parked:
    return _of_other_shop(payload, shop) or PrivacyRequest(
        asks="erasure",
        identities=payload.identities(source=shop.source),
        order_ids=tuple(map(str, payload.orders_to_redact)),
    )


def _shop_redact(payload: ShopifyShopErasure, shop: SendingShop) -> PrivacyRequest | Parked:
    return _of_other_shop(payload, shop) or PrivacyRequest(asks="shop_erasure")


def _of_other_shop(payload: ShopifyShopRequest, shop: SendingShop) -> Parked | None:
    """Park a request about a different shop: an app signs for all its shops with one secret."""
    if shop.store is None or payload.shop_domain == f"{shop.store}.myshopify.com":
        return None
    return Parked(OTHER_SHOP, "/shop_domain")


def _order_now(order: ShopifyOrder, shop: SendingShop) -> Command | FetchNeeded:
    """The current state of an order, with all refunds. It is paid, cancelled or not yet paid."""
    if order.cancelled_at:
        return _cancelled(order, cancelled_at=order.cancelled_at, source=shop.source)
    if order.test:
        return Ignored("test_order")
    if order.financial_status == VOIDED:
        return _cancelled(order, cancelled_at=order.updated_at, source=shop.source)
    if order.financial_status not in PAID:
        return Ignored("not_paid")
    return _order_paid(order, shop)


def _order_paid(order: ShopifyOrder, shop: SendingShop) -> Command | FetchNeeded:
    """The order, and whether its own and its customer's tags let it earn.

    API versions since 2025-01 leave out the customer's tags, so they are read from the shop if they
    decide. If they cannot be read, the order does not earn.
    """
    earns = shop.earns
    if order.customer_labels is not None or earns.is_decided_by(order.labels):
        labels = order.labels + (order.customer_labels or [])
        return _with_tenders(order, shop, excluded=_excluded(order, earns, labels))

    def complete(responses: Sequence[bytes]) -> Command | FetchNeeded:
        tags = ShopifyTagsResponse.model_validate_json(responses[0]).data.customer.tags
        labels = [*order.labels, *tags]
        return _with_tenders(order, shop, excluded=_excluded(order, earns, labels))

    without = _paid_order(order, shop, excluded="tags_unknown")
    variables = {"id": f"gid://shopify/Customer/{order.customer.id if order.customer else 0}"}
    body = json.dumps({"query": TAGS_QUERY, "variables": variables}).encode()
    return fetch((GRAPHQL_PATH,), complete, body=body, without=without)


def _excluded(order: ShopifyOrder, earns: OrderFilter, labels: Sequence[str]) -> str | None:
    return earns.excludes(
        status=order.fulfillment_status or "unfulfilled", channel=order.source_name, tags=labels
    )


def _with_tenders(
    order: ShopifyOrder, shop: SendingShop, *, excluded: str | None
) -> Command | FetchNeeded:
    """The order, and what each gateway paid, if that decides something and has to be asked."""
    decimals = exponent(order.currency)
    if excluded or decimals is None or not (shop.names_tenders and needs_transactions(order)):
        return _paid_order(order, shop, excluded)
    complete = partial(_paid_order, order, shop, excluded)
    return fetch_tenders(order, complete, decimals=decimals)


def _paid_order(
    order: ShopifyOrder,
    shop: SendingShop,
    excluded: str | None,
    tenders: tuple[Tender, ...] | None = None,
) -> Command:
    """The order; `tenders` are what its transactions say, None if they were not read."""
    occurred_at = order.processed_at or order.created_at
    if occurred_at is None:
        return Parked("malformed", "/processed_at")
    if not order.currencies <= {order.currency}:
        return Parked("mixed_currencies")
    decimals = exponent(order.currency)
    if decimals is None:
        return Parked("unknown_currency", "/currency")
    rates = order.rates()
    refunds = [_requested(refund, rates=rates, currency=order.currency) for refund in order.refunds]
    for refund in refunds:
        if isinstance(refund, Parked):
            return refund
    customer = order.customer or ShopifyCustomer()
    lines = tuple(_lines(order, decimals=decimals))
    if tenders is None:
        tenders = tenders_of_one_gateway(order, sum(line.paid_minor for line in lines))
    return commands.paid(
        Order(
            source=shop.source,
            order_id=str(order.id),
            occurred_at=occurred_at,
            lines=lines,
            location=order.location_id if is_name(order.location_id) else None,
            tenders=tenders,
            channel=order.source_name if is_name(order.source_name) else None,
            told_at=order.updated_at,
        ),
        currency=order.currency,
        # The most certain first: the customer's id, their account, what they typed at checkout.
        identities=commands.identities(
            (
                ("customer", str(customer.id) if customer.id else None),
                ("email", customer.email),
                ("email", order.email),
                ("phone", customer.phone),
                ("phone", order.phone),
            ),
            source=shop.source,
        ),
        refunds=tuple(refund for refund in refunds if isinstance(refund, RequestedRefund)),
        traded_in=_traded_in(order, decimals=decimals),
        pointer="/line_items",
        excluded=excluded,
        discounts=None
        if order.discount_codes is None
        else [discount.code or "" for discount in order.discount_codes],
        noted_codes=order.noted_codes,
        all_given_back=order.financial_status == "refunded",
        paid_currency=order.presentment_currency,
        products={str(item.id): item.product_id or "" for item in order.line_items},
    )


def _order_cancelled(payload: ShopifyCancelled, shop: SendingShop) -> Command:
    return _cancelled(payload, cancelled_at=payload.cancelled_at, source=shop.source)


def _cancelled(
    payload: ShopifyCancelled | ShopifyOrder, *, cancelled_at: datetime | None, source: str
) -> Command:
    """A cancelled order keeps no points. At Shopify a cancellation cannot be undone."""
    if payload.test:
        return Ignored("test_order")
    if cancelled_at is None:
        return Ignored("not_paid")
    return OrderRefunded(
        source=source,
        order_id=str(payload.id),
        refund=cancelled(occurred_at=cancelled_at),
        currency=None,
        all_given_back=True,
        if_recorded=payload.financial_status in NEVER_PAID,
    )


def _order_refunded(refund: ShopifyRefund, shop: SendingShop) -> Command:
    requested = _requested(refund, rates=refund.rates(), currency=refund.currency)
    if not isinstance(requested, RequestedRefund):
        return requested
    return commands.refunded(shop.source, str(refund.order_id), requested, currency=refund.currency)


def _requested(
    refund: ShopifyRefund, *, rates: Rates, currency: str
) -> RequestedRefund | Ignored | Parked:
    """What was paid back: first for the items that the refund names, the rest for the whole order.

    While part of a refund is pending it does not count: `orders/updated` repeats it once it has
    succeeded.
    """
    if refund.is_pending:
        return Ignored("refund_pending")
    back = refund.given_back(rates)
    if back is None:
        return Parked("mixed_currencies")
    if not back:
        return Ignored("nothing_given_back")
    decimals = exponent(currency)
    if decimals is None:
        return Parked("unknown_currency")
    occurred_at = refund.processed_at or refund.created_at
    if occurred_at is None:
        return Parked("malformed", "/processed_at")
    back_minor = minor(back, decimals)
    shares_minor = {name: minor(share, decimals) for name, share in refund.shares(back).items()}
    return commands.shared_out(
        str(refund.id), occurred_at=occurred_at, back_minor=back_minor, shares_minor=shares_minor
    )


def _lines(order: ShopifyOrder, *, decimals: int) -> Iterable[Line]:
    """The goods as bought, less those removed since, and the shipping.

    A refund also lowers `current_quantity`, but is a command of its own. So goods of refunds stay
    in the lines, and the same order delivered again has the same lines.
    """
    included = order.taxes_included
    removed = _removed(order)
    kept_share = _kept_share(order, removed)
    for item in order.line_items:
        paid = item.paid(taxes_included=included)
        gone = Decimal(removed[item.id]) / item.quantity if removed[item.id] else Decimal(0)
        left = 1 - gone * (1 - kept_share)
        yield Line(
            line_id=str(item.id),
            sku=label(item.sku),
            brand=label(item.vendor),
            category=item.category,
            quantity=item.quantity,
            amount_minor=minor((paid - item.tax) * left, decimals),
            gross_minor=minor(paid * left, decimals),
        )
    charged = [line for line in order.shipping_lines if line.worth]
    if charged:
        paid = sum((line.paid(taxes_included=included) for line in charged), start=Decimal(0))
        tax = sum((line.tax for line in charged), start=Decimal(0))
        yield Line(
            line_id=SHIPPING,
            sku=None,
            category="shipping",
            quantity=1,
            amount_minor=minor(paid - tax, decimals),
            gross_minor=minor(paid, decimals),
        )


def _removed(order: ShopifyOrder) -> Counter[int]:
    """Units that edits of the order removed, other than those of a refund that paid money back.

    Goods of a pending or failed refund are removed too, but their money was not paid back yet.
    """
    refunded: Counter[int] = Counter()
    for refund in order.refunds:
        if refund.moves_money:
            for each in refund.refund_line_items:
                refunded[each.line_item_id] += each.quantity
    removed: Counter[int] = Counter()
    for item in order.line_items:
        if item.current_quantity is not None:
            gone = item.quantity - item.current_quantity
            removed[item.id] = max(0, gone - refunded[item.id])
    return removed


def _kept_share(order: ShopifyOrder, removed: Counter[int]) -> Decimal:
    """The share of the removed goods that still earns, because a refund takes its points back.

    Goods are removed in exchange for others of the same price, or for money, which is paid back by
    a refund that names no line. The removal must not take the points of that refund a second time.
    """
    worth = over = Decimal(0)
    for item in order.line_items:
        if removed[item.id]:
            paid = item.paid(taxes_included=order.taxes_included)
            worth += paid * removed[item.id] / item.quantity
    rates = order.rates()
    for refund in order.refunds:
        back = refund.given_back(rates)
        if back and not refund.is_pending:
            over += max(Decimal(0), back - sum(refund.shares(back).values()))
    return min(Decimal(1), over / worth) if worth > 0 else Decimal(0)


def _traded_in(order: ShopifyOrder, *, decimals: int) -> dict[str, int]:
    """The value of returned goods less the money paid back for them, by line."""
    left: Counter[str] = Counter()
    rates = order.rates()
    for refund in order.refunds:
        back = refund.intended(rates)
        if back and refund.refund_line_items:
            shares = refund.shares(back)
            worth = sum(shares.values())
            goods = {str(each.line_item_id) for each in refund.refund_line_items}
            for line_id in goods if worth > back else ():
                left[line_id] += minor(shares[line_id] * (1 - back / worth), decimals)
    return {line_id: left_minor for line_id, left_minor in left.items() if left_minor}


def _customer(customer: ShopifyKnownCustomer, shop: SendingShop) -> Command:
    """A customer. Only given consents are passed on; a pending one counts as none."""
    consents = {"email": customer.email_marketing_consent, "sms": customer.sms_marketing_consent}
    return commands.customer(
        str(customer.id),
        source=shop.source,
        named=(("email", customer.email), ("phone", customer.phone)),
        verified=("email",) if customer.has_verified_email else (),
        names=(customer.first_name, customer.last_name),
        consents={
            kind: True for kind, each in consents.items() if each and each.state == "subscribed"
        },
        told_at=customer.updated_at,
    )


def _email_consent(payload: ShopifyEmailConsent, shop: SendingShop) -> Command:
    return _consent(
        payload.customer_id, ("email", payload.email_address), payload.email_marketing_consent, shop
    )


def _sms_consent(payload: ShopifySmsConsent, shop: SendingShop) -> Command:
    return _consent(payload.id, ("phone", payload.phone), payload.sms_marketing_consent, shop)


def _consent(
    customer_id: int,
    contact: tuple[IdentityKind, str | None],
    consent: ShopifyConsent,
    shop: SendingShop,
) -> Command:
    """A customer whose consent changed. Nothing says whether the contact is verified."""
    kind = "email" if contact[0] == "email" else "sms"
    return commands.customer(
        str(customer_id),
        source=shop.source,
        named=(contact,),
        consents={kind: True} if consent.state == "subscribed" else {},
        told_at=consent.consent_updated_at,
    )


def _customers_merged(payload: ShopifyMerge, shop: SendingShop) -> Command:
    if payload.status != "completed":
        return Ignored("not_completed")

    def customer(number: int) -> Identity:
        return identify("customer", str(number), source=shop.source)

    return CustomersMerged(
        remaining=customer(payload.admin_graphql_api_customer_kept_id),
        merged=customer(payload.admin_graphql_api_customer_deleted_id),
    )


def _customer_gone(payload: ShopifyDeletedCustomer, shop: SendingShop) -> Command:
    return commands.customer_erased(str(payload.id), source=shop.source)


def _edited(_payload: Payload, _shop: SendingShop) -> Command:
    return Ignored("told_by_orders_updated")


CUSTOMER_TOPICS: Final = ("customers/create", "customers/update", "customers/delete")
EMAIL_CONSENT: Final = "customers_email_marketing_consent/update"
SMS_CONSENT: Final = "customers_marketing_consent/update"
MERGE: Final = "customers/merge"

TOPICS: Final[Mapping[str, Topic[Command | PrivacyRequest | FetchNeeded]]] = {
    "orders/paid": reads(ShopifyOrder, _order_now),
    "orders/create": reads(ShopifyOrder, _order_now),
    "orders/updated": reads(ShopifyOrder, _order_now),
    "orders/edited": reads(Payload, _edited),
    "orders/cancelled": reads(ShopifyCancelled, _order_cancelled),
    "refunds/create": reads(ShopifyCreatedRefund, _order_refunded),
    "customers/create": reads(ShopifyKnownCustomer, _customer),
    "customers/update": reads(ShopifyKnownCustomer, _customer),
    "customers/delete": reads(ShopifyDeletedCustomer, _customer_gone),
    MERGE: reads(ShopifyMerge, _customers_merged),
    EMAIL_CONSENT: reads(ShopifyEmailConsent, _email_consent),
    SMS_CONSENT: reads(ShopifySmsConsent, _sms_consent),
    "customers/data_request": reads(ShopifyDataRequest, _data_request),
    "customers/redact": reads(ShopifyCustomerErasure, _customers_redact),
    "shop/redact": reads(ShopifyShopErasure, _shop_redact),
}
