from datetime import UTC, datetime

from local.shop import delivery, paid_order
from loyalty.storefronts.shopify import SHOPIFY
from tests.support.received import received

SECRET = "of-the-shop"  # the storefront's own check says whether it was used rightly


def test_a_delivery_is_signed_as_the_storefront_demands() -> None:
    order = paid_order(email="ana@example.com", paid_at=datetime(2026, 11, 21, 9, 30, tzinfo=UTC))

    sent = delivery(order, topic="orders/paid", secret=SECRET, webhook_id="w1", event_id="e1")

    headers = {name.lower(): value for name, value in sent.headers.items()}
    assert SHOPIFY.verify(received(sent.body, headers), secrets=[SECRET])
    assert not SHOPIFY.verify(received(sent.body + b" ", headers), secrets=[SECRET])
