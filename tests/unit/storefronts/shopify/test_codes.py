"""Shopify is asked for discount codes as it wants to be asked, and its answers are understood."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.shops.shop_codes import Discount, KnownCode, ShopCode
from loyalty.storefronts.shopify.codes import ShopifyCodes
from loyalty.storefronts.shopify.payload import GRAPHQL_PATH
from loyalty.usecases.shops.shop_codes import ShopRefused
from tests.support.fuzz import places, spoiled

STARTS_AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
NODE = "gid://shopify/DiscountCodeNode/1"
EXISTING = KnownCode(name=NODE, kind="amount_off", is_active=False, uses_max=1)


def answered(answer: Any) -> tuple[ShopifyCodes, list[dict[str, Any]]]:
    """A shop that answers all alike, and what it was asked."""
    requests: list[dict[str, Any]] = []

    def send(path: str, body: bytes) -> bytes:
        assert path == GRAPHQL_PATH
        requests.append(json.loads(body))
        return json.dumps(answer).encode()

    return ShopifyCodes(send), requests


def done(*codes: str) -> dict[str, Any]:
    return {"data": {"done": {"userErrors": [{"code": code, "field": ["x"]} for code in codes]}}}


def node(status: str = "ACTIVE", kind: str = "DiscountCodeBasic") -> dict[str, Any]:
    discount = {"__typename": kind, "status": status, "usageLimit": 1}
    return {"data": {"codeDiscountNodeByCode": {"id": NODE, "codeDiscount": discount}}}


TAKEN = done("TAKEN")


def code(discount: Discount, currency: str = "EUR") -> ShopCode:
    return ShopCode(
        code="PALQEB2IUTDABXG3",
        title="Latte BXG3",
        discount=discount,
        currency=currency,
        starts_at=STARTS_AT,
        ends_at=None,
        uses_max=1,
    )


@pytest.mark.parametrize(
    ("discount", "currency", "value"),
    [
        (
            Discount(kind="amount_off", amount_minor=550),
            "EUR",
            {"discountAmount": {"amount": "5.50", "appliesOnEachItem": False}},
        ),
        (
            Discount(kind="amount_off", amount_minor=550),
            "JPY",
            {"discountAmount": {"amount": "550", "appliesOnEachItem": False}},
        ),
        (Discount(kind="percent_off", percent=15), "EUR", {"percentage": 0.15}),
    ],
)
def test_a_code_takes_off_what_its_reward_says(
    discount: Discount, currency: str, value: dict[str, Any]
) -> None:
    shop, requests = answered(done())

    shop.create(code(discount, currency))

    (request,) = requests
    assert "discountCodeBasicCreate" in request["query"]
    assert request["variables"]["discount"] == {
        "title": "Latte BXG3",
        "code": "PALQEB2IUTDABXG3",
        "startsAt": "2026-11-21T10:00:00+00:00",
        "endsAt": None,
        "usageLimit": 1,
        "context": {"all": "ALL"},
        "customerGets": {"value": value, "items": {"all": True}},
    }


def test_free_shipping_is_a_discount_of_its_own() -> None:
    shop, requests = answered(done())

    shop.create(code(Discount(kind="free_shipping")))

    assert "discountCodeFreeShippingCreate" in requests[0]["query"]
    assert requests[0]["variables"]["discount"]["destination"] == {"all": True}


def test_creating_an_existing_code_succeeds() -> None:
    shop, _ = answered(done("TAKEN"))

    shop.create(code(Discount(kind="free_shipping")))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (done("INVALID"), "INVALID"),
        (done("TAKEN", "INVALID"), "INVALID"),
        ({"errors": [{"message": "no", "extensions": {"code": "ACCESS_DENIED"}}]}, "ACCESS_DENIED"),
        ({"data": None}, "malformed"),
        ({"data": {"done": None}}, "malformed"),
        ([], "malformed"),
    ],
)
def test_a_refusal_of_a_shop_has_its_code(answer: Any, reason: str) -> None:
    shop, _ = answered(answer)

    with pytest.raises(ShopRefused) as refusal:
        shop.create(code(Discount(kind="free_shipping")))

    assert refusal.value.reason == reason


def test_a_throttled_request_is_repeated_later() -> None:
    shop, _ = answered({"errors": [{"extensions": {"code": "THROTTLED"}}]})

    with pytest.raises(TryAgain):
        shop.find("X")


def test_a_code_is_found_as_the_shop_has_it() -> None:
    assert answered(node())[0].find("X") == KnownCode(
        name=NODE, kind="amount_off", is_active=True, uses_max=1
    )
    shipping = answered(node("EXPIRED", "DiscountCodeFreeShipping"))[0].find("X")
    assert shipping == KnownCode(name=NODE, kind="free_shipping", is_active=False, uses_max=1)
    assert answered({"data": {"codeDiscountNodeByCode": None}})[0].find("X") is None


def test_a_code_is_activated_again_for_one_more_use() -> None:
    shop, requests = answered(done())

    shop.renew(EXISTING, uses_max=2)

    limited, activated = requests
    assert limited["variables"] == {"id": NODE, "discount": {"usageLimit": 2}}
    assert "discountCodeActivate" in activated["query"]


def test_a_code_is_deactivated_by_its_name() -> None:
    shop, requests = answered(done())

    shop.deactivate(EXISTING)

    assert "discountCodeDeactivate" in requests[0]["query"]
    assert requests[0]["variables"] == {"id": NODE}


@given(spoiled(node(), places=list(places(node()))) | spoiled(TAKEN, places=list(places(TAKEN))))
def test_any_malformed_answer_is_read_or_refused(answer: Any) -> None:
    shop, _ = answered(answer)

    with suppress(ShopRefused, TryAgain):
        shop.find("X")
    with suppress(ShopRefused, TryAgain):
        shop.create(code(Discount(kind="free_shipping")))
