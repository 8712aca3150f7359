"""Members' messages by mail."""

from __future__ import annotations

from aws_cdk import Duration

from infra.functions import CapabilityFunction
from infra.kit import Kit
from infra.ledger_table import BATCH_GET, GET, PUT, UPDATE
from infra.queues import WorkQueue
from infra.subscriptions import Subscription
from loyalty.domain.events import SOURCE, MessageDue

# A few mails, each of which SES may think about for 10 s.
NOTIFICATIONS_TIMEOUT = Duration.seconds(60)
# 2 workers send some 20 mails a second, more than the 14 that a new account of SES may.
NOTIFICATIONS_CONCURRENCY_MAX = 2
# Mail over the day's quota is tried every hour for as long as the queue keeps a message: ten days.
# A message that is too late is dropped before that.
NOTIFICATIONS_RECEIVES_MAX = 240


def notifications(kit: Kit) -> tuple[CapabilityFunction, WorkQueue]:
    function = kit.function(
        "notifications",
        "Mail messages to members, and preview them for managers",
        environment=kit.table_name | kit.identity_secret | kit.claims | kit.mail.environment,
        timeout=NOTIFICATIONS_TIMEOUT,
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
        # SES's rate decides.
        scales=False,
        receives_max=NOTIFICATIONS_RECEIVES_MAX,
        sends="nothing",
        # Messages wait whenever it is night.
        age_max=None,
    )
    Subscription(
        kit.stack,
        "DueMessages",
        source=SOURCE,
        names=[MessageDue.name],
        queue=messages,
        bus_name=kit.bus.event_bus_name,
    )
    kit.mail.deliver_bounces(messages)
    return function, messages
