"""Functions for shops: receive and apply what they deliver, send them voucher codes."""

from __future__ import annotations

from aws_cdk import Duration

from infra.alarms import HOUR
from infra.functions import CapabilityFunction
from infra.kit import Kit
from infra.ledger_table import BATCH_GET, CHECK, DELETE, GET, PUT, QUERY, UPDATE
from infra.queues import WorkQueue
from infra.schedules import Runs, Wake
from infra.subscriptions import Subscription
from loyalty.domain.events import SOURCE
from loyalty.usecases.shops.code_events import STEPS_OF_VOUCHERS

INTAKE_TIMEOUT = Duration.seconds(30)
# Up to six requests to a shop, of up to 7 s each, for one or two shops.
CODES_TIMEOUT = Duration.seconds(60)
CODES_CONCURRENCY_MAX = 2


def connections(kit: Kit) -> CapabilityFunction:
    function = kit.function(
        "storefronts",
        "Connect storefronts, list and replay what they delivered",
        environment=kit.table_name
        | kit.storefront_secrets
        | kit.inbox_bucket
        | kit.claims
        | {"LOYALTY_INTAKE_QUEUE_URL": kit.intake.queue.queue_url},
    )
    # Requested erasures are listed and stopped.
    kit.data.table.allow(function, GET, BATCH_GET, PUT, UPDATE, DELETE, QUERY)
    # Deliveries are listed, and replayed a thousand at a time.
    kit.data.buckets.allow_fetch_delivery(function)
    kit.intake.allow_send_many(function)
    kit.data.secrets.allow_storefronts(
        function,
        "secretsmanager:CreateSecret",
        "secretsmanager:DeleteSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
    )
    return function


def webhooks(kit: Kit) -> CapabilityFunction:
    function = kit.function(
        "webhooks",
        "Verify, store and queue what storefronts deliver",
        environment=kit.table_name
        | kit.storefront_secrets
        | kit.inbox_bucket
        | {"LOYALTY_INTAKE_QUEUE_URL": kit.intake.queue.queue_url},
    )
    kit.data.table.allow(function, GET)
    kit.data.table.allow_receive(function)
    kit.data.secrets.allow_storefronts(function, "secretsmanager:GetSecretValue")
    kit.data.buckets.allow_store_delivery(function)
    kit.intake.allow_send(function)
    return function


def intake(kit: Kit) -> tuple[CapabilityFunction, Wake]:
    function = kit.function(
        "intake",
        "Apply storefront events",
        environment=kit.table_name
        | kit.identity_secret
        | kit.inbox_bucket
        | kit.storefront_secrets
        | {"LOYALTY_INTAKE_QUEUE_URL": kit.intake.queue.queue_url},
        timeout=INTAKE_TIMEOUT,
    )
    kit.allow_ledger(function)
    # A refund looks up what expired from its lots. A guest's order that earns leaves the list.
    # A customer can only be enrolled with an identity that no other member has.
    kit.data.table.allow(function, QUERY, DELETE, CHECK)
    # Some platforms deliver only an id, so the order is fetched from their API.
    kit.data.secrets.allow_storefronts(function, "secretsmanager:GetSecretValue")
    kit.data.buckets.allow_fetch_delivery(function)
    kit.intake.feed(function)
    # Finds deliveries that were stored but not queued, and that no platform sends again.
    wake = Wake(
        kit.stack,
        "IntakeWake",
        settings=kit.settings,
        function=function,
        # Each run takes a twelfth of the programs.
        expression="cron(0/5 * * * ? *)",
        payload={"runs_an_hour": 12},
        runs=Runs(
            "No run has looked for deliveries that were stored and not queued for two hours.",
            period=HOUR,
            # A run covers two hours.
            periods=2,
        ),
    )
    for counted, name, says in (
        (
            "DeliveriesParked",
            "deliveries-parked",
            "A signed delivery was set aside for a person to decide, with its reason.",
        ),
        (
            "DataRequested",
            "data-requested",
            "A shop's customer asks for their data; answer within 30 days.",
        ),
    ):
        function.alarm_on(counted, name=name, says=says)
    return function, wake


def codes(kit: Kit) -> tuple[CapabilityFunction, WorkQueue]:
    function = kit.function(
        "codes",
        "Create and delete discount codes for vouchers in connected shops",
        environment=kit.table_name | kit.storefront_secrets,
        timeout=CODES_TIMEOUT,
    )
    # It records which shops have a code, and returns the points once none has it.
    kit.data.table.allow(function, GET, PUT, UPDATE, QUERY)
    kit.data.secrets.allow_storefronts(function, "secretsmanager:GetSecretValue")
    codes = WorkQueue(
        kit.stack,
        "ShopCodes",
        settings=kit.settings,
        function=function,
        concurrency_max=CODES_CONCURRENCY_MAX,
        batch_size=1,
        sends="nothing",
    )
    Subscription(
        kit.stack,
        "StepsOfVouchers",
        source=SOURCE,
        names=[event.name for event in STEPS_OF_VOUCHERS],
        queue=codes,
        bus_name=kit.bus.event_bus_name,
    )
    return function, codes
