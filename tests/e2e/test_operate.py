"""Commands for a deployed stage, on the local cloud."""

import json
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import boto3
import pytest

from local.aws import REGION
from local.deployment import Deployment
from operate.redrive import redrive
from operate.restore import restore
from operate.stage import Stage
from operate.verify import Verification
from tests.e2e.conftest import OpenProgram


class LocalStage(Stage):
    """The stage that is deployed on a local cloud."""

    endpoint: str

    def client(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]  # any service
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


@pytest.fixture
def stage(deployed: Deployment) -> Stage:
    stage = LocalStage("dev")
    object.__setattr__(stage, "endpoint", deployed.cloud.aws.endpoint)
    return stage


def test_a_deployed_stage_is_verified_as_often_as_wanted(
    deployed: Deployment, stage: Stage
) -> None:
    for _ in range(2):
        lines: list[str] = []
        Verification(
            stage=stage,
            api_url=deployed.api_url,
            now=lambda: datetime.now(UTC),
            pause=time.sleep,
            say=lines.append,
        ).play()
        assert lines[-2:] == ["The report shows it.", "The member is erased."]


def ledger_of(stage: Stage, table: str, program_id: str) -> list[dict[str, Any]]:
    """The accounts, profiles and entries of a program, as they are on the wire."""
    pages = stage.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    found = [
        item
        for page in pages
        for item in page["Items"]
        if item["pk"]["S"].split("#")[1:2] == [program_id]
        and item.get("kind", {}).get("S") in {"account", "profile", "accrual"}
    ]
    return sorted(found, key=lambda each: (each["pk"]["S"], each["sk"]["S"]))


def enroll_and_earn(program: OpenProgram) -> None:
    with program.client("cashier") as cashier:
        identity = {"kind": "card", "value": uuid4().hex[:12]}
        member = cashier.post("/members", json={"identities": [identity]}).raise_for_status()
        order = {
            "source": "pos",
            "order_id": uuid4().hex,
            "member_id": member.json()["id"],
            "occurred_at": datetime.now(UTC).isoformat(),
            "lines": [
                {
                    "line_id": "1",
                    "sku": "X",
                    "quantity": 1,
                    "amount": {"amount": 4999, "currency": program.document["currency"]},
                }
            ],
        }
        cashier.post("/orders", json=order).raise_for_status()


def keep_batch(stage: Stage, items: list[dict[str, Any]], *, name: str) -> str:
    """Keep a batch of changes as Lambda does when `archive` gave it up; gives its key."""
    functions = stage.client("lambda").list_functions()["Functions"]
    (archive,) = (
        each["FunctionArn"]
        for each in functions
        if each.get("Environment", {}).get("Variables", {}).get("LOYALTY_SERVICE") == "archive"
    )
    records = [
        {
            "dynamodb": {
                "ApproximateCreationDateTime": time.time(),
                "Keys": {"pk": item["pk"], "sk": item["sk"]},
                "NewImage": item,
                "SequenceNumber": f"{name}{number}",
            }
        }
        for number, item in enumerate(items)
    ]
    content = {
        "requestContext": {"functionArn": archive, "condition": "RetryAttemptsExhausted"},
        "payload": json.dumps({"Records": records}),
    }
    key = f"aws/lambda/archive/{name}"
    stage.client("s3").put_object(
        Bucket=stage.output("FailedBatchesBucket"), Key=key, Body=json.dumps(content).encode()
    )
    return key


def batches_in_bucket(stage: Stage) -> set[str]:
    listed = stage.client("s3").list_objects_v2(Bucket=stage.output("FailedBatchesBucket"))
    return {each["Key"] for each in listed.get("Contents", ())}


def test_batches_that_a_reader_gave_up_are_redriven(stage: Stage, program: OpenProgram) -> None:
    enroll_and_earn(program)
    ledger = ledger_of(stage, stage.output("TableName"), program.id)
    entries = [each for each in ledger if each["kind"]["S"] == "accrual"]
    keep_batch(stage, entries, name="1234567890123456789")
    unreadable = [{**entries[0], "lots": {"S": "not what an entry has"}}]
    bad = keep_batch(stage, unreadable, name="9876543210987654321")

    redriven = redrive(stage)

    assert redriven.done == 1
    assert redriven.failed.keys() == {bad}
    assert batches_in_bucket(stage) == {bad}
    facts = stage.client("s3").list_objects_v2(
        Bucket=stage.output("LakeBucket"), Prefix=f"facts/entries/program={program.id}/"
    )["Contents"]
    assert any("1234567890123456789" in each["Key"] for each in facts)
    stage.client("s3").delete_object(Bucket=stage.output("FailedBatchesBucket"), Key=bad)


def test_the_table_is_restored_beside_itself(stage: Stage, program: OpenProgram) -> None:
    enroll_and_earn(program)
    dynamodb, table = stage.client("dynamodb"), stage.output("TableName")

    lines = restore(
        stage, datetime.now(UTC), is_protected=True, pause=time.sleep, say=lambda _: None
    )

    restored = lines.split('"')[1]
    assert ledger_of(stage, restored, program.id) == ledger_of(stage, table, program.id)
    described = dynamodb.describe_table(TableName=restored)["Table"]
    assert described["StreamSpecification"]["StreamEnabled"]
    assert described["DeletionProtectionEnabled"]
    assert f'stream_arn = "{described["LatestStreamArn"]}"' in lines
    dynamodb.update_table(TableName=restored, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=restored)
