"""The table's answers to our own client, beside its answers to the SDK."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from local.cloud import Cloud
from loyalty.sdk.services import ServiceError
from tests.support.table import create_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

type Call = Callable[[str, Mapping[str, Any]], Any]

KEY: Final = {"pk": {"S": "p"}, "sk": {"S": "é€"}}
OTHER: Final = {"pk": {"S": "p"}, "sk": {"S": "t"}}
ITEM: Final = {
    **KEY,
    "number": {"N": "-1000000000000"},
    "text": {"S": 'quoted "text", ü'},
    "list": {"L": [{"BOOL": True}, {"NULL": True}, {"M": {"a": {"S": ""}}}]},
}
ABSENT: Final = {
    "ConditionExpression": "attribute_not_exists(#0)",
    "ExpressionAttributeNames": {"#0": "pk"},
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
}
QUERY: Final = {
    "KeyConditionExpression": "#0 = :0",
    "ExpressionAttributeNames": {"#0": "pk"},
    "ExpressionAttributeValues": {":0": {"S": "p"}},
    "Limit": 1,
}


def calls(table: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Every operation that the engine uses, with successes and refusals."""
    put = {"TableName": table, "Item": ITEM, **ABSENT}
    put_other = {"TableName": table, "Item": OTHER, **ABSENT}
    update = {
        "TableName": table,
        "Key": OTHER,
        "UpdateExpression": "SET #0 = if_not_exists(#0, :0) + :1",
        "ExpressionAttributeNames": {"#0": "n"},
        "ExpressionAttributeValues": {":0": {"N": "0"}, ":1": {"N": "7"}},
    }
    get = {"TableName": table, "Key": KEY, "ConsistentRead": True}
    transaction = {"TransactItems": [{"Put": put_other}, {"Update": update | {"Key": KEY}}]}
    keys = {table: {"Keys": [KEY, OTHER], "ConsistentRead": True}}
    return [
        ("GetItem", get),
        ("PutItem", put),
        ("PutItem", put),
        ("GetItem", get),
        ("TransactWriteItems", transaction),
        ("TransactWriteItems", transaction),
        ("UpdateItem", update),
        ("BatchGetItem", {"RequestItems": keys}),
        ("Query", {"TableName": table, **QUERY}),
        ("Scan", {"TableName": table, "Segment": 0, "TotalSegments": 1, "ConsistentRead": True}),
        ("DeleteItem", {"TableName": table, "Key": OTHER}),
        ("GetItem", {"TableName": f"no-{table}", "Key": KEY}),
        ("UpdateItem", update | {"UpdateExpression": "SET nonsense"}),
    ]


def outcomes(call: Call, table: str) -> list[Any]:
    """What each call gave, without the table's own name."""
    found = []
    for operation, parameters in calls(table):
        try:
            answer = call(operation, parameters)
        except ServiceError as error:
            answer = error.code, error.answer.get("Item"), error.answer.get("CancellationReasons")
        found.append((operation, _renamed(answer, table)))
    return found


def _renamed(answer: Any, table: str) -> Any:
    if isinstance(answer, dict):
        return {
            "t" if name == table else name: _renamed(value, table) for name, value in answer.items()
        }
    return answer


def through_the_sdk(client: "DynamoDBClient") -> Call:
    methods = {name: method for method, name in client.meta.method_to_api_mapping.items()}

    def call(operation: str, parameters: Mapping[str, Any]) -> Any:
        try:
            answer = getattr(client, methods[operation])(**parameters)
        except ClientError as error:
            response: Any = error.response
            raise ServiceError(
                operation, 400, {**response, "__type": f"#{response['Error']['Code']}"}
            ) from error
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}

    return call


def test_both_get_the_same_answers(cloud: Cloud, dynamodb: "DynamoDBClient") -> None:
    ours = outcomes(cloud.aws.table_service.call, create_table(dynamodb, "asked-by-us"))
    theirs = outcomes(through_the_sdk(dynamodb), create_table(dynamodb, "asked-by-the-sdk"))

    assert ours == theirs
    assert {operation for operation, _ in ours if _refused(ours, operation)} == {
        *("GetItem", "PutItem", "TransactWriteItems", "UpdateItem")
    }


def _refused(found: list[Any], operation: str) -> bool:
    return any(isinstance(answer, tuple) for name, answer in found if name == operation)
