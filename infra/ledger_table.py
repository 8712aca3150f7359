"""The one table: programs, members, entries, vouchers."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cw
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra.alarms import MINUTE, SUM, Alarm
from infra.functions import CapabilityFunction
from infra.settings import Settings
from loyalty.table.keys import INBOX
from loyalty.table.records import HISTORY_ATTRIBUTES

# The actions that use cases need. A transaction needs the right for each of its parts.
GET = "dynamodb:GetItem"
BATCH_GET = "dynamodb:BatchGetItem"
QUERY = "dynamodb:Query"
SCAN = "dynamodb:Scan"
PUT = "dynamodb:PutItem"
UPDATE = "dynamodb:UpdateItem"
DELETE = "dynamodb:DeleteItem"
CHECK = "dynamodb:ConditionCheckItem"


class LedgerTable(Construct):
    """The table, its three indexes, and the stream that serves as the outbox."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self._is_local = settings.platform == "local"
        own = dynamodb.TableV2(
            self,
            "Table",
            partition_key=_string("pk"),
            sort_key=_string("sk"),
            billing=dynamodb.Billing.on_demand(),
            global_secondary_indexes=[
                _index("history", non_key_attributes=HISTORY_ATTRIBUTES),
                _index("expiring"),
                _index("reminding"),
            ],
            dynamo_stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            time_to_live_attribute="ttl",
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=settings.is_prod,
            warm_throughput=dynamodb.WarmThroughput(
                write_units_per_second=settings.configuration.warm_writes
            )
            if settings.configuration.warm_writes
            else None,
        )
        restored = settings.configuration.restored_table
        self._table: dynamodb.ITableV2 = (
            dynamodb.TableV2.from_table_attributes(
                self,
                "Restored",
                table_arn=Stack.of(self).format_arn(
                    service="dynamodb", resource="table", resource_name=restored.name
                ),
                table_stream_arn=restored.stream_arn,
            )
            if restored
            else own
        )

    @property
    def name(self) -> str:
        return self._table.table_name

    @property
    def stream_arn(self) -> str:
        arn = self._table.table_stream_arn
        if arn is None:
            raise TypeError("The table has no stream.")
        return arn

    @property
    def alarms(self) -> Sequence[Alarm]:
        throttled = {
            "reads": self._table.metric("ReadThrottleEvents", statistic=SUM, period=MINUTE),
            "writes": self._table.metric("WriteThrottleEvents", statistic=SUM, period=MINUTE),
        }
        return (
            Alarm(
                name="table-throttles",
                says="DynamoDB throttled the table in three of five minutes.",
                metric=cw.MathExpression(
                    expression="FILL(reads, 0) + FILL(writes, 0)",
                    using_metrics=throttled,
                    label="throttled reads and writes",
                    period=MINUTE,
                ),
                periods=5,
                failing=3,
            ),
        )

    def allow(self, function: CapabilityFunction, *actions: str) -> None:
        """Allow exact actions on the table only. `TableV2.grant` would add every index."""
        function.allow(*actions, on=[self._table.table_arn])

    def allow_receive(self, function: CapabilityFunction) -> None:
        """Allow putting received deliveries, and no item of the ledger."""
        # The local cloud does not know this condition, and would refuse everything.
        inbox_only = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{INBOX}*"]}}
        function.allow(PUT, on=[self._table.table_arn], if_=None if self._is_local else inbox_only)

    def allow_query(self, function: CapabilityFunction, *, index: str) -> None:
        function.allow(QUERY, on=[f"{self._table.table_arn}/index/{index}"])


def _string(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


def _index(
    name: str, *, non_key_attributes: Sequence[str] = ()
) -> dynamodb.GlobalSecondaryIndexPropsV2:
    keys_only = dynamodb.ProjectionType.KEYS_ONLY
    return dynamodb.GlobalSecondaryIndexPropsV2(
        index_name=name,
        partition_key=_string(f"{name}_pk"),
        sort_key=_string(f"{name}_sk"),
        projection_type=dynamodb.ProjectionType.INCLUDE if non_key_attributes else keys_only,
        non_key_attributes=list(non_key_attributes) or None,
    )
