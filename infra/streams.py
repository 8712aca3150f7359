"""The two readers of the table's stream."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.functions import CapabilityFunction
from infra.ledger_table import LedgerTable
from infra.queues import StreamDeadLetters
from infra.settings import Settings


class StreamReader(Construct):
    """Feeds the table's changes to a function, in order per item, at least once.

    A failed batch is halved until the poisonous record stands alone, which is then named in the
    dead letters. Reading starts with the oldest record: a service that was deleted and deployed
    again within a day has missed nothing, and both readers' outputs can be told from repeats.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        table: LedgerTable,
        function: CapabilityFunction,
        batch_size: int,
        batching_window: Duration,
        parallelization: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self.function = function
        letters = StreamDeadLetters(self, "DeadLetters", settings=settings)
        self.dead_letters: sqs.Queue = letters.queue
        function.allow(
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
            on=[table.stream_arn],
        )
        function.allow("sqs:SendMessage", on=[self.dead_letters.queue_arn])
        lambda_.CfnEventSourceMapping(
            self,
            "Mapping",
            function_name=function.function.function_name,
            event_source_arn=table.stream_arn,
            starting_position="TRIM_HORIZON",
            batch_size=batch_size,
            maximum_batching_window_in_seconds=batching_window.to_seconds(),
            parallelization_factor=parallelization,
            bisect_batch_on_function_error=True,
            function_response_types=["ReportBatchItemFailures"],
            # Sits out a throttled target; for as long, a poisonous record holds up its lane.
            maximum_retry_attempts=30,
            maximum_record_age_in_seconds=Duration.hours(12).to_seconds(),
            destination_config=lambda_.CfnEventSourceMapping.DestinationConfigProperty(
                on_failure=lambda_.CfnEventSourceMapping.OnFailureProperty(
                    destination=self.dead_letters.queue_arn
                )
            ),
        )
