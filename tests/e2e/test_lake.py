"""The deployed lake: facts arrive, are folded and rebuilt, and reports stay the same."""

import json
import time
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from local.deploy import stack_outputs
from local.schedules import hurried
from tests.e2e.conftest import OpenProgram
from tests.e2e.described import DescribedApi, enroll, eventually, order
from tests.e2e.reported import buy_twice, days, summary

EVERY_HOUR: Final = "cron(5 * * * ? *)"
FRESH_SECONDS: Final = 120.0
REPORTS: Final = ("summary", "liability", "lifetime_value", "tiers", "rewards")


@pytest.fixture
def busy(api: DescribedApi) -> str:
    """A member who bought twice and redeemed a latte, all of it in the reports."""
    member_id = buy_twice(api)
    path = f"/members/{member_id}/redemptions"
    api.call("cashier", "POST", path, json={"reward_id": "latte"}, status=201)
    eventually(lambda: summary(api)["redemptions"], lambda redemptions: redemptions == 1)
    return member_id


def rows(api: DescribedApi) -> dict[str, Any]:
    return {
        name: api.call("analyst", "GET", f"/reports/{name}", params=days())["rows"]
        for name in REPORTS
    }


def objects(program: OpenProgram) -> dict[str, list[str]]:
    """The names of a program's objects in the lake, by the kind of their facts."""
    aws = program.deployed.cloud.aws
    bucket = stack_outputs(aws)["LakeBucket"]
    return {
        kind: [
            each["Key"].rpartition("/")[2]
            for each in aws.s3.list_objects_v2(
                Bucket=bucket, Prefix=f"facts/{kind}/program={program.id}/"
            ).get("Contents", ())
        ]
        for kind in ("entries", "orders", "members", "vouchers")
    }


def test_a_fact_is_in_the_reports_within_two_minutes_and_an_answer_says_as_of_when(
    api: DescribedApi,
) -> None:
    member_id = enroll(api, "ana@example.com")
    began = time.monotonic()
    sold_at = datetime.now(UTC)

    api.call("service", "POST", "/orders", json=order("1", member_id=member_id), status=201)
    eventually(lambda: summary(api), lambda row: row["orders"] == 1)

    assert time.monotonic() - began < FRESH_SECONDS
    answer = api.call("analyst", "GET", "/reports/summary", params=days())
    assert sold_at < datetime.fromisoformat(answer["as_of"]) <= datetime.now(UTC)


@pytest.mark.usefixtures("busy")
def test_compaction_folds_by_its_schedule_and_reports_stay_the_same(
    api: DescribedApi, program: OpenProgram
) -> None:
    before = rows(api)

    with hurried(program.deployed.cloud.aws, expression=EVERY_HOUR):
        eventually(
            lambda: objects(program),
            lambda kinds: all(
                names and all(name.endswith(".parquet") for name in names)
                for names in kinds.values()
            ),
        )

    assert rows(api) == before


@pytest.mark.usefixtures("busy")
def test_a_lost_lake_is_rebuilt(api: DescribedApi, program: OpenProgram) -> None:
    before = rows(api)
    aws = program.deployed.cloud.aws
    bucket = stack_outputs(aws)["LakeBucket"]
    for kind in objects(program):
        prefix = f"facts/{kind}/program={program.id}/"
        for each in aws.s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]:
            aws.s3.delete_object(Bucket=bucket, Key=each["Key"])
    assert rows(api) != before

    name = stack_outputs(aws)["RebuildFunctionName"]
    assert "FunctionError" not in aws.functions.invoke(FunctionName=name, Payload=json.dumps({}))

    eventually(lambda: rows(api), lambda report: report == before)


@pytest.mark.usefixtures("busy")
def test_the_lake_is_in_the_catalog(program: OpenProgram) -> None:
    aws = program.deployed.cloud.aws
    catalog = stack_outputs(aws)["CatalogName"]

    tables = aws.glue.get_tables(DatabaseName=catalog)["TableList"]

    assert {"entries", "orders", "members", "vouchers"} <= {table["Name"] for table in tables}
