"""Events of the deployed stack on their way to merchants: signed, tried again, listed."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from local.aws import ACCOUNT
from tests.e2e.described import DescribedApi, enroll, eventually, order
from tests.support.receiver import Post, Receiver, Reply, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def register(api: DescribedApi, endpoint_id: str, url: str, *events: str) -> str:
    """Register an endpoint; gives its secret."""
    body = {"url": url, "events": events}
    answer = api.call("manager", "PUT", f"/endpoints/{endpoint_id}", json=body, status=201)
    return str(answer["secret"])


def deliveries(api: DescribedApi, endpoint_id: str) -> list[dict[str, Any]]:
    path = f"/endpoints/{endpoint_id}/deliveries"
    items: list[dict[str, Any]] = api.call("manager", "GET", path)["items"]
    return items


def arrived(receiver: Receiver, path: str, count: int) -> list[Post]:
    return eventually(lambda: receiver.posts_to(path), lambda posts: len(posts) >= count)


def test_the_events_of_an_order_arrive_signed_and_as_their_schemas_say(
    api: DescribedApi, receiver: Receiver
) -> None:
    secret = register(api, "crm", f"{receiver.origin}/crm", "PointsEarned", "MemberChanged")
    ana = enroll(api)

    api.call("service", "POST", "/orders", json=order("1", member_id=ana), status=201)

    posts = arrived(receiver, "/crm", 2)
    data_by_type = {post.payload["type"]: post.payload["data"] for post in posts}
    assert all(post.is_signed_with(secret) for post in posts)
    assert {post.headers["webhook-id"] for post in posts} == {
        each["id"] for each in data_by_type.values()
    }
    assert data_by_type["PointsEarned"]["order"] == {"source": "pos", "order_id": "1"}
    assert (
        data_by_type["MemberChanged"]["holding"]["balance"]
        == data_by_type["PointsEarned"]["points"]
    )
    assert {each["member_id"] for each in data_by_type.values()} == {ana}
    states = eventually(
        lambda: [each["state"] for each in deliveries(api, "crm")],
        lambda states: "retrying" not in states,
    )
    assert states == ["delivered", "delivered"]


def test_an_endpoint_that_fails_delays_no_other_and_is_tried_again(
    api: DescribedApi, receiver: Receiver
) -> None:
    receiver.answer("/down", Reply(500), Reply(204))
    register(api, "down", f"{receiver.origin}/down", "MemberEnrolled")
    register(api, "up", f"{receiver.origin}/up", "MemberEnrolled")

    enroll(api)

    arrived(receiver, "/up", 1)
    arrived(receiver, "/down", 1)
    (waiting,) = eventually(
        lambda: deliveries(api, "down"), lambda items: bool(items) and items[0]["attempts"] == 1
    )
    assert (waiting["state"], waiting["last_status"]) == ("retrying", 500)
    first, again = arrived(receiver, "/down", 2)
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert first.body == again.body
    (done,) = eventually(
        lambda: deliveries(api, "down"), lambda items: items[0]["state"] == "delivered"
    )
    assert done["attempts"] == 2
    assert len(receiver.posts_to("/up")) == 1


def test_a_secret_is_replaced_without_an_event_that_cannot_be_verified(
    api: DescribedApi, receiver: Receiver
) -> None:
    old = register(api, "crm", f"{receiver.origin}/crm", "MemberEnrolled")
    new = str(api.call("manager", "POST", "/endpoints/crm/rotate")["secret"])

    enroll(api)

    (post,) = arrived(receiver, "/crm", 1)
    assert new != old
    assert post.is_signed_with(old)
    assert post.is_signed_with(new)


def test_an_event_is_sent_once_more_on_request(api: DescribedApi, receiver: Receiver) -> None:
    register(api, "crm", f"{receiver.origin}/crm", "MemberEnrolled")
    enroll(api)
    (first,) = arrived(receiver, "/crm", 1)
    event_id = first.headers["webhook-id"]
    path = f"/endpoints/crm/deliveries/{event_id}/redeliver"
    eventually(lambda: deliveries(api, "crm")[0]["state"], lambda state: state == "delivered")

    api.call("manager", "POST", path, status=202)

    _, again = arrived(receiver, "/crm", 2)
    assert again.body == first.body


def test_the_event_of_a_redeemed_reward_has_what_a_shop_needs_for_a_code(
    api: DescribedApi, receiver: Receiver
) -> None:
    register(api, "shop", f"{receiver.origin}/shop", "RewardRedeemed")
    ana = enroll(api)
    api.call("service", "POST", "/orders", json=order("1", member_id=ana), status=201)

    path = f"/members/{ana}/redemptions"
    redeemed = api.call("cashier", "POST", path, json={"reward_id": "latte"}, status=201)

    (post,) = arrived(receiver, "/shop", 1)
    data = post.payload["data"]
    assert data["code"] == redeemed["voucher"]["code"]
    assert data["reward"]["kind"] == "free_product"
    assert data["reward"]["currency"] == "EUR"


def test_a_crm_gets_members_through_an_api_destination(
    api: DescribedApi, receiver: Receiver
) -> None:
    """The setup of the page on webhooks, on the bus of the deployed stack."""
    deployed = api.program.deployed
    events = deployed.cloud.aws.events
    name = f"crm-{uuid4().hex[:8]}"
    connection = events.create_connection(
        Name=name,
        AuthorizationType="API_KEY",
        AuthParameters={
            "ApiKeyAuthParameters": {"ApiKeyName": "X-Api-Key", "ApiKeyValue": "crm-key"}
        },
    )
    destination = events.create_api_destination(
        Name=name,
        ConnectionArn=connection["ConnectionArn"],
        InvocationEndpoint=f"{receiver.origin}/contacts",
        HttpMethod="POST",
        InvocationRateLimitPerSecond=10,
    )
    events.put_rule(
        Name=name,
        EventBusName=deployed.bus,
        EventPattern=json.dumps(
            {
                "source": ["loyalty"],
                "detail-type": ["MemberChanged"],
                "detail": {"holding": {"status": [{"exists": True}]}},
            }
        ),
    )
    events.put_targets(
        Rule=name,
        EventBusName=deployed.bus,
        Targets=[
            {
                "Id": "crm",
                "Arn": destination["ApiDestinationArn"],
                "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{name}",
                "InputTransformer": {
                    "InputPathsMap": {
                        "member": "$.detail.member_id",
                        "revision": "$.detail.revision",
                        "holding": "$.detail.holding",
                    },
                    "InputTemplate": (
                        '{"external_id": <member>, "revision": <revision>, "loyalty": <holding>}'
                    ),
                },
            }
        ],
    )
    ana = enroll(api)

    api.call("service", "POST", "/orders", json=order("1", member_id=ana), status=201)

    posts = eventually(
        lambda: [
            post for post in receiver.posts_to("/contacts") if post.payload["external_id"] == ana
        ],
        bool,
    )
    assert posts[0].headers["x-api-key"] == "crm-key"
    assert posts[0].payload["loyalty"]["balance"] > 0
    events.remove_targets(Rule=name, EventBusName=deployed.bus, Ids=["crm"])
    events.delete_rule(Name=name, EventBusName=deployed.bus)
