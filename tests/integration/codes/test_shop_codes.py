"""Shopify is given the codes of vouchers: a real server on this machine stands for it."""

import json
import os
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from functions.codes.handler import handler
from tests.support import till
from tests.support.deliveries import connect
from tests.support.documents import reward
from tests.support.platforms import PlatformServer, Reply
from tests.support.queues import consume, receive, work_off
from tests.support.shopify import SECRET

PATH = "/admin/api/2026-07/graphql.json"
CONNECTION: dict[str, Any] = {
    "create_codes": True,
    "access_token": "shpat_1",
    "store": "bean-and-leaf",
}
APP: dict[str, Any] = {"create_codes": True, "client_id": "app-1", "store": "bean-and-leaf"}
GRANT_PATH = "/admin/oauth/access_token"
NONE = Reply(200, {"data": {"codeDiscountNodeByCode": None}})
DONE = Reply(200, {"data": {"done": {"userErrors": []}}})
FOUND = Reply(
    200,
    {
        "data": {
            "codeDiscountNodeByCode": {
                "id": "gid://shopify/DiscountCodeNode/1",
                "codeDiscount": {
                    "__typename": "DiscountCodeBasic",
                    "status": "ACTIVE",
                    "usageLimit": 1,
                },
            }
        }
    },
)


@pytest.fixture(autouse=True)
def voucher(publish: Callable[..., object]) -> tuple[str, str]:
    """Its code, and the redemption's id."""
    five = reward(id="five", kind="amount_off", amount_minor=500, cost_points=10)
    publish(rewards=[five])
    member_id = till.enroll()
    till.earn(member_id, 4999)
    body = till.redeem(member_id, "five").body
    return body["voucher"]["code"], body["id"]


def announce(redemption_id: str, name: str = "RewardRedeemed") -> str:
    """The bus puts an event into the queue."""
    url = os.environ["LOYALTY_CODES_QUEUE_URL"]
    detail = {"program_id": "bean", "redemption_id": redemption_id, "v": 1}
    event = {"detail-type": name, "source": "loyalty", "detail": detail}
    boto3.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(event))
    return url


def test_a_redeemed_reward_s_code_is_created_with_the_shop_s_token(
    platform: PlatformServer, voucher: tuple[str, str]
) -> None:
    connect(**CONNECTION)
    platform.answer(PATH, NONE, DONE)

    assert work_off(handler, announce(voucher[1])) == []

    looked, created = platform.posted
    assert looked["variables"] == {"code": voucher[0]}
    assert created["variables"]["discount"]["code"] == voucher[0]
    assert [path for path, _ in platform.requests] == [PATH, PATH]
    assert {headers["x-shopify-access-token"] for _, headers in platform.requests} == {"shpat_1"}


def test_an_app_of_the_shop_s_own_is_granted_a_token_once_for_many_codes(
    platform: PlatformServer, voucher: tuple[str, str]
) -> None:
    connect(**APP)
    platform.answer(GRANT_PATH, Reply(200, {"access_token": "shpat_granted", "expires_in": 86399}))
    platform.answer(PATH, NONE, DONE, FOUND)

    assert work_off(handler, announce(voucher[1])) == []
    assert work_off(handler, announce(voucher[1])) == []

    assert [path for path, _ in platform.requests] == [GRANT_PATH, PATH, PATH, PATH]
    assert platform.posted[0] == {
        "grant_type": "client_credentials",
        "client_id": "app-1",
        "client_secret": SECRET,
    }
    tokens = {headers["x-shopify-access-token"] for _, headers in platform.requests[1:]}
    assert tokens == {"shpat_granted"}


@pytest.mark.parametrize(
    "answer",
    [Reply(400), Reply(401), Reply(200, []), Reply(200, {}), Reply(200, {"access_token": None})],
)
def test_a_shop_that_grants_no_token_is_called_again_later(
    platform: PlatformServer, voucher: tuple[str, str], answer: Reply
) -> None:
    connect(**APP)
    platform.answer(GRANT_PATH, answer)

    messages = receive(announce(voucher[1]))

    assert len(consume(handler, messages)) == 1
    assert [path for path, _ in platform.requests] == [GRANT_PATH]


def test_a_shop_that_is_granted_no_token_holds_up_no_other(
    platform: PlatformServer, voucher: tuple[str, str]
) -> None:
    connect("a-shop-without", **APP)
    connect("b-shop-with", **CONNECTION)
    platform.answer(GRANT_PATH, Reply(400))
    platform.answer(PATH, NONE, DONE)

    assert len(consume(handler, receive(announce(voucher[1])))) == 1

    assert [path for path, _ in platform.requests] == [GRANT_PATH, PATH, PATH]


def test_a_new_token_is_requested_before_the_old_one_expires(
    platform: PlatformServer, voucher: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(**APP)
    platform.answer(GRANT_PATH, *(Reply(200, {"access_token": each}) for each in ("old", "new")))
    platform.answer(PATH, FOUND)
    monkeypatch.setattr("loyalty.edge.outgoing.platform_client.TOKEN_SECONDS_MAX", 0)

    work_off(handler, announce(voucher[1]))
    work_off(handler, announce(voucher[1]))

    tokens = [
        headers["x-shopify-access-token"] for path, headers in platform.requests if path == PATH
    ]
    assert tokens == ["old", "new"]


def test_a_cancelled_redemption_s_code_is_deactivated(
    platform: PlatformServer, voucher: tuple[str, str]
) -> None:
    connect(**CONNECTION)
    till.use(voucher[0])
    platform.answer(PATH, FOUND, DONE)

    assert work_off(handler, announce(voucher[1], "VoucherUsed")) == []

    assert "discountCodeDeactivate" in platform.posted[1]["query"]


def found(*, is_active: bool, uses: int = 0) -> Reply:
    discount = {
        "__typename": "DiscountCodeBasic",
        "status": "ACTIVE" if is_active else "EXPIRED",
        "usageLimit": 1,
        "asyncUsageCount": uses,
    }
    node = {"id": "gid://shopify/DiscountCodeNode/1", "codeDiscount": discount}
    return Reply(200, {"data": {"codeDiscountNodeByCode": node}})


@pytest.mark.parametrize(("uses", "state", "balance"), [(0, "cancelled", 49), (1, "used", 39)])
def test_points_of_a_cancelled_redemption_return_once_the_shop_has_let_go_of_the_code(
    platform: PlatformServer, voucher: tuple[str, str], uses: int, state: str, balance: int
) -> None:
    connect(**CONNECTION)
    platform.answer(PATH, NONE, DONE)
    assert work_off(handler, announce(voucher[1])) == []
    member_id = till.check(voucher[0]).body["member_id"]

    cancelled = till.step(member_id, voucher[1], "cancel", as_=till.MANAGER)

    assert (cancelled.status, cancelled.body["state"]) == (200, "cancelling")
    assert till.member(member_id)["balance"] == 39
    platform.answer(PATH, found(is_active=True), DONE, found(is_active=False, uses=uses))
    assert work_off(handler, announce(voucher[1], "RedemptionCancelling")) == []
    assert till.check(voucher[0]).body["state"] == state
    assert till.member(member_id)["balance"] == balance


def test_a_shop_without_codes_is_not_called(
    platform: PlatformServer, voucher: tuple[str, str]
) -> None:
    connect()

    assert work_off(handler, announce(voucher[1])) == []

    assert platform.requests == []


def test_an_unknown_redemption_is_skipped(platform: PlatformServer) -> None:
    connect(**CONNECTION)

    assert work_off(handler, announce("red_unknown")) == []


@pytest.mark.parametrize(
    "reply",
    [
        Reply(503),
        Reply(401),
        Reply(200, {"errors": [{"extensions": {"code": "THROTTLED"}}]}),
        Reply(200, {"errors": [{"extensions": {"code": "ACCESS_DENIED"}}]}),
        Reply(200, "nonsense"),
    ],
)
def test_a_failed_code_goes_back_to_the_queue_and_waits(
    platform: PlatformServer, voucher: tuple[str, str], reply: Reply
) -> None:
    connect(**CONNECTION)
    platform.answer(PATH, reply)
    url = announce(voucher[1])
    messages = receive(url)

    failed = consume(handler, messages)

    assert failed == [message["messageId"] for message in messages]
    assert receive(url) == []


def test_a_code_is_created_although_the_shop_did_not_answer_at_first(
    platform: PlatformServer, voucher: tuple[str, str]
) -> None:
    connect(**CONNECTION)
    platform.answer(PATH, Reply(502), NONE, Reply(502), DONE)

    assert work_off(handler, announce(voucher[1])) == []

    assert len(platform.posted) == 4


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"create_codes": True}, "/client_id"),
        ({"create_codes": True, "client_id": "id", "store": None}, "/store"),
        ({"create_codes": True, "client_id": "no id", "store": "a"}, "/client_id"),
        ({"platform": "stripe", "client_id": "id"}, "/client_id"),
        ({"create_codes": True, "access_token": "t", "store": None}, "/store"),
        ({"create_codes": True, "access_token": "t", "store": "a.b"}, "/store"),
        ({"platform": "stripe", "create_codes": True}, "/create_codes"),
        ({"platform": "square", "access_token": "t", "store": "bean-and-leaf"}, "/store"),
        ({"access_token": "t", **APP}, "/client_id"),
    ],
)
def test_a_mistake_is_named(changes: dict[str, Any], pointer: str) -> None:
    answer = connect(**changes)

    assert (answer.status, answer.code) == (422, "validation_failed")
    assert pointer in answer.pointers


def test_the_token_is_never_shown() -> None:
    answer = connect(**CONNECTION)

    assert answer.status == 201, answer.text
    assert "shpat_1" not in answer.text
    assert answer.body["create_codes"] is True
