"""What Secrets Manager may answer and an emulator does not."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.stub import Stubber

from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.shops.storefront import ShopKeys
from loyalty.edge.aws.storefront_secrets import StorefrontSecrets

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

NAME = "loyalty/test/storefronts/bean/online/signing"


@pytest.fixture
def client() -> "SecretsManagerClient":
    return boto3.client(
        "secretsmanager",
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@pytest.fixture
def answers(client: "SecretsManagerClient") -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def vault(client: "SecretsManagerClient") -> StorefrontSecrets:
    return StorefrontSecrets(client, prefix="loyalty/test/storefronts/")


def test_a_secret_that_is_being_deleted_is_none(vault: StorefrontSecrets, answers: Stubber) -> None:
    answers.add_client_error("get_secret_value", "InvalidRequestException")

    assert vault.read("bean", "online") is None


def test_a_name_that_waits_for_deletion_is_freed_and_can_be_used_soon(
    vault: StorefrontSecrets, answers: Stubber
) -> None:
    answers.add_client_error("get_secret_value", "InvalidRequestException")
    answers.add_client_error("create_secret", "InvalidRequestException")
    answers.add_response(
        "delete_secret", {}, {"SecretId": NAME, "ForceDeleteWithoutRecovery": True}
    )

    with pytest.raises(TryAgain):
        vault.keep("bean", "online", ShopKeys(secrets=("new",)))


def test_of_two_who_create_it_at_once_the_later_one_replaces(
    vault: StorefrontSecrets, answers: Stubber
) -> None:
    answers.add_client_error("get_secret_value", "ResourceNotFoundException")
    answers.add_client_error("create_secret", "ResourceExistsException")
    answers.add_response(
        "put_secret_value",
        {},
        {
            "SecretId": NAME,
            "SecretString": json.dumps({"v": 1, "secrets": ["new"], "access_token": None}),
        },
    )

    vault.keep("bean", "online", ShopKeys(secrets=("new",)))
