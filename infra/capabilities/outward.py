"""What the world is told: events, mails, signed webhooks."""

from __future__ import annotations

from aws_cdk import Duration

from infra.functions import CapabilityFunction
from infra.kit import STREAM_TIMEOUT, Kit
from infra.ledger_table import BATCH_GET, DELETE, GET, PUT, QUERY, UPDATE
from infra.outbound import Outbound
from infra.queues import WorkQueue
from infra.streams import StreamReader
from infra.subscriptions import Subscription
from loyalty.domain.events import SOURCE, MessageDue

# A few mails, each of which SES may think about for 10 s.
NOTIFICATIONS_TIMEOUT = Duration.seconds(60)
# One delivery takes 13 s when everything that can be slow is.
ENDPOINTS_TIMEOUT = Duration.seconds(30)
# 2 workers send some 20 mails a second, more than the 14 that a new account of SES may.
NOTIFICATIONS_CONCURRENCY_MAX = 2


def relay(kit: Kit) -> StreamReader:
    function = kit.function(
        "relay",
        "Turn table changes into events on the bus",
        environment={"LOYALTY_BUS": kit.bus.event_bus_name},
        timeout=STREAM_TIMEOUT,
    )
    function.allow("events:PutEvents", on=[kit.bus.event_bus_arn])
    return StreamReader(
        kit.stack,
        "RelayStream",
        settings=kit.settings,
        table=kit.data.table,
        function=function,
        batch_size=100,
        # An event is worth most at once.
        batching_window=Duration.seconds(0),
        parallelization=4,
    )


def notifications(kit: Kit) -> tuple[CapabilityFunction, WorkQueue]:
    function = kit.function(
        "notifications",
        "Say members' messages by mail, and show managers how they look",
        environment=kit.table_name | kit.identity_secret | kit.claims | kit.mail.environment,
        timeout=NOTIFICATIONS_TIMEOUT,
        layers=kit.layers.messages,
    )
    kit.data.table.allow(function, GET, BATCH_GET, PUT, UPDATE)
    kit.data.secrets.allow_read_identity(function)
    kit.mail.allow_send(function)
    messages = WorkQueue(
        kit.stack,
        "Messages",
        settings=kit.settings,
        function=function,
        concurrency_max=NOTIFICATIONS_CONCURRENCY_MAX,
        sends="nothing",
        # Messages wait whenever it is night.
        age_max=None,
    )
    # What the quiet hours came before is hidden until they end.
    function.allow("sqs:ChangeMessageVisibility", on=[messages.queue.queue_arn])
    function.function.add_environment("LOYALTY_NOTIFICATIONS_QUEUE_URL", messages.queue.queue_url)
    Subscription(
        kit.stack,
        "DueMessages",
        source=SOURCE,
        names=[MessageDue.name],
        queue=messages,
        bus_name=kit.bus.event_bus_name,
    )
    kit.mail.tell(messages)
    return function, messages


def endpoints(kit: Kit) -> tuple[CapabilityFunction, Outbound]:
    function = kit.function(
        "endpoints",
        "Send events to merchants' endpoints as signed webhooks",
        environment=kit.table_name
        | kit.claims
        | {"LOYALTY_ENDPOINT_SECRETS": kit.data.secrets.endpoint_prefix},
        timeout=ENDPOINTS_TIMEOUT,
    )
    kit.data.table.allow(function, GET, PUT, DELETE, QUERY)
    kit.data.table.allow_query(function, index="history")
    kit.data.secrets.allow_endpoints(
        function,
        "secretsmanager:CreateSecret",
        "secretsmanager:DeleteSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
    )
    function.alarm_on(
        "EndpointDeliveriesParked",
        name="endpoint-deliveries-parked",
        says="An endpoint did not take an event for a whole day, or is gone.",
    )
    outbound = Outbound(
        kit.stack,
        "Outbound",
        settings=kit.settings,
        function=function,
        bus_name=kit.bus.event_bus_name,
    )
    return function, outbound
