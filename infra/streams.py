"""The two readers of the table's stream."""

from __future__ import annotations

import json
from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cw
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.alarms import MAXIMUM, MINUTE, Alarm
from infra.failed_batches import FailedBatches
from infra.functions import CapabilityFunction
from infra.ledger_table import LedgerTable
from loyalty.table.keys import PROGRAM

# The docs promise that facts are in reports, and events on the bus, within two minutes.
ITERATOR_AGE_MAX = Duration.minutes(2)
# Outlasts an outage of an hour. A record that always fails holds up its lane for as long.
RECORD_AGE_MAX = Duration.hours(2)
# Deliveries as they were received are nothing to readers, and hold personal data.
ABOUT_PROGRAMS = {"dynamodb": {"Keys": {"pk": {"S": [{"prefix": PROGRAM}]}}}}


class StreamReader(Construct):
    """Feeds the table's changes to a function at least once, in order for each item.

    A failed batch is halved until it holds only the record that fails, which is then kept among
    the failed batches. Reading starts with the oldest record, so a service that is deleted and
    deployed again within a day misses nothing. Consumers can recognize repeats of both readers'
    outputs.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        table: LedgerTable,
        failed_batches: FailedBatches,
        function: CapabilityFunction,
        batch_size: int,
        batching_window: Duration,
        parallelization: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self.function = function
        function.allow(
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
            on=[table.stream_arn],
        )
        failed_batches.allow_write(function)
        function.watch_failures()
        lambda_.CfnEventSourceMapping(
            self,
            "Mapping",
            function_name=function.live.function_arn,
            event_source_arn=table.stream_arn,
            starting_position="TRIM_HORIZON",
            batch_size=batch_size,
            maximum_batching_window_in_seconds=batching_window.to_seconds(),
            parallelization_factor=parallelization,
            bisect_batch_on_function_error=True,
            function_response_types=["ReportBatchItemFailures"],
            filter_criteria=lambda_.CfnEventSourceMapping.FilterCriteriaProperty(
                filters=[
                    lambda_.CfnEventSourceMapping.FilterProperty(pattern=json.dumps(ABOUT_PROGRAMS))
                ]
            ),
            # As many attempts as fit into the time.
            maximum_retry_attempts=-1,
            maximum_record_age_in_seconds=RECORD_AGE_MAX.to_seconds(),
            destination_config=lambda_.CfnEventSourceMapping.DestinationConfigProperty(
                on_failure=lambda_.CfnEventSourceMapping.OnFailureProperty(
                    destination=failed_batches.destination_arn
                )
            ),
        )

    @property
    def alarms(self) -> Sequence[Alarm]:
        name = self.function.name
        return (
            Alarm(
                name=f"{name}-iterator-age",
                says=f"{name} is more than two minutes behind the table's stream.",
                metric=self.iterator_age(),
                threshold=ITERATOR_AGE_MAX.to_milliseconds(),
                periods=5,
            ),
        )

    def iterator_age(self, *, label: str | None = None) -> cw.Metric:
        return self.function.function.metric(
            "IteratorAge", statistic=MAXIMUM, period=MINUTE, label=label
        )
