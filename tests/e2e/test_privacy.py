"""An erased person is found nowhere in the deployed stack: table, inbox, lake, logs."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import boto3

from local.aws import REGION, Aws
from local.deploy import stack_outputs
from local.shop import delivery, paid_order
from tests.e2e.described import DescribedApi, eventually

SECRET = "shpss_of_a_shop_that_tells_much"


def test_nothing_of_an_erased_person_is_left_anywhere(api: DescribedApi) -> None:
    mark = f"quintessa{uuid4().hex[:8]}"
    email = f"{mark}@example.com"
    aws = api.program.deployed.cloud.aws
    shop = {"platform": "shopify", "source": "shop", "store": "bean-and-leaf", "secrets": [SECRET]}
    api.call("manager", "PUT", "/storefronts/online", json=shop, status=201)
    deliver(api, email=email, order_id=1)
    hers = api.call(
        "service",
        "POST",
        "/members",
        json={
            "identities": [{"kind": "email", "value": email, "verified": True}],
            "profile": {"name": mark},
        },
        status=201,
    )["id"]
    deliver(api, email=email, order_id=2)
    # Not an order that anybody understands: it is parked, with all that it says.
    deliver(api, email=email, order_id=3, currency=mark)
    export = eventually(
        lambda: api.call("service", "GET", f"/members/{hers}/export"),
        lambda export: len(export["entries"]) == 2,
    )
    assert export["member"]["profile"]["name"] == mark
    assert inbox(aws, api.program.id) == [True] * 3

    api.send("service", "DELETE", f"/members/{hers}", status=204)
    wake_privacy(aws)

    eventually(lambda: left_in_table(aws, mark), lambda left: left == 0)
    assert inbox(aws, api.program.id) == [False] * 3
    api.send("service", "GET", f"/members/{hers}/export", status=404)
    assert logged(aws, mark) == []


def deliver(api: DescribedApi, *, email: str, order_id: int, **changes: str) -> None:
    order = paid_order(email=email, paid_at=datetime.now(UTC), order_id=order_id) | changes
    # A customer whom no other test uses.
    order["customer"]["id"] = order["customer"]["id"] + order_id
    sent = delivery(
        order,
        topic="orders/paid",
        secret=SECRET,
        webhook_id=str(uuid4()),
        event_id=str(uuid4()),
    )
    api.call(None, "POST", "/webhooks/online", content=sent.body, headers=sent.headers)
    eventually(api.program.deployed.queued_deliveries, lambda waiting: waiting == 0)


def wake_privacy(aws: Aws) -> None:
    """As its schedule does every hour."""
    name = stack_outputs(aws)["PrivacyFunctionName"]
    answer = client(aws, "lambda").invoke(FunctionName=name, Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()


def left_in_table(aws: Aws, mark: str) -> int:
    """How many items contain a person's data, in their keys or anywhere else."""
    table = stack_outputs(aws)["TableName"]
    pages = client(aws, "dynamodb").get_paginator("scan").paginate(TableName=table)
    return sum(mark in json.dumps(item, default=str) for page in pages for item in page["Items"])


def inbox(aws: Aws, program_id: str) -> list[bool]:
    """Of each delivery in the inbox, whether its content is still there."""
    table = stack_outputs(aws)["TableName"]
    pages = client(aws, "dynamodb").get_paginator("scan").paginate(TableName=table)
    return [
        "content" in item
        for page in pages
        for item in page["Items"]
        if item["pk"]["S"].startswith(f"INBOX#{program_id}#")
    ]


def logged(aws: Aws, mark: str) -> list[str]:
    """Every log line of a function that contains a person's data."""
    groups = aws.logs.describe_log_groups(logGroupNamePrefix="/loyalty/")["logGroups"]
    assert groups
    return [
        event["message"]
        for group in groups
        for page in aws.logs.get_paginator("filter_log_events").paginate(
            logGroupName=group["logGroupName"]
        )
        for event in page["events"]
        if mark in event["message"]
    ]


def client(aws: Aws, service: str) -> Any:
    made: Any = boto3.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION
    )
    return made.client(service, endpoint_url=aws.endpoint)
