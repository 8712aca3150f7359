"""The relay: changes of the table become events on the bus, and for endpoints."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs

from infra.kit import STREAM_TIMEOUT, Kit
from infra.ledger_table import BATCH_GET, GET, PUT, QUERY
from infra.queues import allow_send_many
from infra.streams import StreamReader


def relay(kit: Kit, *, endpoint_events: sqs.Queue, looks: sqs.Queue) -> StreamReader:
    function = kit.function(
        "relay",
        "Turn table changes into events on the bus and for endpoints",
        environment=kit.table_name
        | {
            "LOYALTY_BUS": kit.bus.event_bus_name,
            "LOYALTY_EVENTS_QUEUE_URL": endpoint_events.queue_url,
            "LOYALTY_ENGAGEMENT_QUEUE_URL": looks.queue_url,
        },
        timeout=STREAM_TIMEOUT,
    )
    function.allow("events:PutEvents", on=[kit.bus.event_bus_arn])
    allow_send_many(function, endpoint_events)
    # Orders that may count for a challenge; whether the program ever had one.
    allow_send_many(function, looks)
    kit.data.table.allow(function, GET)
    # Which events the endpoints of a program want.
    kit.data.table.allow(function, QUERY)
    # Which budgets of campaigns are spent.
    kit.data.table.allow(function, BATCH_GET, PUT)
    return StreamReader(
        kit.stack,
        "RelayStream",
        table=kit.data.table,
        failed_batches=kit.data.failed_batches,
        function=function,
        batch_size=100,
        # An event is worth most at once.
        batching_window=Duration.seconds(0),
        parallelization=4,
    )
