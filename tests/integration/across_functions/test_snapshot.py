"""Resources of moto are the same whether they are put back or made again."""

from collections.abc import Mapping

import boto3
import pytest
from moto import mock_aws
from moto.moto_api._internal.models import moto_api_backend

from tests.integration.conftest import REGION, TABLE, _make_resources
from tests.support.snapshot import COPIED_VERSIONS, Resources


class Making:
    """Makes the resources of the tests, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Mapping[str, str]:
        self.times += 1
        return _make_resources()


@pytest.fixture
def make() -> Making:
    return Making()


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """No moto yet, where every other test has one."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


def used_twice(resources: Resources[Mapping[str, str]]) -> None:
    """Use the resources in two empty motos, of which the second must know nothing of the first."""
    for _ in range(2):
        with mock_aws():
            # Another test may have started moto before.
            moto_api_backend.reset()
            environment = resources.provide()
            dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")

            assert dynamodb.scan(TableName=TABLE)["Items"] == []
            assert "Contents" not in s3.list_objects_v2(Bucket="lake")
            secret = boto3.client("secretsmanager").get_secret_value(
                SecretId=environment["LOYALTY_IDENTITY_SECRET"]
            )
            assert secret["SecretString"]

            dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
            s3.put_object(Bucket="lake", Key="facts", Body=b"")


def test_resources_of_a_moto_that_is_known_are_made_once_and_put_back(make: Making) -> None:
    used_twice(Resources(make, region=REGION))

    assert make.times == 1


def test_resources_of_another_moto_are_made_again_each_time(make: Making) -> None:
    used_twice(Resources(make, region=REGION, copied=()))

    assert make.times == 2


def test_the_moto_that_is_installed_is_one_whose_resources_are_copied() -> None:
    """Where this fails, the tests are right and slow: see whether the others of this file pass."""
    assert Resources(_make_resources, region=REGION)._is_copied, COPIED_VERSIONS
