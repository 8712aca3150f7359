"""Managers connect storefronts over HTTP."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from functions.storefronts.handler import handler
from tests.integration.conftest import STOREFRONT_SECRETS, Clock
from tests.support.deliveries import CONNECTION, MANAGER, PROGRAM_ID, connect, deliver
from tests.support.http import Answer, call, service, staff
from tests.support.shopify import SECRET, WITH_CUSTOMER, payload

PATH = f"/v1/programs/{PROGRAM_ID}/storefronts/online"


pytestmark = pytest.mark.usefixtures("program")


def read(path: str = PATH) -> Answer:
    return call(handler, "GET", path, as_=MANAGER)


def disconnect(path: str = PATH) -> Answer:
    return call(handler, "DELETE", path, as_=MANAGER)


def stored(storefront_id: str = "online") -> list[str]:
    """The secrets as they are kept."""
    name = f"{STOREFRONT_SECRETS}{PROGRAM_ID}/{storefront_id}/signing"
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=name)
    secrets: list[str] = json.loads(secret["SecretString"])["secrets"]
    return secrets


def test_a_storefront_is_connected_and_read_without_its_secrets() -> None:
    answer = connect()

    assert answer.status == 201
    assert answer.body["id"] == "online"
    assert answer.body["platform"] == "shopify"
    assert answer.body["source"] == "shop"
    assert answer.body["webhook_path"] == "/v1/programs/bean/webhooks/online"
    assert answer.body.items() <= read().body.items()
    assert SECRET not in answer.text


def test_its_secrets_are_in_the_secrets_manager_and_not_in_the_table(dynamodb: Any) -> None:
    connect()

    assert stored() == [SECRET]
    assert SECRET not in str(dynamodb.scan(TableName="ledger"))


def test_the_same_request_changes_the_connection(time: Clock) -> None:
    first = connect().body
    time.now += timedelta(hours=1)

    answer = connect(source="till", secrets=["new", SECRET])

    assert answer.status == 200
    assert answer.body["source"] == "till"
    assert answer.body["connected_at"] == first["connected_at"]
    assert answer.body["changed_at"] > first["changed_at"]
    assert stored() == ["new", SECRET]


def test_the_same_again_makes_no_new_version_of_the_secret() -> None:
    connect()
    connect()

    versions = boto3.client("secretsmanager").list_secret_version_ids(
        SecretId=f"{STOREFRONT_SECRETS}{PROGRAM_ID}/online/signing", IncludeDeprecated=True
    )

    assert len(versions["Versions"]) == 1


def test_a_secret_comes_back_after_it_was_replaced() -> None:
    for secret in ("first", "second", "first"):
        connect(secrets=[secret])

    assert stored() == ["first"]


def test_a_disconnected_storefront_is_gone_with_its_secrets() -> None:
    connect()

    answer = disconnect()

    assert (answer.status, answer.text) == (204, "")
    assert read().code == "not_found"
    assert disconnect().code == "not_found"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        stored()


def test_a_disconnected_storefront_can_be_connected_again() -> None:
    connect()
    disconnect()

    assert connect(secrets=["another"]).status == 201

    assert stored() == ["another"]


def test_an_id_with_a_colon_is_an_id_like_others() -> None:
    assert connect("shop:eu").status == 201
    assert stored("shop+eu") == [SECRET]
    assert read(f"/v1/programs/{PROGRAM_ID}/storefronts/shop:eu").body["id"] == "shop:eu"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"platform": "fax"}, "/platform"),
        ({"source": "a shop"}, "/source"),
        ({"source": ""}, "/source"),
        ({"secrets": []}, "/secrets"),
        ({"secrets": ["a", "b", "c"]}, "/secrets"),
        ({"secrets": [""]}, "/secrets/0"),
        ({"secrets": ["copied with a space "]}, "/secrets/0"),
        ({"secrets": [7]}, "/secrets/0"),
        ({"secret": "x"}, "/secret"),
        ({"platform": "square"}, "/access_token"),
        ({"platform": "bigcommerce", "access_token": "t"}, "/store"),
        ({"platform": "bigcommerce", "store": "../x", "access_token": "t"}, "/store"),
        ({"store": None}, "/store"),
        ({"store": "bean-and-leaf.myshopify.com"}, "/store"),
        ({"platform": "stripe", "store": "bean-and-leaf"}, "/store"),
        ({"platform": "woocommerce", "access_token": "t"}, "/access_token"),
        ({"platform": "stripe", "sandbox": True}, "/sandbox"),
        (
            {"platform": "square", "access_token": "t", "notification_url": "http://x"},
            "/notification_url",
        ),
    ],
)
def test_a_mistake_in_a_connection_is_named(changes: dict[str, Any], pointer: str) -> None:
    answer = connect(**changes)

    assert (answer.status, answer.code) == (422, "validation_failed")
    assert pointer in answer.pointers
    assert "copied" not in answer.text


def test_a_shop_s_access_token_is_kept_with_its_secrets_and_never_shown() -> None:
    url = "https://hooks.example.com/square"

    answer = connect(
        platform="square", access_token="EAAA-token", notification_url=url, sandbox=True
    )

    assert answer.status == 201, answer.text
    assert "EAAA-token" not in answer.text
    assert "EAAA-token" not in read().text
    assert read().body["notification_url"] == url
    assert read().body["sandbox"] is True
    name = f"{STOREFRONT_SECRETS}{PROGRAM_ID}/online/signing"
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=name)
    assert json.loads(secret["SecretString"])["access_token"] == "EAAA-token"


def test_an_id_outside_the_pattern_is_refused() -> None:
    assert connect("a b").status in (404, 422)
    assert connect("x" * 65).status == 422


@pytest.mark.parametrize("role", ["cashier", "analyst"])
def test_only_a_manager_connects(role: str) -> None:
    assert connect(as_=staff(PROGRAM_ID, role)).code == "forbidden"
    assert connect(as_=service(PROGRAM_ID)).code == "forbidden"


def test_a_manager_of_another_program_finds_nothing() -> None:
    connect()

    answer = call(handler, "GET", PATH, as_=staff("leaf", "manager"))

    assert (answer.status, answer.code) == (404, "not_found")


def test_a_program_that_was_never_published_has_no_storefronts() -> None:
    answer = call(
        handler,
        "PUT",
        "/v1/programs/leaf/storefronts/online",
        body=CONNECTION,
        as_=staff("leaf", "manager"),
    )

    assert (answer.status, answer.code) == (404, "not_found")


WOOCOMMERCE: dict[str, Any] = {"platform": "woocommerce", "secrets": ["made-up"]}
KEY = "ck_0123:cs_4567"


def test_a_shop_of_woocommerce_may_be_asked_for_its_products() -> None:
    answer = connect(**WOOCOMMERCE, access_token=KEY, store="shop.example.com")

    assert (answer.status, answer.body["has_access_token"]) == (201, True)
    assert KEY not in answer.text


@pytest.mark.parametrize(
    ("parts", "pointer", "code"),
    [
        ({"access_token": KEY}, "/store", "missing"),
        ({"access_token": "ck_0123", "store": "shop.example.com"}, "/access_token", "key_form"),
        ({"access_token": KEY, "store": "localhost"}, "/store", "not_public"),
        ({"access_token": KEY, "store": "169.254.169.254"}, "/store", "not_public"),
    ],
)
def test_a_shop_of_woocommerce_is_asked_only_at_a_public_name_and_with_a_whole_key(
    parts: dict[str, Any], pointer: str, code: str
) -> None:
    answer = connect(**WOOCOMMERCE, **parts)

    assert answer.status == 422
    assert [(each["pointer"], each["code"]) for each in answer.body["errors"]] == [(pointer, code)]


def test_a_connection_is_checked() -> None:
    connect()

    answer = call(handler, "POST", f"{PATH}/check", as_=MANAGER)

    assert answer.status == 200
    assert (answer.body["works"], answer.body["asked_platform"]) == (False, False)
    # The example's rules name categories.
    assert [each["code"] for each in answer.body["findings"]] == [
        "categories_not_read",
        "no_deliveries",
    ]
    assert SECRET not in answer.text


def test_a_check_finds_a_wrong_secret() -> None:
    connect()
    assert deliver(payload(WITH_CUSTOMER), secret="another").status == 401

    answer = call(handler, "POST", f"{PATH}/check", as_=MANAGER)

    assert "bad_signature" in {each["code"] for each in answer.body["findings"]}


def test_a_storefront_that_is_not_connected_cannot_be_checked() -> None:
    assert call(handler, "POST", f"{PATH}/check", as_=MANAGER).status == 404
