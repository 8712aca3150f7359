"""Functions that run on a schedule: expiries, reminders, audits, unfinished erasures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Duration

from infra.alarms import DAY, HOUR, Severity
from infra.kit import Kit
from infra.ledger_table import BATCH_GET, CHECK, DELETE, GET, PUT, QUERY, UPDATE
from infra.queues import WorkQueue, allow_send_many
from infra.schedules import Runs, ScheduledWork
from infra.subscriptions import Subscription
from loyalty.domain.events import SOURCE, Event
from loyalty.usecases.messaging.waking import WAKING_EVENTS, WAKING_IF_LATE

SWEEP_TIMEOUT = Duration.seconds(60)
# Enough to read who has changed from the facts of a busy day.
AUDIT_TIMEOUT = Duration.seconds(300)
# 50 workers settle about 2,000 members a second and leave room for the API's own functions.
SWEEP_CONCURRENCY_MAX = 50
AUDIT_CONCURRENCY_MAX = 10
# Four parts of a search, 20 s each, after the work on the table.
PRIVACY_TIMEOUT = Duration.seconds(120)
PRIVACY_CONCURRENCY_MAX = 2
# Everybody is due when the quiet hours end, and a morning mail can wait a little.
REMINDERS_CONCURRENCY_MAX = 20


def expiry(kit: Kit) -> ScheduledWork:
    function = kit.function(
        "expiry",
        "Expire and activate points and vouchers that are due",
        environment=kit.table_name,
        timeout=SWEEP_TIMEOUT,
    )
    # The registry of programs is a query of the table itself.
    kit.data.table.allow(function, GET, QUERY, PUT, UPDATE)
    kit.data.table.allow_query(function, index="expiring")
    return ScheduledWork(
        kit.stack,
        "ExpiryWork",
        settings=kit.settings,
        function=function,
        queue_variable="LOYALTY_SWEEP_QUEUE_URL",
        concurrency_max=SWEEP_CONCURRENCY_MAX,
        expression="rate(5 minutes)",
        runs=Runs("No sweep has started for a quarter of an hour."),
    )


def audit(kit: Kit, *, looks: WorkQueue) -> ScheduledWork:
    function = kit.function(
        "audit",
        "Compare accounts with their entries, and what staff did with what is usual",
        environment=kit.table_name
        | kit.lake_bucket
        | {"LOYALTY_ENGAGEMENT_QUEUE_URL": looks.queue.queue_url},
        timeout=AUDIT_TIMEOUT,
    )
    kit.data.table.allow(function, GET, BATCH_GET, QUERY, PUT)
    kit.data.table.allow_query(function, index="history")
    # The orders of the last days are counted once more.
    allow_send_many(function, looks.queue)
    kit.data.buckets.allow_read_facts(function)
    function.alarm_on(
        "BooksDiffer",
        name="books-differ",
        says="An account is not the sum of its entries; the audit's log names the member.",
        severity=Severity.PAGE,
    )
    return ScheduledWork(
        kit.stack,
        "AuditWork",
        settings=kit.settings,
        function=function,
        queue_variable="LOYALTY_AUDIT_QUEUE_URL",
        concurrency_max=AUDIT_CONCURRENCY_MAX,
        expression="cron(15 2 * * ? *)",
        runs=Runs("No audit has started for two days.", period=DAY, periods=2),
    )


def privacy(kit: Kit) -> ScheduledWork:
    function = kit.function(
        "privacy",
        "Finish erasures in every place that holds personal data",
        environment=kit.table_name
        | kit.identity_secret
        | kit.inbox_bucket
        | kit.storefront_secrets,
        timeout=PRIVACY_TIMEOUT,
    )
    kit.data.table.allow(function, GET, BATCH_GET, QUERY, PUT, UPDATE, DELETE, CHECK)
    kit.data.table.allow_query(function, index="history")
    kit.data.secrets.allow_read_identity(function)
    kit.data.secrets.allow_storefronts(function, "secretsmanager:DeleteSecret")
    kit.data.buckets.allow_erase_deliveries(function)
    kit.mail.allow_forget(function)
    function.alarm_on(
        "ErasuresLate",
        name="erasures-late",
        says="An erasure requested more than two hours ago is unfinished.",
        # Every hourly run reports it again.
        period=HOUR,
    )
    return ScheduledWork(
        kit.stack,
        "PrivacyWork",
        settings=kit.settings,
        function=function,
        queue_variable="LOYALTY_PRIVACY_QUEUE_URL",
        concurrency_max=PRIVACY_CONCURRENCY_MAX,
        expression="rate(1 hour)",
        runs=Runs(
            "No run has looked for unfinished erasures for three hours.",
            period=HOUR,
        ),
    )


def reminders(kit: Kit) -> ScheduledWork:
    function = kit.function(
        "reminders",
        "Check members with something due soon, and write their messages",
        environment=kit.table_name,
        timeout=SWEEP_TIMEOUT,
    )
    kit.data.table.allow(function, GET, BATCH_GET, QUERY, PUT, UPDATE, DELETE, CHECK)
    kit.data.table.allow_query(function, index="reminding")
    kit.data.table.allow_query(function, index="history")
    work = ScheduledWork(
        kit.stack,
        "RemindersWork",
        settings=kit.settings,
        function=function,
        queue_variable="LOYALTY_REMINDERS_QUEUE_URL",
        concurrency_max=REMINDERS_CONCURRENCY_MAX,
        expression="rate(5 minutes)",
        runs=Runs("No run has looked for due reminders for a quarter of an hour."),
    )
    waking: dict[str, tuple[Sequence[type[Event]], Mapping[str, object] | None]] = {
        "ChangedMembers": (WAKING_EVENTS, None),
        "LateMembers": (WAKING_IF_LATE, {"late": [True]}),
    }
    for name, (events, detail) in waking.items():
        Subscription(
            kit.stack,
            name,
            source=SOURCE,
            names=[event.name for event in events],
            detail=detail,
            queue=work.queue,
            bus_name=kit.bus.event_bus_name,
            # The same form as a page that the function sends to itself.
            says='{"v": 1, "program_id": <program>, "lane": "changed", "items": [<member>]}',
            paths={"program": "$.detail.program_id", "member": "$.detail.member_id"},
        )
    return work
