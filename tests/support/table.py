"""The table as the data stack defines it, for tests that make their own.

A test of the templates compares the two.
"""

from typing import TYPE_CHECKING, Final

from loyalty.table.records import HISTORY_ATTRIBUTES

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import GlobalSecondaryIndexTypeDef, ProjectionTypeDef

INDEXES: "Final[dict[str, ProjectionTypeDef]]" = {
    "history": {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(HISTORY_ATTRIBUTES)},
    "expiring": {"ProjectionType": "KEYS_ONLY"},
    "reminding": {"ProjectionType": "KEYS_ONLY"},
}


def create_table(client: "DynamoDBClient", name: str) -> str:
    """Create an empty table; gives its name."""
    keys = ["pk", "sk", *(f"{index}_{part}" for index in INDEXES for part in ("pk", "sk"))]
    indexes: list[GlobalSecondaryIndexTypeDef] = [
        {
            "IndexName": index,
            "KeySchema": [
                {"AttributeName": f"{index}_pk", "KeyType": "HASH"},
                {"AttributeName": f"{index}_sk", "KeyType": "RANGE"},
            ],
            "Projection": projection,
        }
        for index, projection in INDEXES.items()
    ]
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=indexes,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return name
