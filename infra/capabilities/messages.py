"""Members' messages by mail."""

from __future__ import annotations

import math

from aws_cdk import Duration

from infra.functions import CapabilityFunction
from infra.kit import Kit
from infra.ledger_table import BATCH_GET, GET, PUT, UPDATE
from infra.queues import WorkQueue
from infra.settings import Settings
from infra.subscriptions import Subscription
from loyalty.domain.events import SOURCE, MessageDue

# A few mails, each of which SES may think about for 10 s.
NOTIFICATIONS_TIMEOUT = Duration.seconds(60)
# The part of the account's rate that members' mail takes. The rest is for the codes of people who
# sign up, which Cognito sends from the same account and at once.
MEMBERS_SHARE = 0.9
# A mail takes a worker a tenth of a second: five calls of the table and one of SES.
MAILS_A_SECOND_PER_WORKER = 10
# The fewest that SQS allows.
WORKERS_MIN = 2
# Mail over the day's quota is tried every hour for as long as the queue keeps a message: ten days.
# A message that is too late is dropped before that.
NOTIFICATIONS_RECEIVES_MAX = 240


def _mails_a_second(settings: Settings) -> float:
    return settings.configuration.mails_per_second * MEMBERS_SHARE


def mail_workers(settings: Settings) -> int:
    return max(WORKERS_MIN, math.ceil(_mails_a_second(settings) / MAILS_A_SECOND_PER_WORKER))


def mail_pause_ms(settings: Settings) -> int:
    """The pause of each worker between two mails, with which all keep to the account's rate."""
    return math.ceil(mail_workers(settings) / _mails_a_second(settings) * 1000)


def notifications(kit: Kit) -> tuple[CapabilityFunction, WorkQueue]:
    pace = {"LOYALTY_MAIL_PAUSE_MS": str(mail_pause_ms(kit.settings))}
    function = kit.function(
        "notifications",
        "Mail messages to members, and preview them for managers",
        environment=kit.table_name
        | kit.identity_secret
        | kit.claims
        | kit.mail.environment
        | (pace if kit.settings.paces_mail else {}),
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
        concurrency_max=mail_workers(kit.settings),
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
