"""Webhooks out: events are sent to merchants' endpoints, one delivery at a time."""

from __future__ import annotations

from aws_cdk import Duration
from constructs import Construct

from infra.functions import CapabilityFunction
from infra.kit import Kit
from infra.ledger_table import DELETE, GET, PUT, QUERY
from infra.queues import WorkQueue
from infra.settings import Settings

# One delivery takes 13 s when everything that can be slow is.
TIMEOUT = Duration.seconds(30)
# An event is only queued for each endpoint that wants it: short work, which needs few workers.
EVENTS_AT_ONCE_MAX = 10
EVENTS_CONCURRENCY_MAX = 5
# An endpoint that does not answer holds one of these for seconds, and holds up no other endpoint.
DELIVERIES_CONCURRENCY_MAX = 50


class WebhooksOutQueues(Construct):
    """Two queues for one function, so that slow endpoints do not hold up the events themselves.

    A delivery arrives alone: in a batch it would wait for those before it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        function: CapabilityFunction,
    ) -> None:
        super().__init__(scope, construct_id)
        events = WorkQueue(
            self,
            "Events",
            settings=settings,
            function=function,
            concurrency_max=settings.workers_at_once(EVENTS_CONCURRENCY_MAX),
            batch_size=EVENTS_AT_ONCE_MAX,
            sends="nothing",
            name=f"{function.name}_events",
        )
        deliveries = WorkQueue(
            self,
            "Deliveries",
            settings=settings,
            function=function,
            concurrency_max=settings.workers_at_once(DELIVERIES_CONCURRENCY_MAX),
            batch_size=1,
            sends="one",
        )
        function.function.add_environment(
            "LOYALTY_WEBHOOKS_OUT_QUEUE_URL", deliveries.queue.queue_url
        )
        self.events = events.queue
        self.queues = (events, deliveries)


def webhooks_out(kit: Kit) -> tuple[CapabilityFunction, WebhooksOutQueues]:
    function = kit.function(
        "webhooks_out",
        "Send events to merchants' endpoints as signed webhooks",
        environment=kit.table_name
        | kit.claims
        | {"LOYALTY_ENDPOINT_SECRETS": kit.data.secrets.endpoint_prefix},
        timeout=TIMEOUT,
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
        "WebhooksOutParked",
        name="webhooks-out-parked",
        says="An endpoint did not accept an event for a whole day, or is gone.",
    )
    queues = WebhooksOutQueues(
        kit.stack,
        "WebhooksOutQueues",
        settings=kit.settings,
        function=function,
    )
    return function, queues
