"""Moto answers the same on its shortcuts as on its own, longer ways."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from moto.moto_api._internal.models import MotoAPIBackend

from loyalty.table.records import HISTORY_ATTRIBUTES
from tests.integration.conftest import RESOURCES, TABLE
from tests.support import moto_shortcuts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ITEM: dict[str, Any] = {
    **{name: {"S": name} for name in HISTORY_ATTRIBUTES},
    "pk": {"S": "P#beans#MEMBER#m-1"},
    "sk": {"S": "ENTRY#1"},
    **{
        f"{index}_{part}": {"S": "2026-11-21"}
        for index in ("history", "expiring")
        for part in ("pk", "sk")
    },
    "points": {"N": "120"},
    "whole": {"BOOL": True},
    "none": {"NULL": True},
    "bytes": {"B": b"\x00\xff"},
    "names": {"SS": ["Ö", "b"]},
    "parts": {"L": [{"M": {"points": {"N": "-7"}, "on": {"L": []}}}, {"S": "Käse"}]},
    "about": {"M": {"order": {"M": {"id": {"S": "1001"}}}}},
}
KEY: dict[str, Any] = {name: ITEM[name] for name in ("pk", "sk")}


def answers(dynamodb: "DynamoDBClient") -> list[object]:
    """What moto answers to what the product asks of a table, and to an item that is too large."""

    def tried(call: Callable[..., Any], **request: Any) -> object:
        try:
            answer = call(TableName=TABLE, **request)
        except ClientError as refused:
            return refused.response["Error"], refused.response.get("Item")
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}

    change = {
        "Key": KEY,
        "UpdateExpression": "SET points = points + :n, about.#o.id = :id, fresh = :fresh"
        " REMOVE whole",
        "ConditionExpression": "attribute_exists(pk) AND (points >= :n OR #o = :id)",
        "ExpressionAttributeNames": {"#o": "order"},
        "ExpressionAttributeValues": {
            ":n": {"N": "120"},
            ":id": {"S": "1002"},
            ":fresh": ITEM["parts"],
        },
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    return [
        tried(dynamodb.put_item, Item=ITEM),
        tried(dynamodb.put_item, Item={**ITEM, "bytes": {"S": "ü" * 250_000}}),
        tried(dynamodb.update_item, **change),
        tried(dynamodb.update_item, **change),
        tried(
            dynamodb.update_item,
            **{**change, "ExpressionAttributeValues": {":n": {"N": "999"}, ":id": {"S": "x"}}},
        ),
        tried(dynamodb.get_item, Key=KEY),
        tried(dynamodb.get_item, Key=KEY, ProjectionExpression="points, parts[0].points, about"),
        tried(
            dynamodb.query,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            FilterExpression="points > :none",
            ExpressionAttributeValues={
                ":pk": ITEM["pk"],
                ":sk": {"S": "ENTRY"},
                ":none": {"N": "0"},
            },
        ),
        *(
            tried(
                dynamodb.query,
                IndexName=index,
                KeyConditionExpression=f"{index}_pk = :pk",
                ExpressionAttributeValues={":pk": ITEM["history_pk"]},
            )
            for index in ("history", "expiring")
        ),
    ]


def test_moto_answers_the_same(dynamodb: "DynamoDBClient", moto: MotoAPIBackend) -> None:
    with moto_shortcuts.avoided():
        longer = answers(dynamodb)
    moto.reset()
    RESOURCES.provide()

    shorter = answers(dynamodb)

    assert shorter == longer
    assert [
        code in str(shorter) for code in ("ValidationException", "ConditionalCheckFailedException")
    ] == [True, True]
    assert all(shorter[-3:])
