"""What Secrets Manager may answer and an emulator does not."""

import json

import pytest

from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.shops.storefront import ShopKeys
from loyalty.edge.aws.storefront_secrets import StorefrontSecrets
from tests.support.planned_service import PlannedService, refusal

NAME = "loyalty/test/storefronts/bean/online/signing"


def vault(service: PlannedService) -> StorefrontSecrets:
    return StorefrontSecrets(service, prefix="loyalty/test/storefronts/")


def test_a_secret_that_is_being_deleted_is_none() -> None:
    service = PlannedService(refusal("InvalidRequestException"))

    assert vault(service).read("bean", "online") is None


def test_a_name_that_waits_for_deletion_is_freed_and_can_be_used_soon() -> None:
    waiting = refusal("InvalidRequestException")
    service = PlannedService(waiting, waiting, {})

    with pytest.raises(TryAgain):
        vault(service).keep("bean", "online", ShopKeys(secrets=("new",)))

    assert service.calls[-1] == (
        "DeleteSecret",
        {"SecretId": NAME, "ForceDeleteWithoutRecovery": True},
    )


def test_of_two_who_create_it_at_once_the_later_one_replaces() -> None:
    service = PlannedService(
        refusal("ResourceNotFoundException"), refusal("ResourceExistsException"), {}
    )

    vault(service).keep("bean", "online", ShopKeys(secrets=("new",)))

    stored = json.dumps({"v": 1, "secrets": ["new"], "access_token": None})
    assert service.calls[-1] == ("PutSecretValue", {"SecretId": NAME, "SecretString": stored})
