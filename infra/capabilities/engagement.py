"""Engagement: orders count for challenges, beside the requests and never in them."""

from __future__ import annotations

from aws_cdk import Duration

from infra.functions import CapabilityFunction
from infra.kit import Kit
from infra.ledger_table import BATCH_GET, CHECK, DELETE, GET, PUT, QUERY, UPDATE
from infra.queues import WorkQueue

# A page holds up to 25 orders, each of which may count for many challenges.
TIMEOUT = Duration.seconds(60)
CONCURRENCY_MAX = 20


def engagement(kit: Kit) -> tuple[CapabilityFunction, WorkQueue]:
    function = kit.function(
        "engagement",
        "Count orders for challenges and referrals, and give or take back what that is worth",
        environment=kit.table_name,
        timeout=TIMEOUT,
    )
    # An activity that waits no more leaves its list.
    kit.data.table.allow(function, GET, BATCH_GET, QUERY, PUT, UPDATE, DELETE, CHECK)
    # Which orders a friend has made before and since their claim.
    kit.data.table.allow_query(function, index="history")
    queue = WorkQueue(
        kit.stack,
        "OrdersToCount",
        settings=kit.settings,
        function=function,
        concurrency_max=CONCURRENCY_MAX,
    )
    function.function.add_environment("LOYALTY_ENGAGEMENT_QUEUE_URL", queue.queue.queue_url)
    return function, queue
