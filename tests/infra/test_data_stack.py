"""What is kept: it stays where it is, it is encrypted and private, and prod never loses it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loyalty.domain.program.services import SERVICE_SCOPE
from loyalty.domain.report_exports import FILE_DAYS
from loyalty.table.records import HISTORY_ATTRIBUTES
from tests.infra.assembly import Assembly, Resource, synthesize

# Another logical id would make CloudFormation put an empty resource in the place of a full one.
LOGICAL_IDS = {
    "LedgerTable9343E4AA": "AWS::DynamoDB::GlobalTable",
    "BucketsAccessLogsA5F88218": "AWS::S3::Bucket",
    "BucketsAccessLogsPolicy7A0117B8": "AWS::S3::BucketPolicy",
    "BucketsLake7E5C8A08": "AWS::S3::Bucket",
    "BucketsLakePolicy1DFC6733": "AWS::S3::BucketPolicy",
    "BucketsInbox7F142E89": "AWS::S3::Bucket",
    "BucketsInboxPolicyA7A0746E": "AWS::S3::BucketPolicy",
    "BucketsExportsEFF3E371": "AWS::S3::Bucket",
    "BucketsExportsPolicy345D04C9": "AWS::S3::BucketPolicy",
    "BucketsFailedBatchesC9DB42EA": "AWS::S3::Bucket",
    "BucketsFailedBatchesPolicy564DAD2E": "AWS::S3::BucketPolicy",
    "FailedBatchesQueue04964B18": "AWS::SQS::Queue",
    "FailedBatchesQueuePolicy59BC399C": "AWS::SQS::QueuePolicy",
    "SecretsIdentity74DCF23E": "AWS::SecretsManager::Secret",
    "IdentitiesUserPool8358EB6D": "AWS::Cognito::UserPool",
    "IdentitiesUserPoolMobile489794BF": "AWS::Cognito::UserPoolClient",
    "IdentitiesStaffPoolA6574CF0": "AWS::Cognito::UserPool",
    "IdentitiesServicesPool36E75576": "AWS::Cognito::UserPool",
    "IdentitiesServicesPoolApi9DCFE6D1": "AWS::Cognito::UserPoolResourceServer",
    "IdentitiesServicesPoolDomainC0AE06D3": "AWS::Cognito::UserPoolDomain",
    "IdentitiesStaffPoolDomainEE69C8D1": "AWS::Cognito::UserPoolDomain",
    "IdentitiesUserPoolDomainE7ABC3C7": "AWS::Cognito::UserPoolDomain",
}


def test_the_logical_ids_of_retained_resources_never_change(deployed: Assembly) -> None:
    found = {
        logical_id: resource["Type"]
        for logical_id, resource in deployed.data.resources.items()
        if not re.match("Buckets[A-Za-z]+AutoDelete|CustomS3AutoDelete", logical_id)
    }

    assert found == LOGICAL_IDS


def test_a_stage_for_trying_empties_its_buckets_before_they_are_deleted(
    dev: Assembly, prod: Assembly, local: Assembly
) -> None:
    emptied = {
        dev.render(each["BucketName"])
        for each in dev.data.resources.values()
        if each["Type"] == "Custom::S3AutoDeleteObjects"
        for each in [each["Properties"]]
    }

    buckets = ("AccessLogs", "Lake", "Inbox", "Exports", "FailedBatches")
    assert emptied == {f"Buckets/{name}" for name in buckets}
    for assembly in (prod, local):
        types = {each["Type"] for each in assembly.data.resources.values()}
        assert "Custom::S3AutoDeleteObjects" not in types


def test_prod_keeps_its_logs_when_its_functions_are_deleted(dev: Assembly, prod: Assembly) -> None:
    for assembly, policy in ((dev, "Delete"), (prod, "RetainExceptOnCreate")):
        policies = {
            each["DeletionPolicy"]
            for each in assembly.service.resources.values()
            if each["Type"] == "AWS::Logs::LogGroup"
        }
        assert policies == {policy}


def test_prod_keeps_its_data_when_its_stack_is_deleted_and_nothing_else(prod: Assembly) -> None:
    """What is kept without need stands in the way of the deployment that creates it again."""
    retained = {
        logical_id
        for logical_id, resource in prod.data.resources.items()
        if resource["DeletionPolicy"] != "Delete"
    }

    assert retained == {
        "LedgerTable9343E4AA",
        "BucketsAccessLogsA5F88218",
        "BucketsLake7E5C8A08",
        "BucketsInbox7F142E89",
        "BucketsExportsEFF3E371",
        "BucketsFailedBatchesC9DB42EA",
        "SecretsIdentity74DCF23E",
        "IdentitiesUserPool8358EB6D",
        "IdentitiesStaffPoolA6574CF0",
        "IdentitiesServicesPool36E75576",
    }
    for logical_id in retained:
        resource = prod.data.resources[logical_id]
        # A first deployment that fails leaves no pool behind whose domain is then taken.
        assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
        assert resource["UpdateReplacePolicy"] == "Retain"


def test_dev_leaves_nothing_behind(dev: Assembly) -> None:
    policies = {resource["DeletionPolicy"] for resource in dev.data.resources.values()}

    assert policies == {"Delete"}


@pytest.mark.parametrize(("stage", "protection"), [("dev", "INACTIVE"), ("prod", "ACTIVE")])
def test_only_prod_refuses_to_delete_its_table_and_its_people(
    stage: str, protection: str, request: pytest.FixtureRequest
) -> None:
    data = request.getfixturevalue(stage).data

    (table,) = data.of_type("DynamoDB::GlobalTable").values()

    assert table["Replicas"][0]["DeletionProtectionEnabled"] is (protection == "ACTIVE")
    for pool in data.of_type("Cognito::UserPool").values():
        assert pool["DeletionProtection"] == protection


def test_the_table_is_on_demand_streams_both_images_and_can_be_restored(
    deployed: Assembly,
) -> None:
    (table,) = deployed.data.of_type("DynamoDB::GlobalTable").values()

    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert table["Replicas"][0]["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": True
    }


def test_the_sweeps_indexes_have_keys_only_and_history_the_attributes_of_lists(
    deployed: Assembly,
) -> None:
    (table,) = deployed.data.of_type("DynamoDB::GlobalTable").values()

    projections = {
        index["IndexName"]: index["Projection"] for index in table["GlobalSecondaryIndexes"]
    }

    assert projections == {
        "history": {
            "ProjectionType": "INCLUDE",
            "NonKeyAttributes": list(HISTORY_ATTRIBUTES),
        },
        "expiring": {"ProjectionType": "KEYS_ONLY"},
        "reminding": {"ProjectionType": "KEYS_ONLY"},
    }


def test_every_bucket_is_encrypted_and_closed_to_the_public(deployed: Assembly) -> None:
    buckets = deployed.data.of_type("S3::Bucket").values()

    assert len(buckets) == 5
    for bucket in buckets:
        assert bucket["BucketEncryption"]
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_deliveries_are_deleted_after_thirty_days_with_all_versions(
    deployed: Assembly,
) -> None:
    inbox = deployed.data.of_type("S3::Bucket")["BucketsInbox7F142E89"]

    (rule,) = inbox["LifecycleConfiguration"]["Rules"]

    assert rule["ExpirationInDays"] == 30
    assert rule["Status"] == "Enabled"
    assert "VersioningConfiguration" not in inbox


def test_exported_files_and_trials_are_deleted_in_their_time_and_incomplete_uploads_after_a_day(
    deployed: Assembly,
) -> None:
    exports = deployed.data.of_type("S3::Bucket")["BucketsExportsEFF3E371"]

    rules = exports["LifecycleConfiguration"]["Rules"]

    assert {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules} == {
        "files/": FILE_DAYS,
        "trials/": 30,
        "trial-parts/": 1,
    }
    for rule in rules:
        assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert "VersioningConfiguration" not in exports


def test_a_replaced_fact_can_be_restored_for_thirty_days_and_a_folded_one_for_a_day(
    deployed: Assembly,
) -> None:
    lake = deployed.data.of_type("S3::Bucket")["BucketsLake7E5C8A08"]

    fresh, every = lake["LifecycleConfiguration"]["Rules"]

    assert lake["VersioningConfiguration"] == {"Status": "Enabled"}
    assert fresh["TagFilters"] == [{"Key": "fresh", "Value": "yes"}]
    assert fresh["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert "TagFilters" not in every
    assert every["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    # What is left of an object of which no version is left.
    assert every["ExpiredObjectDeleteMarker"] is True
    assert all("ExpirationInDays" not in rule for rule in (fresh, every))


def test_reads_of_every_bucket_but_the_log_are_logged(deployed: Assembly) -> None:
    buckets = deployed.data.of_type("S3::Bucket")

    logged = {
        logical_id: bucket["LoggingConfiguration"]["DestinationBucketName"]
        for logical_id, bucket in buckets.items()
        if "LoggingConfiguration" in bucket
    }

    assert logged == {
        "BucketsLake7E5C8A08": {"Ref": "BucketsAccessLogsA5F88218"},
        "BucketsInbox7F142E89": {"Ref": "BucketsAccessLogsA5F88218"},
        "BucketsExportsEFF3E371": {"Ref": "BucketsAccessLogsA5F88218"},
        "BucketsFailedBatchesC9DB42EA": {"Ref": "BucketsAccessLogsA5F88218"},
    }


def test_an_app_has_no_secret_and_no_hosted_sign_in_without_a_callback_url(
    deployed: Assembly,
) -> None:
    (client,) = deployed.data.of_type("Cognito::UserPoolClient").values()

    assert client["GenerateSecret"] is False
    assert "AllowedOAuthFlows" not in client


def test_staff_sign_in_at_the_console_without_a_secret(deployed: Assembly) -> None:
    (client,) = deployed.service.of_type("Cognito::UserPoolClient").values()

    assert client["GenerateSecret"] is False
    assert client["AllowedOAuthFlows"] == ["code"]
    (address,) = client["CallbackURLs"]
    assert deployed.render(address).endswith("/v1/console")


def pools(assembly: Assembly) -> dict[str, Resource]:
    """The user pools, by the name of their construct."""
    return {
        name: pool
        for logical_id, pool in assembly.data.of_type("Cognito::UserPool").items()
        for name in ("StaffPool", "ServicesPool", "UserPool")
        if logical_id.startswith(f"Identities{name}")
    }


def test_the_public_signs_up_and_staff_are_invited_and_need_a_second_factor(
    deployed: Assembly,
) -> None:
    of = pools(deployed)

    invited = {
        name: pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] for name, pool in of.items()
    }
    assert invited == {"UserPool": False, "StaffPool": True, "ServicesPool": True}
    assert of["StaffPool"]["MfaConfiguration"] == "ON"
    assert of["StaffPool"]["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]
    assert of["UserPool"]["MfaConfiguration"] == "OPTIONAL"


def test_staff_sign_in_again_after_a_working_day(deployed: Assembly) -> None:
    (client,) = deployed.service.of_type("Cognito::UserPoolClient").values()

    assert client["RefreshTokenValidity"] == 720
    assert client["TokenValidityUnits"]["RefreshToken"] == "minutes"


def test_all_services_share_one_scope_and_programs_are_no_resources(deployed: Assembly) -> None:
    (server,) = deployed.data.of_type("Cognito::UserPoolResourceServer").values()

    assert f"{server['Identifier']}/{server['Scopes'][0]['ScopeName']}" == SERVICE_SCOPE
    assert len(server["Scopes"]) == 1


def test_nobody_can_mark_their_own_address_as_verified(deployed: Assembly) -> None:
    clients = deployed.data.of_type("Cognito::UserPoolClient")

    writable = clients["IdentitiesUserPoolMobile489794BF"]["WriteAttributes"]

    assert sorted(writable) == ["email", "locale", "name", "phone_number"]


def test_the_identity_key_is_generated_and_never_written_down(deployed: Assembly) -> None:
    (secret,) = deployed.data.of_type("SecretsManager::Secret").values()

    assert secret["GenerateSecretString"] == {"ExcludePunctuation": True, "PasswordLength": 64}
    assert "SecretString" not in secret


def test_people_who_sign_up_get_their_code_through_ses_from_the_program_s_sender(
    deployed: Assembly,
) -> None:
    """Cognito's own mailer sends fifty mails a day for the whole account."""
    for name in ("UserPool", "StaffPool"):
        sending = pools(deployed)[name]["EmailConfiguration"]

        assert sending["EmailSendingAccount"] == "DEVELOPER"
        assert sending["From"] == "club@beanleaf.example"
        assert deployed.render(sending["SourceArn"]) == (
            "arn:<Partition>:ses:<Region>:<AccountId>:identity/beanleaf.example"
        )


def test_a_failed_batch_is_kept_for_thirty_days_and_says_so(deployed: Assembly) -> None:
    bucket = deployed.data.of_type("S3::Bucket")["BucketsFailedBatchesC9DB42EA"]
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    (notified,) = bucket["NotificationConfiguration"]["QueueConfigurations"]

    assert rule["ExpirationInDays"] == 30
    assert notified["Event"] == "s3:ObjectCreated:*"
    assert deployed.render(notified["Queue"]) == "FailedBatches/Queue"
    # S3 checks that it may send while the bucket is made.
    depends_on = deployed.data.resources["BucketsFailedBatchesC9DB42EA"]["DependsOn"]
    assert "FailedBatchesQueuePolicy59BC399C" in depends_on


def test_a_restored_table_takes_the_place_of_the_stack_s_own(tmp_path: Path) -> None:
    stream = "arn:aws:dynamodb:eu-west-1:111122223333:table/restored/stream/2026-11-21T20:00:00.000"

    assembly = synthesize(tmp_path, restored_table={"name": "restored", "stream_arn": stream})

    assert "LedgerTable9343E4AA" in assembly.data.resources
    assert assembly.data.outputs["TableName"]["Value"] == "restored"
    readers = [
        each
        for each in assembly.service.of_type("Lambda::EventSourceMapping").values()
        if "StartingPosition" in each
    ]
    assert {each["EventSourceArn"] for each in readers} == {stream}
    for _, function in assembly.service.functions():
        assert function["Environment"]["Variables"].get("LOYALTY_TABLE", "restored") == "restored"


def test_a_table_can_be_warm_from_the_first_moment(tmp_path: Path) -> None:
    assembly = synthesize(tmp_path, warm_writes=12_000)

    table = assembly.data.of_type("DynamoDB::GlobalTable")["LedgerTable9343E4AA"]
    assert table["WarmThroughput"] == {"WriteUnitsPerSecond": 12_000}


def test_only_a_stage_that_makes_access_tokens_pays_for_a_key_that_signs_them(
    prod: Assembly, optional: Assembly
) -> None:
    (key,) = optional.data.of_type("KMS::Key").values()

    assert (key["KeySpec"], key["KeyUsage"]) == ("ECC_NIST_P256", "SIGN_VERIFY")
    assert not prod.data.of_type("KMS::Key")
