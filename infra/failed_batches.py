"""Batches of the stream that a reader gave up, kept whole until they are driven again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from aws_cdk import Aws, CfnOutput
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.alarms import MAXIMUM, MINUTE, Alarm, Severity
from infra.buckets import Buckets
from infra.functions import CapabilityFunction
from infra.queues import DEAD_LETTER_RETENTION
from infra.settings import Settings


class FailedBatches(Construct):
    """A bucket that Lambda writes failed batches to, and a queue that says that there are some.

    The stream forgets its records after a day, so the bucket has all of them and not only their
    numbers. `make redrive` hands them to their function again and deletes them.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, buckets: Buckets
    ) -> None:
        super().__init__(scope, construct_id)
        self._bucket = buckets.failed_batches
        self._arn = buckets.failed_batches_arn
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=settings.tls_only,
            retention_period=DEAD_LETTER_RETENTION,
        )
        acknowledge(
            self.queue,
            "AwsSolutions-SQS3",
            reason="Its messages only name objects of the bucket; nothing fails at reading them.",
        )
        # The local cloud's readers give up nothing.
        if settings.platform != "local":
            self._notify()
        CfnOutput(scope, "FailedBatchesBucket", value=self._bucket.bucket_name)
        CfnOutput(scope, "FailedBatchesQueueUrl", value=self.queue.queue_url)

    @property
    def alarms(self) -> Sequence[Alarm]:
        return (
            Alarm(
                name="stream-dead-letters",
                says="A reader of the table's stream gave up a batch; it is kept to be redriven.",
                metric=self.queue.metric_approximate_number_of_messages_visible(
                    statistic=MAXIMUM, period=MINUTE
                ),
                severity=Severity.PAGE,
            ),
        )

    @property
    def destination_arn(self) -> str:
        return self._arn.value

    def allow_write(self, function: CapabilityFunction) -> None:
        """Allow Lambda to write failed batches, which it does with the function's own role."""
        function.allow("s3:ListBucket", on=[self._arn.value])
        function.allow("s3:PutObject", on=[f"{self._arn.value}/*"])
        function.acknowledge_wildcard(
            f"{self._arn.for_nag}/*", why="Each failed batch is an object of its own."
        )

    def _notify(self) -> None:
        policy = self.queue.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sqs:SendMessage"],
                principals=[iam.ServicePrincipal("s3.amazonaws.com")],
                resources=[self.queue.queue_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        bucket = cast(s3.CfnBucket, self._bucket.node.default_child)
        bucket.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            queue_configurations=[
                s3.CfnBucket.QueueConfigurationProperty(
                    event="s3:ObjectCreated:*", queue=self.queue.queue_arn
                )
            ]
        )
        # S3 tries the queue while the bucket is made.
        if policy.policy_dependable is not None:
            self._bucket.node.add_dependency(policy.policy_dependable)
