"""The relay: changes of the table become events on the bus."""

from __future__ import annotations

from aws_cdk import Duration

from infra.kit import STREAM_TIMEOUT, Kit
from infra.streams import StreamReader


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
