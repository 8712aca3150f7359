"""Functions for members and staff: the program, membership, points, rewards."""

from __future__ import annotations

from infra.functions import CapabilityFunction
from infra.kit import Kit
from infra.ledger_table import BATCH_GET, CHECK, DELETE, GET, PUT, QUERY, UPDATE


def program(kit: Kit) -> CapabilityFunction:
    function = kit.function(
        "program",
        "Publish and read the program document, connect storefronts, describe the API",
        environment=kit.table_name
        | kit.storefront_secrets
        | kit.inbox_bucket
        | kit.claims
        | {"LOYALTY_INTAKE_QUEUE_URL": kit.intake.queue.queue_url},
    )
    # Requested erasures are listed and stopped.
    kit.data.table.allow(function, GET, BATCH_GET, PUT, UPDATE, DELETE, QUERY)
    # The actions of staff are listed by target.
    kit.data.table.allow_query(function, index="history")
    # Deliveries are listed, and replayed a thousand at a time.
    kit.data.buckets.allow_fetch_delivery(function)
    kit.data.buckets.allow_list_deliveries(function)
    kit.intake.allow_send_many(function)
    kit.data.secrets.allow_storefronts(
        function,
        "secretsmanager:CreateSecret",
        "secretsmanager:DeleteSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
    )
    return function


def enrollment(kit: Kit) -> CapabilityFunction:
    function = kit.function(
        "enrollment",
        "Enroll, find, show, change and erase members",
        environment=kit.table_name
        | kit.identity_secret
        | kit.claims
        | {"LOYALTY_INTAKE_QUEUE_URL": kit.intake.queue.queue_url},
    )
    # A new member gets the orders that they placed as a guest.
    kit.data.table.allow(function, GET, BATCH_GET, PUT, UPDATE, DELETE, CHECK, QUERY)
    kit.intake.allow_send(function)
    kit.data.table.allow_query(function, index="history")
    kit.data.secrets.allow_read_identity(function)
    return function


def accrual(kit: Kit) -> CapabilityFunction:
    function = kit.function(
        "accrual",
        "Earn points for orders, take them back for refunds, adjust balances",
        environment=kit.table_name | kit.identity_secret | kit.claims,
    )
    kit.allow_ledger(function)
    # A refund looks up what expired from its lots. A guest's order that earns leaves the list.
    kit.data.table.allow(function, QUERY, DELETE)
    # An answer to a survey requires that its member still exists.
    kit.data.table.allow(function, CHECK)
    kit.data.table.allow_query(function, index="history")
    return function


def redemption(kit: Kit) -> CapabilityFunction:
    function = kit.function(
        "redemption",
        "Spend points on rewards, show and use vouchers",
        environment=kit.table_name | kit.identity_secret | kit.claims,
    )
    kit.allow_ledger(function)
    kit.data.table.allow_query(function, index="history")
    return function
