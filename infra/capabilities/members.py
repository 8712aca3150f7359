"""Functions for members and staff: who calls, the program, membership, points, rewards."""

from __future__ import annotations

from aws_cdk import Duration

from infra.functions import CapabilityFunction
from infra.kit import Kit
from infra.ledger_table import BATCH_GET, CHECK, DELETE, GET, PUT, QUERY, UPDATE
from infra.queues import WorkQueue, allow_send_many

# Keys of an issuer are fetched in two seconds at most, and twice if need be.
AUTHORIZER_TIMEOUT = Duration.seconds(8)


def authorizer(kit: Kit) -> CapabilityFunction:
    # It reads no data: a token says who its owner is, and nothing else does.
    return kit.function(
        "authorizer",
        "Verify the tokens of members, staff and services",
        environment=kit.trust,
        timeout=AUTHORIZER_TIMEOUT,
    )


def registry(kit: Kit) -> CapabilityFunction:
    identities = kit.data.identities
    services = identities.services if identities else None
    staff = identities.staff if identities else None
    function = kit.function(
        "registry",
        "List programs; register services; say who may do what in a program",
        environment=kit.table_name
        | kit.claims
        | {"LOYALTY_STAFF_ISSUER": kit.trust["LOYALTY_STAFF_ISSUER"]}
        | ({"LOYALTY_STAFF_POOL": staff.id} if staff else {})
        | (
            {
                "LOYALTY_SERVICES_POOL": services.id,
                "LOYALTY_SERVICES_TOKEN_URL": services.token_url,
            }
            if services
            else {}
        ),
    )
    kit.data.table.allow(function, GET, PUT, DELETE, QUERY)
    if services:
        services.allow_managing_clients(function)
    if staff:
        staff.allow_managing_people(function)
    return function


def overview(kit: Kit) -> CapabilityFunction:
    function = kit.function(
        "overview",
        "Say what needs a person, and find what a text names",
        environment=kit.table_name | kit.identity_secret | kit.claims,
    )
    # It changes nothing but the record of the actions of staff.
    kit.data.table.allow(function, GET, BATCH_GET, QUERY, PUT)
    kit.data.table.allow_query(function, index="history")
    kit.data.secrets.allow_read_identity(function)
    return function


def program(kit: Kit, *, runs: WorkQueue) -> CapabilityFunction:
    """The function; `runs` is the queue of the runs that find who is in segments."""
    function = kit.function(
        "program",
        "Publish and read the program document, keep drafts, list actions, describe the API",
        environment=kit.table_name
        | kit.claims
        | {"LOYALTY_COMPACTION_QUEUE_URL": runs.queue.queue_url},
    )
    allow_send_many(function, runs.queue)
    kit.data.table.allow(function, GET, BATCH_GET, PUT, DELETE, QUERY)
    # The actions of staff are listed by target.
    kit.data.table.allow_query(function, index="history")
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
        "Earn points for orders, take them back for refunds",
        environment=kit.table_name | kit.identity_secret | kit.claims,
    )
    kit.allow_ledger(function)
    # A refund looks up what expired from its lots. A guest's order that earns leaves the list.
    kit.data.table.allow(function, QUERY, DELETE)
    # An answer to a survey requires that its member still exists.
    kit.data.table.allow(function, CHECK)
    kit.data.table.allow_query(function, index="history")
    return function


def campaigns(kit: Kit, *, runs: WorkQueue) -> CapabilityFunction:
    """The function; `runs` is the queue of the runs that find who is in segments."""
    function = kit.function(
        "campaigns",
        "Let members join campaigns, bring friends and show what they did; keep lists of segments",
        environment=kit.table_name
        | kit.identity_secret
        | kit.claims
        | {"LOYALTY_COMPACTION_QUEUE_URL": runs.queue.queue_url},
    )
    allow_send_many(function, runs.queue)
    # It moves points for activities. To join a campaign requires that the member still exists.
    kit.data.table.allow(function, GET, BATCH_GET, PUT, UPDATE, DELETE, CHECK, QUERY)
    # A member's badges, friends and activities are listed there, and the orders that used offers
    # or came before a claim.
    kit.data.table.allow_query(function, index="history")
    kit.data.secrets.allow_read_identity(function)
    return function


def adjustments(kit: Kit) -> CapabilityFunction:
    function = kit.function(
        "adjustments",
        "Adjust balances by hand, approve what is large, decide about orders beyond safeguards",
        environment=kit.table_name | kit.identity_secret | kit.claims,
    )
    kit.allow_ledger(function)
    # To reject an order looks up what expired from its lots.
    kit.data.table.allow(function, QUERY)
    kit.data.table.allow_query(function, index="history")
    return function


def redemption(kit: Kit) -> CapabilityFunction:
    access_key = kit.data.access_key
    function = kit.function(
        "redemption",
        "Spend points on rewards, recommend them, show and use vouchers",
        environment=kit.table_name
        | kit.identity_secret
        | kit.lake_bucket
        | kit.claims
        | ({"LOYALTY_ACCESS_KEY": access_key.arn} if access_key else {}),
    )
    if access_key:
        access_key.allow_signing(function)
    kit.allow_ledger(function)
    # The owner who invites must still be a member; the member who leaves last ends the household.
    # A redemption that is reported late reads what expired since.
    kit.data.table.allow(function, CHECK, DELETE, QUERY)
    kit.data.table.allow_query(function, index="history")
    kit.data.buckets.allow_read_neighbors(function)
    return function


def console(kit: Kit) -> CapabilityFunction:
    # It reads no data: the page calls the API with its reader's token.
    return kit.function("console", "Serve the console", environment=kit.claims | kit.sign_in)
