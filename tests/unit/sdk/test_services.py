"""Calls of JSON services: what is sent, and what becomes of the answers."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from loyalty.sdk.connections import KeptConnections, Reply, TimeLimits
from loyalty.sdk.services import DYNAMODB, EVENTBRIDGE, JsonService, ServiceError, service
from loyalty.sdk.signing import Credentials


class Wire:
    """Answers in place of `KeptConnections.exchange`, and keeps what was sent."""

    def __init__(self, status: int, body: bytes) -> None:
        self._reply = Reply(status, body)
        self.sent: list[tuple[Mapping[str, str], Any]] = []

    def exchange(self, _method: str, _path: str, headers: Any, body: bytes) -> Reply:
        self.sent.append((headers, json.loads(body)))
        return self._reply


def calling(
    monkeypatch: pytest.MonkeyPatch, status: int = 200, body: bytes = b"{}"
) -> tuple[JsonService, Wire]:
    wire = Wire(status, body)
    monkeypatch.setattr(KeptConnections, "exchange", wire.exchange)
    client = JsonService(
        DYNAMODB,
        endpoint="https://dynamodb.eu-west-1.amazonaws.com",
        region="eu-west-1",
        credentials=lambda: Credentials("A", "s", "t"),
        limits=TimeLimits(connect=1, read=1),
    )
    return client, wire


def test_a_call_names_its_operation_and_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    client, wire = calling(monkeypatch, body=b'{"Item": {}}')

    assert client.call("GetItem", {"TableName": "t"}) == {"Item": {}}

    ((headers, body),) = wire.sent
    assert body == {"TableName": "t"}
    assert headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert headers["content-type"] == "application/x-amz-json-1.0"
    assert headers["x-amz-security-token"] == "t"
    assert "/eu-west-1/dynamodb/aws4_request" in headers["authorization"]


def test_each_transaction_has_a_token_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    client, wire = calling(monkeypatch)

    for _ in range(2):
        client.call("TransactWriteItems", {"TransactItems": []})
    client.call("PutItem", {})

    first, second, put = (body for _, body in wire.sent)
    assert first["ClientRequestToken"] != second["ClientRequestToken"]
    assert "ClientRequestToken" not in put


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b'{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"}', "Throttling", ""),
        (b'{"__type": "ThrottlingException", "message": "slow"}', "Throttling", "slow"),
        (b'{"__type": "x#ThrottlingException", "Message": "Slow"}', "Throttling", "Slow"),
    ],
)
def test_a_refusal_has_its_code_and_message(
    body: bytes, code: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = calling(monkeypatch, 400, body)

    with pytest.raises(ServiceError) as raised:
        client.call("GetItem", {})

    assert raised.value.code == f"{code}Exception"
    assert raised.value.message == message
    assert raised.value.is_passing


@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", b"[]", b"\xff"])
def test_an_answer_that_is_not_json_has_its_status_as_code(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = calling(monkeypatch, 502, body)

    with pytest.raises(ServiceError) as raised:
        client.call("GetItem", {})

    assert raised.value.code == "502"
    assert raised.value.is_passing


@pytest.mark.parametrize(
    ("environment", "host"),
    [
        ({"AWS_REGION": "eu-west-1"}, "events.eu-west-1.amazonaws.com"),
        ({"AWS_DEFAULT_REGION": "us-east-1"}, "events.us-east-1.amazonaws.com"),
        ({"AWS_REGION": "cn-north-1"}, "events.cn-north-1.amazonaws.com.cn"),
        (
            {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"},
            "127.0.0.1:4566",
        ),
    ],
)
def test_a_service_is_that_of_the_region_or_of_the_named_endpoint(
    environment: dict[str, str], host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (
        environment | {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s"}
    ).items():
        monkeypatch.setenv(name, value)

    found = service(EVENTBRIDGE, limits=TimeLimits(connect=1, read=1))

    assert found.connections.host == host
