"""A deployed stage on moto: its outputs are given, and its functions run in this process."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import ClientError

from functions.archive.handler import handler as archive
from operate.stage import Stage
from tests.integration.conftest import TABLE
from tests.support.http import Context

BUCKET = "failed-batches"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:archive:live"


class Lambda:
    """Runs the archive's handler as an invocation does."""

    def __init__(self) -> None:
        self.invoked: list[str] = []

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803  # theirs
        self.invoked.append(FunctionName)
        answer: dict[str, Any]
        try:
            answer, error = dict(archive(json.loads(Payload), Context())), {}
        except Exception as raised:  # noqa: BLE001  # Lambda answers with any
            answer, error = {"errorType": type(raised).__name__}, {"FunctionError": "Unhandled"}
        return {"Payload": io.BytesIO(json.dumps(answer).encode()), **error}

    def get_account_settings(self) -> dict[str, Any]:
        return {"AccountLimit": {"ConcurrentExecutions": 1000}}


class Ses:
    """An account that may send as one domain; in the sandbox unless a test takes it out."""

    def __init__(self) -> None:
        self.account: dict[str, Any] = {
            "ProductionAccessEnabled": False,
            "SendQuota": {"Max24HourSend": 200.0, "MaxSendRate": 1.0},
        }

    def get_email_identity(self, *, EmailIdentity: str) -> dict[str, Any]:  # noqa: N803  # theirs
        if EmailIdentity != "beanleaf.example":
            raise ClientError({"Error": {"Code": "NotFoundException"}}, "GetEmailIdentity")
        return {"VerifiedForSendingStatus": True}

    def get_account(self) -> dict[str, Any]:
        return self.account


class Cognito:
    """An account without user pools."""

    def describe_user_pool_domain(self, *, Domain: str) -> dict[str, Any]:  # noqa: N803  # theirs
        return {"DomainDescription": {}}


class StageOnMoto(Stage):
    """Its clients are moto's, but for services that moto does not know."""

    outputs: dict[str, str]
    functions: Lambda
    ses: Ses

    def output_if_any(self, key: str) -> str | None:
        return self.outputs.get(key)

    def client(self, service: str) -> Any:
        match service:
            case "lambda":
                return self.functions
            case "sesv2":
                return self.ses
            case "cognito-idp":
                return Cognito()
            case _:
                return super().client(service)


def stage_on_moto() -> StageOnMoto:
    boto3.client("s3").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    queue = boto3.client("sqs").create_queue(QueueName="failed-batches")["QueueUrl"]
    stage = StageOnMoto("test")
    object.__setattr__(stage, "functions", Lambda())
    object.__setattr__(stage, "ses", Ses())
    object.__setattr__(
        stage,
        "outputs",
        {
            "FailedBatchesBucket": BUCKET,
            "FailedBatchesQueueUrl": queue,
            "TableName": TABLE,
            "IdentitySecretArn": "identity",
        },
    )
    return stage


def restorable_moment() -> datetime:
    """Turn on point-in-time recovery; gives a moment that the table can be restored to."""
    dynamodb = boto3.client("dynamodb")
    dynamodb.update_continuous_backups(
        TableName=TABLE,
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )
    described = dynamodb.describe_continuous_backups(TableName=TABLE)
    recovery = described["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    moment: datetime = recovery["LatestRestorableDateTime"]
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
