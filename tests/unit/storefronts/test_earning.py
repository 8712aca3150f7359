"""Which of a shop's paid orders earn."""

from typing import Any

import pytest

from loyalty.domain.people.privacy_requests import PrivacyRequest
from loyalty.domain.shops.storefront import (
    Command,
    FetchNeeded,
    Ignored,
    OrderFilter,
    OrderPaid,
    SendingShop,
)
from loyalty.storefronts.bigcommerce import BIGCOMMERCE
from loyalty.storefronts.shopify import SHOPIFY
from loyalty.storefronts.square import SQUARE
from loyalty.storefronts.woocommerce import WOOCOMMERCE
from tests.support import bigcommerce as big
from tests.support.received import RECEIVED_AT, complete_delivery
from tests.support.shopify import WITH_CUSTOMER, payload
from tests.support.signing import encoded, fixture


def of_shopify(
    earns: OrderFilter, *, topic: str = "orders/paid", **changes: Any
) -> Command | PrivacyRequest | FetchNeeded:
    body = encoded(payload(WITH_CUSTOMER, paid_at=RECEIVED_AT, **changes))
    return SHOPIFY.translate(topic, body, SendingShop("shop", earns=earns))


def of_woocommerce(earns: OrderFilter, **changes: Any) -> Command:
    body = encoded(fixture("woocommerce/order.727") | changes)
    return WOOCOMMERCE.translate("order.updated", body, SendingShop("shop", earns=earns))


def of_square(earns: OrderFilter, **changes: Any) -> Command:
    answer = fixture("square/order")["order"] | {"customer_id": "ANA"} | changes
    return complete_delivery(
        SQUARE,
        "payment.updated",
        encoded(fixture("square/payment.updated")),
        [encoded({"order": answer})],
        source="till",
        earns=earns,
    )


def of_bigcommerce(earns: OrderFilter, *given_back: dict[str, Any], **changes: Any) -> Command:
    fetched = [big.order(**changes), big.PRODUCTS, big.refunds(*given_back)]
    return complete_delivery(
        BIGCOMMERCE,
        "store/order/updated",
        encoded(big.event()),
        [encoded(each) for each in fetched],
        source="shop",
        earns=earns,
    )


@pytest.mark.parametrize("translate", [of_shopify, of_woocommerce, of_square, of_bigcommerce])
def test_every_paid_order_earns_without_a_filter(translate: Any) -> None:
    command = translate(OrderFilter())

    assert isinstance(command, OrderPaid)
    assert command.excluded is None


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (of_shopify(OrderFilter(statuses=("fulfilled",)), fulfillment_status="fulfilled"), None),
        (
            of_shopify(OrderFilter(statuses=("fulfilled",)), fulfillment_status=None),
            "status_excluded",
        ),
        (of_shopify(OrderFilter(statuses=("unfulfilled",)), fulfillment_status=None), None),
        (of_woocommerce(OrderFilter(statuses=("completed",)), status="completed"), None),
        (
            of_woocommerce(OrderFilter(statuses=("completed",)), status="processing"),
            "status_excluded",
        ),
        (of_woocommerce(OrderFilter(statuses=("Shipped",)), status="shipped"), None),
        (of_square(OrderFilter(statuses=("completed",)), state="COMPLETED"), None),
        (of_square(OrderFilter(statuses=("completed",)), state="OPEN"), "status_excluded"),
        (of_bigcommerce(OrderFilter(statuses=("completed",)), status_id=10), None),
        (of_bigcommerce(OrderFilter(statuses=("completed",)), status_id=11), "status_excluded"),
    ],
)
def test_an_order_earns_in_the_chosen_statuses(command: Command, status: str | None) -> None:
    if status:
        assert command == Ignored(status)
    else:
        assert isinstance(command, OrderPaid)


def test_a_status_of_the_shop_s_own_earns_only_where_it_was_chosen() -> None:
    assert of_woocommerce(OrderFilter(), status="shipped") == Ignored("not_paid")
    assert of_woocommerce(OrderFilter(channels=("rest-api",)), status="shipped") == Ignored(
        "not_paid"
    )


@pytest.mark.parametrize(
    ("command", "earns"),
    [
        (of_shopify(OrderFilter(channels=("WEB", "pos")), source_name="web"), True),
        (of_shopify(OrderFilter(channels=("pos",)), source_name="web"), False),
        (of_shopify(OrderFilter(channels=("pos",)), source_name=None), False),
        (of_woocommerce(OrderFilter(channels=("checkout",)), created_via="checkout"), True),
        (of_woocommerce(OrderFilter(channels=("checkout",)), created_via="admin"), False),
        (
            of_square(OrderFilter(channels=("Point of Sale",)), source={"name": "Point of Sale"}),
            True,
        ),
        (of_square(OrderFilter(channels=("Point of Sale",)), source={"name": "Online"}), False),
        (of_bigcommerce(OrderFilter(channels=("www",)), order_source="www"), True),
        (of_bigcommerce(OrderFilter(channels=("www",)), order_source="amazon"), False),
    ],
)
def test_an_order_earns_in_the_chosen_channels(command: Command, earns: bool) -> None:
    if earns:
        assert isinstance(command, OrderPaid)
    else:
        assert command == Ignored("channel_excluded")


@pytest.mark.parametrize(
    ("earns", "tags", "of_customer", "is_excluded"),
    [
        (OrderFilter(tags_any=("loyal",)), "new, Loyal", "", False),
        (OrderFilter(tags_any=("loyal",)), "new", "loyal", False),
        (OrderFilter(tags_any=("loyal",)), "new", "", True),
        (OrderFilter(tags_any=("loyal",)), "disloyal", "", True),
        (OrderFilter(tags_none=("wholesale",)), "new", "vip", False),
        (OrderFilter(tags_none=("wholesale",)), "Wholesale, new", "", True),
        (OrderFilter(tags_none=("wholesale",)), "", "wholesale", True),
        (OrderFilter(tags_any=("new",), tags_none=("wholesale",)), "new, wholesale", "", True),
    ],
)
def test_the_tags_of_an_order_and_of_its_customer_decide(
    earns: OrderFilter, tags: str, of_customer: str, is_excluded: bool
) -> None:
    customer = payload(WITH_CUSTOMER)["customer"] | {"tags": of_customer}

    command = of_shopify(earns, tags=tags, customer=customer)

    if is_excluded:
        assert command == Ignored("tags_excluded")
    else:
        assert isinstance(command, OrderPaid)


def test_refunds_of_an_excluded_order_are_still_passed_on() -> None:
    command = of_bigcommerce(OrderFilter(statuses=("completed",)), big.refund(5.0), status_id=14)

    assert isinstance(command, OrderPaid)
    assert command.excluded == "status_excluded"
    assert [refund.refund_id for refund in command.refunds or ()] == ["3"]
