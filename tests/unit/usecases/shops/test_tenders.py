"""Where rules depend on how an order was paid, the platform is asked; elsewhere it is not."""

from typing import Any, Final

import pytest

from loyalty.usecases.shops.platforms import Unfetchable
from tests.support.documents import rule
from tests.support.received import RECEIVED_AT
from tests.support.shop_stories import ConnectedShop
from tests.support.shopify import WITH_CUSTOMER, payload

GRAPHQL: Final = "/admin/api/2026-07/graphql.json"
CUSTOMER: Final = "207119551"
# A point for each cent of what was paid by card.
BY_CARD: Final = rule(per_minor=1, tenders=["card"])


def paid_half_by_card(_body: Any) -> Any:
    transactions = [
        {"gateway": gateway, "kind": "SALE", "status": "SUCCESS"}
        | {"amountSet": {"shopMoney": {"amount": "200.00"}}}
        for gateway in ("shopify_payments", "gift_card")
    ]
    return {"data": {"order": {"transactions": transactions}}}


def deliver(shop: ConnectedShop, **changes: Any) -> tuple[str, int]:
    gateways = ["shopify_payments", "gift_card"]
    body = payload(WITH_CUSTOMER, paid_at=RECEIVED_AT, payment_gateway_names=gateways, **changes)
    outcome = shop.deliver("orders/paid", body)
    return outcome.status, outcome.points


@pytest.fixture
def connected() -> Any:
    def connected(rules: list[Any], **parts: Any) -> ConnectedShop:
        shop = ConnectedShop("shopify", rules=rules, store="bean-and-leaf", **parts)
        shop.enroll(CUSTOMER)
        shop.responses = {GRAPHQL: paid_half_by_card}
        return shop

    return connected


def test_an_order_earns_on_the_share_that_was_paid_by_what_a_rule_names(connected: Any) -> None:
    everything = connected([rule(per_minor=1)])
    by_card = connected([BY_CARD], client_id="app")

    (_, all_points), (_, points) = deliver(everything), deliver(by_card)

    assert points == all_points // 2 > 0
    assert (everything.requested, by_card.requested) == ([], [GRAPHQL])


def test_it_earns_nothing_by_tender_where_nobody_can_be_asked(connected: Any) -> None:
    assert deliver(connected([BY_CARD])) == ("earned", 0)


def test_it_is_parked_where_the_platform_refuses(connected: Any) -> None:
    shop = connected([BY_CARD], client_id="app")
    shop.responses = {GRAPHQL: Unfetchable("access_denied")}

    assert deliver(shop) == ("parked", 0)
