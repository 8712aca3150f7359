"""What orders of each platform say beside their goods: place, payment, codes, and brands."""

from typing import Any

import pytest

from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.orders.order import Order, Tender
from loyalty.domain.people.privacy_requests import PrivacyRequest
from loyalty.domain.shops.storefront import (
    Command,
    FetchNeeded,
    OrderPaid,
    OrdersPaid,
    Parked,
    SendingShop,
)
from loyalty.storefronts.bigcommerce import BIGCOMMERCE
from loyalty.storefronts.shopify import SHOPIFY
from loyalty.storefronts.square import SQUARE
from loyalty.storefronts.stripe import STRIPE
from loyalty.storefronts.woocommerce import WOOCOMMERCE
from tests.support import bigcommerce as big
from tests.support.received import RECEIVED_AT, SHOP, complete_delivery
from tests.support.shopify import WITH_CUSTOMER, payload
from tests.support.signing import encoded, fixture
from tests.support.stripe import payment_event

VOUCHER = "PALQEB2IUTDABXG3"
# A shop in whose program payment decides points.
ASKING_SHOP = SendingShop("shop", names_tenders=True)


def order_of(command: Command | PrivacyRequest | FetchNeeded) -> Order:
    assert isinstance(command, OrderPaid), command
    return command.order


def shopify(**changes: Any) -> bytes:
    return encoded(payload(WITH_CUSTOMER, paid_at=RECEIVED_AT, **changes))


def of_shopify(**changes: Any) -> Order:
    return order_of(SHOPIFY.translate("orders/paid", shopify(**changes), SHOP))


def of_woocommerce(**changes: Any) -> Order:
    body = fixture("woocommerce/order.727") | changes
    return order_of(WOOCOMMERCE.translate("order.updated", encoded(body), SHOP))


def of_square(**changes: Any) -> Order:
    bought = fixture("square/order")["order"] | {"customer_id": "ANA"} | changes
    event = encoded(fixture("square/payment.updated"))
    return order_of(
        complete_delivery(SQUARE, "payment.updated", event, [encoded({"order": bought})])
    )


def of_bigcommerce(**changes: Any) -> Order:
    answers = [encoded(each) for each in (big.order(**changes), big.PRODUCTS, big.refunds())]
    event = encoded(big.event())
    return order_of(complete_delivery(BIGCOMMERCE, "store/order/updated", event, answers))


def stripe(name: str = "checkout.session.completed", **changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = fixture(f"stripe/{name}")
    body["data"]["object"] |= changes
    return body


def of_stripe(**changes: Any) -> Order:
    body = stripe(**changes)
    return order_of(STRIPE.translate(body["type"], encoded(body), SHOP))


class TestShopify:
    def test_the_recorded_order_was_paid_by_card_with_a_code(self) -> None:
        bought = of_shopify()

        paid_minor = sum(line.paid_minor for line in bought.lines)
        assert bought.tenders == (Tender("card", paid_minor),)
        assert bought.codes == ("TENOFF",)
        assert bought.location is None

    def test_a_till_says_where_and_by_what_it_was_paid(self) -> None:
        bought = of_shopify(location_id=655441491, payment_gateway_names=["cash"])

        assert bought.location == "655441491"
        assert [tender.kind for tender in bought.tenders] == ["cash"]

    def test_the_vendor_is_the_brand(self) -> None:
        (first, *rest) = payload(WITH_CUSTOMER, paid_at=RECEIVED_AT)["line_items"]

        bought = of_shopify(line_items=[first | {"vendor": "Bean & Leaf"}, *rest])

        assert [line.brand for line in bought.lines][:2] == ["Bean & Leaf", None]

    def test_an_attribute_of_the_order_may_have_codes_and_vouchers_are_none(self) -> None:
        notes = [{"name": "colour", "value": "green"}, {"name": "Promotion_code", "value": "a, B"}]

        bought = of_shopify(note_attributes=notes, discount_codes=[{"code": VOUCHER}])

        assert bought.codes == ("A", "B")

    def test_an_attribute_of_the_order_may_have_the_code_of_who_brought_the_customer(self) -> None:
        notes = [
            {"name": "loyalty_ref", "value": "k5txq2m7bd"},
            {"name": "promotion_code", "value": "A"},
        ]

        assert {"A", "K5TXQ2M7BD"} <= set(of_shopify(note_attributes=notes).codes)

    def test_several_gateways_are_unknown_as_long_as_they_decide_nothing(self) -> None:
        bought = of_shopify(payment_gateway_names=["shopify_payments", "gift_card"])

        assert bought.tenders == ()

    def answered(self, answer: Any) -> Command:
        body = shopify(payment_gateway_names=["shopify_payments", "gift_card"])
        return complete_delivery(
            SHOPIFY, "orders/paid", body, [encoded(answer)], names_tenders=True
        )

    def test_where_they_decide_the_transactions_say_what_each_has_paid(self) -> None:
        transactions = [
            {"gateway": gateway, "kind": kind, "status": status}
            | {"amountSet": {"shopMoney": {"amount": amount}}}
            for gateway, kind, status, amount in (
                ("gift_card", "SALE", "SUCCESS", "100.00"),
                ("shopify_payments", "AUTHORIZATION", "SUCCESS", "309.94"),
                ("shopify_payments", "CAPTURE", "FAILURE", "309.94"),
                ("shopify_payments", "CAPTURE", "SUCCESS", "309.94"),
                ("shopify_payments", "REFUND", "SUCCESS", "50.00"),
                ("cash", "SALE", "SUCCESS", "20.00"),
                ("cash", "CHANGE", "SUCCESS", "15.00"),
            )
        ]

        command = self.answered({"data": {"order": {"transactions": transactions}}})

        assert order_of(command).tenders == (
            Tender("card", 309_94),
            Tender("cash", 5_00),
            Tender("gift_card", 100_00),
        )

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            ({"errors": [{"extensions": {"code": "ACCESS_DENIED"}}]}, "access_denied"),
            ({"errors": [{"message": "no"}]}, "refused_by_platform"),
            ({"data": {"order": None}}, "malformed"),
        ],
    )
    def test_an_order_is_parked_if_nobody_says_how_it_was_paid(
        self, answer: Any, reason: str
    ) -> None:
        command = self.answered(answer)

        assert isinstance(command, Parked)
        assert command.reason == reason

    def test_it_is_tried_again_if_the_shop_asks_for_time(self) -> None:
        with pytest.raises(TryAgain):
            self.answered({"errors": [{"extensions": {"code": "THROTTLED"}}]})


class TestWooCommerce:
    def test_the_recorded_order_was_paid_by_bank_transfer(self) -> None:
        assert of_woocommerce().tenders == (Tender("bacs", 2935),)

    def test_gift_cards_paid_what_is_not_in_the_total(self) -> None:
        cards = [{"id": 1, "code": "A", "amount": "10.00"}, {"id": 2, "amount": 5}, {"amount": []}]

        bought = of_woocommerce(payment_method="cod", total="14.35", gift_cards=cards)

        assert bought.tenders == (Tender("cash", 1435), Tender("gift_card", 1500))

    def test_coupons_and_what_a_plugin_noted_are_codes(self) -> None:
        notes = [{"key": "promotion_code", "value": "flyer"}, {"key": "x", "value": {"y": 1}}]

        bought = of_woocommerce(coupon_lines=[{"code": "ten"}], meta_data=notes)

        assert bought.codes == ("FLYER", "TEN")


class TestSquare:
    def test_the_recorded_order_has_a_location_and_the_name_of_its_discount(self) -> None:
        bought = of_square()

        assert bought.location == "D7AVYMEAPJ3A3"
        assert bought.codes == ("50% OFF",)

    def test_every_payment_is_a_tender_by_its_type(self) -> None:
        bought = of_square(
            tenders=[
                {"id": "1", "type": kind, "amount_money": {"amount": amount, "currency": "USD"}}
                for kind, amount in (
                    ("CARD", 300),
                    ("THIRD_PARTY_CARD", 50),
                    ("SQUARE_GIFT_CARD", 100),
                    ("CASH", 70),
                    ("BUY_NOW_PAY_LATER", 30),
                    ("NO_SALE", 0),
                )
            ],
            metadata={"promotion_code": "flyer"},
            discounts=None,
        )

        assert bought.tenders == (
            Tender("buy_now_pay_later", 30),
            Tender("card", 350),
            Tender("cash", 70),
            Tender("gift_card", 100),
        )
        assert bought.codes == ("FLYER",)


class TestBigCommerce:
    def test_credit_and_gift_certificates_paid_a_part_of_the_total(self) -> None:
        bought = of_bigcommerce(
            payment_method="Credit Card",
            gift_certificate_amount="20.0000",
            store_credit_amount="1.5000",
        )

        assert bought.tenders == (
            Tender("card", 5000),
            Tender("gift_card", 2000),
            Tender("store_credit", 150),
        )
        assert bought.codes == ("TEN",)

    def test_a_payment_method_is_called_what_the_shop_calls_it(self) -> None:
        assert of_bigcommerce(payment_method="Bank Deposit").tenders == (
            Tender("bank_deposit", 7150),
        )


class TestStripe:
    def test_the_recorded_checkout_could_only_be_paid_by_card(self) -> None:
        assert [tender.kind for tender in of_stripe().tenders] == ["card"]

    def test_metadata_and_promotion_codes_say_more(self) -> None:
        bought = of_stripe(
            metadata={"location": "lyon", "promotion_code": "flyer"},
            discounts=[{"coupon": None, "promotion_code": "promo_1"}],
        )

        assert bought.location == "lyon"
        assert bought.codes == ("FLYER", "PROMO_1")

    def test_what_a_customer_chose_is_unknown_as_long_as_it_decides_nothing(self) -> None:
        assert of_stripe(payment_method_types=["card", "klarna"]).tenders == ()

    @pytest.mark.parametrize(
        ("method", "kind"), [("klarna", "klarna"), ("card_present", "card"), (None, None)]
    )
    def test_where_it_decides_the_charge_of_the_payment_says_it(
        self, method: str | None, kind: str | None
    ) -> None:
        body = stripe(payment_method_types=["card", "klarna"])
        charge = {"payment_method_details": {"type": method}} if method else None

        command = complete_delivery(
            STRIPE,
            body["type"],
            encoded(body),
            [encoded({"id": "pi_1", "latest_charge": charge})],
            names_tenders=True,
        )

        assert [tender.kind for tender in order_of(command).tenders] == ([kind] if kind else [])

    def test_each_payment_of_an_invoice_is_asked_for(self) -> None:
        body = stripe("invoice.paid")
        invoice = body["data"]["object"]
        del invoice["payment_intent"]
        invoice |= {"amount_paid": 1000, "total": 1000}
        payments = [
            {"amount_paid": 500, "payment": {"payment_intent": name}} for name in ("pi_1", "pi_2")
        ]
        methods = [
            {"latest_charge": {"payment_method_details": {"type": kind}}}
            for kind in ("card", "link")
        ]
        answers = [encoded({"data": payments}), *map(encoded, methods)]

        command = complete_delivery(
            STRIPE, body["type"], encoded(body), answers, names_tenders=True
        )

        assert isinstance(command, OrdersPaid)
        assert [paid.order.tenders for paid in command.orders] == [
            (Tender("card", 500),),
            (Tender("link", 500),),
        ]

    def test_a_payment_that_does_not_earn_is_not_asked_for(self) -> None:
        body = payment_event()

        command = STRIPE.translate(body["type"], encoded(body), ASKING_SHOP)

        assert not isinstance(command, FetchNeeded)
