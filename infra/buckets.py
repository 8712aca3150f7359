"""The buckets: the lake of facts, the inbox of deliveries, exported files, and an access log."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from aws_cdk import CfnOutput, Duration, Fn, Stack
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.functions import CapabilityFunction
from infra.settings import Settings
from loyalty.domain.report_exports import FILE_DAYS
from loyalty.domain.trials.whole import KEPT_DAYS, PARTS_DAYS
from loyalty.lake import trial_files
from loyalty.lake.objects import FRESH_TAG
from loyalty.lake.report_files import FILES

FACTS = "facts/"

# How long a delivery stays as it was received. The privacy page promises this number.
INBOX_EXPIRY_DAYS = 30
ACCESS_LOG_EXPIRY_DAYS = 90
# Batches hold items, and with them personal data.
FAILED_BATCH_EXPIRY_DAYS = 30


# How long the files in each folder of the bucket of exports live.
EXPORTED_DAYS = {
    FILES: FILE_DAYS,
    trial_files.TRIALS: KEPT_DAYS,
    trial_files.PARTS: PARTS_DAYS,
}


class BucketArn(NamedTuple):
    """A bucket's ARN as another stack reads it, and as cdk-nag spells that."""

    value: str
    for_nag: str


class Buckets(Construct):
    """All buckets: private, encrypted, TLS only, with an access log."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self.access_logs = self._bucket(
            "AccessLogs",
            rules=[s3.LifecycleRule(expiration=Duration.days(ACCESS_LOG_EXPIRY_DAYS))],
        )
        self.lake = self._bucket(
            "Lake",
            # Compaction replaces many objects with one; versions can bring the old ones back.
            versioned=True,
            rules=[
                # These versions are the same facts as in the object that they were folded into. S3
                # deletes them a day or two later, and then their delete markers.
                s3.LifecycleRule(
                    tag_filters=dict([FRESH_TAG]),
                    noncurrent_version_expiration=Duration.days(1),
                ),
                s3.LifecycleRule(
                    noncurrent_version_expiration=Duration.days(30),
                    expired_object_delete_marker=True,
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                ),
            ],
        )
        # Deliveries that are too large for the table. Not versioned: they hold personal data, and
        # erasing must leave no old version.
        self.inbox = self._bucket(
            "Inbox",
            rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(INBOX_EXPIRY_DAYS),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
        )
        # All of it can be made again.
        self.exports = self._bucket(
            "Exports",
            rules=[
                s3.LifecycleRule(
                    prefix=f"{folder}/",
                    expiration=Duration.days(days),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
                for folder, days in EXPORTED_DAYS.items()
            ],
        )
        self.failed_batches = self._bucket(
            "FailedBatches",
            rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(FAILED_BATCH_EXPIRY_DAYS),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
        )
        self.failed_batches_arn = _published_arn(self.failed_batches, "FailedBatchesArn")
        self._lake_arn = _published_arn(self.lake, "LakeArn")
        self._inbox_arn = _published_arn(self.inbox, "InboxArn")
        self._exports_arn = _published_arn(self.exports, "ExportsArn")

    def allow_write_facts(self, function: CapabilityFunction) -> None:
        self._allow_facts(function, "s3:PutObject")
        self._allow_facts(function, "s3:PutObjectTagging")

    def allow_read_facts(self, function: CapabilityFunction) -> None:
        self._allow_facts(function, "s3:GetObject")
        # On the whole bucket: with a prefix, S3 answers "forbidden" instead of "not found" for an
        # object that compaction has just removed.
        function.allow("s3:ListBucket", on=[self._lake_arn.value])

    def allow_read_neighbors(self, function: CapabilityFunction) -> None:
        """Allow reading what goes together in programs, and nothing about anybody."""
        under = f"{FACTS}neighbors/*"
        function.allow("s3:GetObject", on=[f"{self._lake_arn.value}/{under}"])
        function.acknowledge_wildcard(
            f"{self._lake_arn.for_nag}/{under}", why="Each program has an object of its own."
        )
        # As above, before the first one is there.
        function.allow("s3:ListBucket", on=[self._lake_arn.value])

    def allow_replace_facts(self, function: CapabilityFunction) -> None:
        self._allow_facts(function, "s3:PutObject")
        self._allow_facts(function, "s3:DeleteObject")

    def allow_store_delivery(self, function: CapabilityFunction) -> None:
        self._allow_deliveries(function, "s3:PutObject")

    def allow_fetch_delivery(self, function: CapabilityFunction) -> None:
        self._allow_deliveries(function, "s3:GetObject")
        # Otherwise S3 answers "forbidden" instead of "not found".
        function.allow("s3:ListBucket", on=[self._inbox_arn.value])

    def allow_erase_deliveries(self, function: CapabilityFunction) -> None:
        """Allow reading all deliveries and deleting those that name an erased person."""
        self.allow_fetch_delivery(function)
        self._allow_deliveries(function, "s3:DeleteObject")

    def allow_export(self, function: CapabilityFunction) -> None:
        """Allow writing files and signing links to them. A link has the rights of its signer."""
        self._allow_files(function, FILES)

    def allow_keep_trials(self, function: CapabilityFunction) -> None:
        for folder in (trial_files.TRIALS, trial_files.PARTS):
            self._allow_files(function, folder)
        # Otherwise S3 answers "forbidden" instead of "not found".
        function.allow("s3:ListBucket", on=[self._exports_arn.value])

    def _allow_files(self, function: CapabilityFunction, folder: str) -> None:
        function.allow("s3:PutObject", "s3:GetObject", on=[f"{self._exports_arn.value}/{folder}/*"])
        function.acknowledge_wildcard(
            f"{self._exports_arn.for_nag}/{folder}/*", why="Each file is an object of its own."
        )

    def _allow_facts(self, function: CapabilityFunction, action: str) -> None:
        function.allow(action, on=[f"{self._lake_arn.value}/{FACTS}*"])
        function.acknowledge_wildcard(
            f"{self._lake_arn.for_nag}/{FACTS}*", why="Facts are many objects under one prefix."
        )

    def _allow_deliveries(self, function: CapabilityFunction, action: str) -> None:
        function.allow(action, on=[f"{self._inbox_arn.value}/*"])
        function.acknowledge_wildcard(
            f"{self._inbox_arn.for_nag}/*",
            why="The inbox holds one object for each large delivery.",
        )

    def _bucket(
        self, name: str, *, rules: Sequence[s3.LifecycleRule], versioned: bool = False
    ) -> s3.Bucket:
        is_log = name == "AccessLogs"
        return s3.Bucket(
            self,
            name,
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=self._settings.tls_only,
            versioned=versioned,
            removal_policy=self._settings.removal_policy,
            auto_delete_objects=self._settings.empties_buckets,
            lifecycle_rules=list(rules),
            server_access_logs_bucket=None if is_log else self.access_logs,
            server_access_logs_prefix=None if is_log else f"{name.lower()}/",
        )


def _published_arn(bucket: s3.Bucket, name: str) -> BucketArn:
    """Publish an ARN under a name of our own, so that acknowledgements can name it."""
    stack = Stack.of(bucket)
    CfnOutput(stack, name, value=bucket.bucket_arn)
    read = {"StackName": stack.stack_name, "OutputName": name}
    return BucketArn(
        value=Fn.get_stack_output(stack.stack_name, name),
        for_nag=json.dumps({"Fn::GetStackOutput": read}, separators=(",", ":")),
    )
