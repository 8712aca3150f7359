"""The codes of an order's discounts, among which vouchers may be."""

from typing import Any

import pytest

from loyalty.domain.people.privacy_requests import PrivacyRequest
from loyalty.domain.shops.storefront import Command, FetchNeeded, OrderPaid, OrderRefunded
from loyalty.storefronts.bigcommerce import BIGCOMMERCE
from loyalty.storefronts.shopify import SHOPIFY
from loyalty.storefronts.square import SQUARE
from loyalty.storefronts.stripe import STRIPE
from loyalty.storefronts.woocommerce import WOOCOMMERCE
from tests.support import bigcommerce as big
from tests.support.received import RECEIVED_AT, SHOP, complete_delivery
from tests.support.shopify import OF_NOBODY, WITH_CUSTOMER, payload
from tests.support.signing import encoded, fixture

CODE = "PALQEB2IUTDABXG3"


def of_shopify(
    *codes: str, name: str = WITH_CUSTOMER, **changes: Any
) -> Command | PrivacyRequest | FetchNeeded:
    discounts = [{"code": code, "amount": "5.00", "type": "fixed_amount"} for code in codes]
    body = payload(name, paid_at=RECEIVED_AT, **({"discount_codes": discounts} | changes))
    topic = "orders/updated" if "financial_status" in changes else "orders/paid"
    return SHOPIFY.translate(topic, encoded(body), SHOP)


def of_woocommerce(*codes: str) -> Command:
    coupons = [{"id": number, "code": code} for number, code in enumerate(codes)]
    body = fixture("woocommerce/order.727") | {"coupon_lines": coupons}
    return WOOCOMMERCE.translate("order.updated", encoded(body), SHOP)


def of_square(*codes: str) -> Command:
    discounts = [{"uid": "d1", "name": code, "scope": "ORDER"} for code in codes]
    order = fixture("square/order")["order"] | {"customer_id": "ANA", "discounts": discounts}
    payment_event = encoded(fixture("square/payment.updated"))
    return complete_delivery(
        SQUARE, "payment.updated", payment_event, [encoded({"order": order})], source="till"
    )


def of_bigcommerce(*codes: str) -> Command:
    discounts = [{"id": "coupon", "amount": "1.0000", "code": code} for code in codes]
    products = [big.product("65.0000", "71.5000", applied_discounts=discounts)]
    fetched = [encoded(each) for each in (big.order(), products, big.refunds())]
    return complete_delivery(
        BIGCOMMERCE, "store/order/updated", encoded(big.event()), fetched, source="shop"
    )


def of_stripe(*codes: str) -> Command | FetchNeeded:
    body = fixture("stripe/checkout.session.completed")
    body["data"]["object"] |= {"metadata": {"voucher_code": codes[0]} if codes else {}}
    return STRIPE.translate(body["type"], encoded(body), SHOP)


LISTING = [of_shopify, of_woocommerce, of_square, of_bigcommerce]


def codes_of(command: Command | PrivacyRequest | FetchNeeded) -> tuple[str, ...] | None:
    assert isinstance(command, OrderPaid), command
    return command.codes


@pytest.mark.parametrize("translate", [*LISTING, of_stripe])
def test_a_code_that_may_be_a_voucher_is_in_capitals(translate: Any) -> None:
    assert codes_of(translate(CODE.lower())) == (CODE,)


@pytest.mark.parametrize("translate", LISTING)
def test_an_empty_list_of_discounts_means_no_codes(translate: Any) -> None:
    assert codes_of(translate()) == ()
    assert codes_of(translate("WELCOME10")) == ()


def test_without_a_list_of_discounts_the_codes_are_unknown() -> None:
    assert codes_of(of_stripe()) is None
    assert codes_of(of_shopify(discount_codes=None)) is None


def test_an_order_without_a_customer_still_uses_its_vouchers() -> None:
    command = of_shopify(CODE, name=OF_NOBODY)

    assert isinstance(command, OrderPaid)
    assert (command.excluded, command.codes) == ("no_customer", (CODE,))


def test_an_order_that_was_fully_refunded_is_marked() -> None:
    paid = of_shopify(CODE, financial_status="paid", refunds=[])
    refunded = of_shopify(CODE, financial_status="refunded", refunds=[])

    assert isinstance(paid, OrderPaid)
    assert isinstance(refunded, OrderPaid)
    assert (paid.all_given_back, refunded.all_given_back) == (False, True)


@pytest.mark.parametrize("is_all", [False, True])
def test_a_charge_that_was_fully_refunded_is_marked(is_all: bool) -> None:
    body = fixture("stripe/charge.refunded")
    body["data"]["object"] |= {"refunded": is_all, "payment_intent": "pi_1"}

    command = STRIPE.translate(body["type"], encoded(body), SHOP)

    assert isinstance(command, OrderRefunded), command
    assert command.all_given_back is is_all
