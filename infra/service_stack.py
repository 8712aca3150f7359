"""What can be thrown away and deployed again: functions, API, queues, bus, alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.api import HttpApi
from infra.build import Build
from infra.catalog import Catalog
from infra.data_stack import DataStack
from infra.functions import CapabilityFunction, Layers
from infra.ledger_table import BATCH_GET, CHECK, DELETE, GET, PUT, QUERY, SCAN, UPDATE
from infra.mail import Mail
from infra.monitoring import Monitoring
from infra.outbound import Outbound
from infra.queues import IntakeQueue, WorkQueue
from infra.routes import ROUTES
from infra.schedules import ScheduledWork, Wake
from infra.settings import Settings
from infra.streams import StreamReader
from infra.subscriptions import Subscription
from loyalty.domain.events import SOURCE, Event, MessageDue
from loyalty.domain.report_exports import ATTEMPTS_MAX as ATTEMPTS_AT_EXPORT_MAX
from loyalty.edge.settings import SignInSettings
from loyalty.usecases.reminders import WAKING_EVENTS, WAKING_IF_LATE
from loyalty.usecases.shop_codes import ATTEMPTS_MAX, STEPS_OF_VOUCHERS

# The gateway gives up after 30 s, a caller long before.
HTTP_TIMEOUT = Duration.seconds(10)
REPORT_TIMEOUT = Duration.seconds(29)
INTAKE_TIMEOUT = Duration.seconds(30)
STREAM_TIMEOUT = Duration.seconds(60)
SWEEP_TIMEOUT = Duration.seconds(60)
# A few mails, each of which SES may think about for 10 s.
NOTIFICATIONS_TIMEOUT = Duration.seconds(60)
# One delivery takes 13 s when everything that can be slow is.
DELIVERIES_TIMEOUT = Duration.seconds(30)
# Up to six calls of a shop, which may take 7 s each, for a shop or two.
CODES_TIMEOUT = Duration.seconds(60)
CODES_CONCURRENCY_MAX = 2
# To read off a busy day's facts who has changed.
AUDIT_TIMEOUT = Duration.seconds(300)
# The most there is: the first fold of a long history reads and sorts all of it.
COMPACTION_TIMEOUT = Duration.minutes(15)

# 50 workers settle about 2,000 members a second and leave room for the API's own functions.
SWEEP_CONCURRENCY_MAX = 50
AUDIT_CONCURRENCY_MAX = 10
# Four parts of a search, of 20 s each, and the table's work before.
PRIVACY_TIMEOUT = Duration.seconds(120)
PRIVACY_CONCURRENCY_MAX = 2
# Half a minute of work, and room for a table that throttles.
REBUILD_TIMEOUT = Duration.minutes(5)
# The least there is.
COMPACTION_CONCURRENCY_MAX = 2
# The most there is: facts to come, ten minutes to compute, and a file to go.
EXPORTS_TIMEOUT = Duration.minutes(15)
EXPORTS_CONCURRENCY_MAX = 5
# Nobody waits for it, and the table's readers shall not notice.
REBUILD_CONCURRENCY_MAX = 4
# Mornings can wait a little: everybody is due when the quiet hours end.
REMINDERS_CONCURRENCY_MAX = 20
# 2 workers send some 20 mails a second, more than the 14 that a new account of SES may.
NOTIFICATIONS_CONCURRENCY_MAX = 2

# Memory buys a share of a processor too, and a cold start is nothing but processor.
MEMORY_MIB = 1024
REPORT_MEMORY_MIB = 3008
# For facts, and for queries that outgrow the memory; 512 MB of it cost nothing.
REPORT_DISK_MIB = 4096
# For the facts, for what outgrows the memory, and for the file.
EXPORTS_DISK_MIB = 10_240


class ServiceStack(Stack):
    """One function per capability, and what wakes it."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, data: DataStack
    ) -> None:
        super().__init__(
            scope, construct_id, description="Loyalty: functions, API, queues, bus, alarms"
        )
        self._settings = settings
        self._data = data
        self._build = Build(settings)
        self._layers = Layers(self, "Layers", settings=settings, build=self._build)
        self._intake = IntakeQueue(
            self, "IntakeQueue", settings=settings, consumer_timeout=INTAKE_TIMEOUT
        )
        self._bus = events.EventBus(self, "Bus", event_bus_name=settings.stack_id("Events"))
        self._catalog = Catalog(self, "Catalog", settings=settings, buckets=data.buckets)
        self._mail = Mail(self, "Mail", settings=settings)
        functions = [
            self._program(),
            self._enrollment(),
            self._accrual(),
            self._redemption(),
            self._reporting(),
            self._webhooks(),
            self._take_in(),
        ]
        readers = {"relay": self._relay(), "archive": self._archive()}
        works = {
            "expiry": self._expiry(),
            "audit": self._audit(),
            "privacy": self._privacy(),
            "compaction": self._compaction(),
            "rebuild": self._rebuild(),
            "reminders": self._reminders(),
        }
        functions += [
            self._notifications(),
            self._deliveries(),
            self._shop_codes(),
            self._exports(),
        ]
        functions += [reader.function for reader in readers.values()]
        functions += [work.function for work in works.values()]
        self._publish(
            functions={function.name: function for function in functions},
            readers=readers,
            works=works,
        )

    def _program(self) -> CapabilityFunction:
        function = self._function(
            "program",
            "Publish and read the program document, connect storefronts, describe the API",
            environment=self._table_name
            | self._storefront_secrets
            | self._inbox_bucket
            | self._claims
            | {"LOYALTY_INTAKE_QUEUE_URL": self._intake.queue.queue_url},
        )
        self._data.table.allow(function, GET, BATCH_GET, PUT, DELETE)
        # Deliveries are listed, and replayed a thousand at a time.
        self._data.buckets.allow_fetch_delivery(function)
        self._data.buckets.allow_list_deliveries(function)
        self._intake.allow_send_many(function)
        self._data.secrets.allow_storefronts(
            function,
            "secretsmanager:CreateSecret",
            "secretsmanager:DeleteSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
        )
        return function

    def _enrollment(self) -> CapabilityFunction:
        function = self._function(
            "enrollment",
            "Enroll, find, show, change and erase members",
            environment=self._table_name
            | self._identity_secret
            | self._claims
            | {"LOYALTY_INTAKE_QUEUE_URL": self._intake.queue.queue_url},
        )
        # Whoever enrolls is given what they bought as a guest.
        self._data.table.allow(function, GET, BATCH_GET, PUT, UPDATE, DELETE, CHECK, QUERY)
        self._intake.allow_send(function)
        self._data.table.allow_query(function, index="history")
        self._data.secrets.allow_read_identity(function)
        return function

    def _accrual(self) -> CapabilityFunction:
        function = self._function(
            "accrual",
            "Earn points for orders, take them back for refunds, adjust balances",
            environment=self._table_name | self._identity_secret | self._claims,
        )
        self._allow_ledger(function)
        # A refund looks for what its lots expired; a guest's order that earns is listed no more.
        self._data.table.allow(function, QUERY, DELETE)
        # An answer to a survey relies on its member still being one; a list has a survey's answers.
        self._data.table.allow(function, CHECK)
        self._data.table.allow_query(function, index="history")
        return function

    def _redemption(self) -> CapabilityFunction:
        function = self._function(
            "redemption",
            "Spend points on rewards, show and use vouchers",
            environment=self._table_name | self._identity_secret | self._claims,
        )
        self._allow_ledger(function)
        self._data.table.allow_query(function, index="history")
        return function

    def _reporting(self) -> CapabilityFunction:
        function = self._function(
            "reporting",
            "Answer reports from the lake",
            environment=self._table_name | self._lake_bucket | self._claims | self._sign_in,
            timeout=REPORT_TIMEOUT,
            memory_mib=REPORT_MEMORY_MIB,
            layers=self._layers.analytics,
            disk_mib=REPORT_DISK_MIB,
        )
        self._data.table.allow(function, GET)
        self._data.buckets.allow_read_facts(function)
        return function

    def _webhooks(self) -> CapabilityFunction:
        function = self._function(
            "webhooks",
            "Verify, store and queue what storefronts deliver",
            environment=self._table_name
            | self._storefront_secrets
            | self._inbox_bucket
            | {"LOYALTY_INTAKE_QUEUE_URL": self._intake.queue.queue_url},
        )
        self._data.table.allow(function, GET)
        self._data.secrets.allow_storefronts(function, "secretsmanager:GetSecretValue")
        self._data.buckets.allow_store_delivery(function)
        self._intake.allow_send(function)
        return function

    def _take_in(self) -> CapabilityFunction:
        function = self._function(
            "intake",
            "Apply storefront events",
            environment=self._table_name
            | self._identity_secret
            | self._inbox_bucket
            | self._storefront_secrets
            | {"LOYALTY_INTAKE_QUEUE_URL": self._intake.queue.queue_url},
            timeout=INTAKE_TIMEOUT,
        )
        self._allow_ledger(function)
        # A refund looks for what its lots expired; a guest's order that earns is listed no more;
        # a customer who enrolls is known by nobody else.
        self._data.table.allow(function, QUERY, DELETE, CHECK)
        # Some platforms have to be asked for the order itself.
        self._data.secrets.allow_storefronts(function, "secretsmanager:GetSecretValue")
        self._data.buckets.allow_fetch_delivery(function)
        self._intake.feed(function)
        # What was kept and not queued, though nobody delivers it again.
        Wake(
            self,
            "IntakeWake",
            settings=self._settings,
            function=function,
            expression="cron(35 * * * ? *)",
        )
        self._data.buckets.allow_list_deliveries(function)
        self._intake.allow_send_many(function)
        return function

    def _relay(self) -> StreamReader:
        function = self._function(
            "relay",
            "Turn table changes into events on the bus",
            environment={"LOYALTY_BUS": self._bus.event_bus_name},
            timeout=STREAM_TIMEOUT,
        )
        function.allow("events:PutEvents", on=[self._bus.event_bus_arn])
        return StreamReader(
            self,
            "RelayStream",
            settings=self._settings,
            table=self._data.table,
            function=function,
            batch_size=100,
            # An event is worth most at once.
            batching_window=Duration.seconds(0),
            parallelization=4,
        )

    def _archive(self) -> StreamReader:
        function = self._function(
            "archive",
            "Write table changes to the lake as facts",
            environment=self._lake_bucket,
            timeout=STREAM_TIMEOUT,
        )
        self._data.buckets.allow_write_facts(function)
        return StreamReader(
            self,
            "ArchiveStream",
            settings=self._settings,
            table=self._data.table,
            function=function,
            # Few objects of many facts: half a minute of the two that freshness allows.
            batch_size=1_000,
            batching_window=Duration.seconds(30),
            parallelization=1,
        )

    def _expiry(self) -> ScheduledWork:
        function = self._function(
            "expiry",
            "Let members and vouchers catch up with the calendar",
            environment=self._table_name,
            timeout=SWEEP_TIMEOUT,
        )
        # The query of the table itself is for the registry of programs.
        self._data.table.allow(function, GET, QUERY, PUT, UPDATE)
        self._data.table.allow_query(function, index="expiring")
        return ScheduledWork(
            self,
            "ExpiryWork",
            settings=self._settings,
            function=function,
            queue_variable="LOYALTY_SWEEP_QUEUE_URL",
            concurrency_max=SWEEP_CONCURRENCY_MAX,
            expression="rate(5 minutes)",
        )

    def _audit(self) -> ScheduledWork:
        function = self._function(
            "audit",
            "Hold accounts against their entries",
            environment=self._table_name | self._lake_bucket,
            timeout=AUDIT_TIMEOUT,
        )
        self._data.table.allow(function, GET, QUERY, PUT)
        self._data.table.allow_query(function, index="history")
        self._data.buckets.allow_read_facts(function)
        return ScheduledWork(
            self,
            "AuditWork",
            settings=self._settings,
            function=function,
            queue_variable="LOYALTY_AUDIT_QUEUE_URL",
            concurrency_max=AUDIT_CONCURRENCY_MAX,
            expression="cron(15 2 * * ? *)",
        )

    def _privacy(self) -> ScheduledWork:
        function = self._function(
            "privacy",
            "Finish erasures wherever somebody can still be found",
            environment=self._table_name
            | self._identity_secret
            | self._inbox_bucket
            | self._storefront_secrets,
            timeout=PRIVACY_TIMEOUT,
        )
        self._data.table.allow(function, GET, BATCH_GET, QUERY, PUT, UPDATE, DELETE, CHECK)
        self._data.table.allow_query(function, index="history")
        self._data.secrets.allow_read_identity(function)
        self._data.secrets.allow_storefronts(function, "secretsmanager:DeleteSecret")
        self._data.buckets.allow_erase_deliveries(function)
        self._mail.allow_forget(function)
        return ScheduledWork(
            self,
            "PrivacyWork",
            settings=self._settings,
            function=function,
            queue_variable="LOYALTY_PRIVACY_QUEUE_URL",
            concurrency_max=PRIVACY_CONCURRENCY_MAX,
            expression="rate(1 hour)",
        )

    def _compaction(self) -> ScheduledWork:
        function = self._function(
            "compaction",
            "Fold the lake's small objects into few large ones",
            environment=self._table_name | self._lake_bucket,
            timeout=COMPACTION_TIMEOUT,
            memory_mib=REPORT_MEMORY_MIB,
            layers=self._layers.analytics,
            disk_mib=REPORT_DISK_MIB,
        )
        # For the registry of programs.
        self._data.table.allow(function, QUERY)
        self._data.buckets.allow_read_facts(function)
        self._data.buckets.allow_replace_facts(function)
        return ScheduledWork(
            self,
            "CompactionWork",
            settings=self._settings,
            function=function,
            queue_variable="LOYALTY_COMPACTION_QUEUE_URL",
            concurrency_max=COMPACTION_CONCURRENCY_MAX,
            # What the last minutes of an hour brought is in the lake by then.
            expression="cron(5 * * * ? *)",
        )

    def _rebuild(self) -> ScheduledWork:
        function = self._function(
            "rebuild",
            "Tell the lake everything once more, from the table",
            environment=self._table_name | self._lake_bucket,
            timeout=REBUILD_TIMEOUT,
        )
        self._data.table.allow(function, SCAN)
        self._data.buckets.allow_write_facts(function)
        return ScheduledWork(
            self,
            "RebuildWork",
            settings=self._settings,
            function=function,
            queue_variable="LOYALTY_REBUILD_QUEUE_URL",
            concurrency_max=REBUILD_CONCURRENCY_MAX,
        )

    def _reminders(self) -> ScheduledWork:
        function = self._function(
            "reminders",
            "Look at members of whom something comes up, and write what they are to be told",
            environment=self._table_name,
            timeout=SWEEP_TIMEOUT,
        )
        self._data.table.allow(function, GET, BATCH_GET, QUERY, PUT, UPDATE, DELETE, CHECK)
        self._data.table.allow_query(function, index="reminding")
        self._data.table.allow_query(function, index="history")
        work = ScheduledWork(
            self,
            "RemindersWork",
            settings=self._settings,
            function=function,
            queue_variable="LOYALTY_REMINDERS_QUEUE_URL",
            concurrency_max=REMINDERS_CONCURRENCY_MAX,
            expression="rate(5 minutes)",
        )
        waking: dict[str, tuple[Sequence[type[Event]], Mapping[str, object] | None]] = {
            "ChangedMembers": (WAKING_EVENTS, None),
            "LateMembers": (WAKING_IF_LATE, {"late": [True]}),
        }
        for name, (told, detail) in waking.items():
            Subscription(
                self,
                name,
                source=SOURCE,
                names=[event.__name__ for event in told],
                detail=detail,
                queue=work.queue,
                bus_name=self._bus.event_bus_name,
                # As a page that the function sends itself.
                says='{"v": 1, "program_id": <program>, "lane": "changed", "items": [<member>]}',
                paths={"program": "$.detail.program_id", "member": "$.detail.member_id"},
            )
        return work

    def _notifications(self) -> CapabilityFunction:
        function = self._function(
            "notifications",
            "Say members' messages by mail, and show managers how they look",
            environment=self._table_name
            | self._identity_secret
            | self._claims
            | self._mail.environment,
            timeout=NOTIFICATIONS_TIMEOUT,
            layers=self._layers.messages,
        )
        self._data.table.allow(function, GET, BATCH_GET, PUT, UPDATE)
        self._data.secrets.allow_read_identity(function)
        self._mail.allow_send(function)
        self._messages = WorkQueue(
            self,
            "Messages",
            settings=self._settings,
            function=function,
            concurrency_max=NOTIFICATIONS_CONCURRENCY_MAX,
            sends=False,
        )
        # What the quiet hours came before is hidden until they end.
        function.allow("sqs:ChangeMessageVisibility", on=[self._messages.queue.queue_arn])
        function.function.add_environment(
            "LOYALTY_NOTIFICATIONS_QUEUE_URL", self._messages.queue.queue_url
        )
        Subscription(
            self,
            "DueMessages",
            source=SOURCE,
            names=[MessageDue.__name__],
            queue=self._messages,
            bus_name=self._bus.event_bus_name,
        )
        self._mail.tell(self._messages)
        return function

    def _deliveries(self) -> CapabilityFunction:
        function = self._function(
            "deliveries",
            "Send events to merchants' endpoints as signed webhooks",
            environment=self._table_name
            | self._claims
            | {"LOYALTY_ENDPOINT_SECRETS": self._data.secrets.endpoint_prefix},
            timeout=DELIVERIES_TIMEOUT,
        )
        self._data.table.allow(function, GET, PUT, DELETE, QUERY)
        self._data.table.allow_query(function, index="history")
        self._data.secrets.allow_endpoints(
            function,
            "secretsmanager:CreateSecret",
            "secretsmanager:DeleteSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
        )
        self._outbound = Outbound(
            self,
            "Outbound",
            settings=self._settings,
            function=function,
            bus_name=self._bus.event_bus_name,
        )
        return function

    def _shop_codes(self) -> CapabilityFunction:
        function = self._function(
            "codes",
            "Let connected shops have the codes of vouchers as long as these are good",
            environment=self._table_name | self._storefront_secrets,
            timeout=CODES_TIMEOUT,
        )
        self._data.table.allow(function, GET, QUERY)
        self._data.secrets.allow_storefronts(function, "secretsmanager:GetSecretValue")
        self._codes = WorkQueue(
            self,
            "ShopCodes",
            settings=self._settings,
            function=function,
            concurrency_max=CODES_CONCURRENCY_MAX,
            batch_size=1,
            receives_max=ATTEMPTS_MAX,
            sends=False,
        )
        # A shop that is down is asked again later and later.
        function.allow("sqs:ChangeMessageVisibility", on=[self._codes.queue.queue_arn])
        function.function.add_environment("LOYALTY_CODES_QUEUE_URL", self._codes.queue.queue_url)
        Subscription(
            self,
            "StepsOfVouchers",
            source=SOURCE,
            names=[event.__name__ for event in STEPS_OF_VOUCHERS],
            queue=self._codes,
            bus_name=self._bus.event_bus_name,
        )
        return function

    def _exports(self) -> CapabilityFunction:
        function = self._function(
            "exports",
            "Write reports and facts to files that can be fetched",
            environment=self._table_name
            | self._lake_bucket
            | self._claims
            | {"LOYALTY_EXPORTS_BUCKET": self._data.buckets.exports.bucket_name},
            timeout=EXPORTS_TIMEOUT,
            memory_mib=REPORT_MEMORY_MIB,
            layers=self._layers.analytics,
            disk_mib=EXPORTS_DISK_MIB,
        )
        self._data.table.allow(function, GET, PUT, UPDATE)
        self._data.table.allow_query(function, index="history")
        self._data.buckets.allow_read_facts(function)
        self._data.buckets.allow_export(function)
        self._files = WorkQueue(
            self,
            "ReportExports",
            settings=self._settings,
            function=function,
            concurrency_max=EXPORTS_CONCURRENCY_MAX,
            batch_size=1,
            # Each attempt, the one that gives up, and two that another one forestalled.
            receives_max=ATTEMPTS_AT_EXPORT_MAX + 3,
            # No more messages are out than there are functions for them, and an attempt that was
            # killed is not left alone for an hour and a half.
            visibility_timeouts=1,
            sends=False,
        )
        function.allow(
            "sqs:SendMessage", "sqs:ChangeMessageVisibility", on=[self._files.queue.queue_arn]
        )
        function.function.add_environment("LOYALTY_EXPORTS_QUEUE_URL", self._files.queue.queue_url)
        return function

    def _allow_ledger(self, function: CapabilityFunction) -> None:
        """What it takes to find a member by identity and move points."""
        self._data.table.allow(function, GET, BATCH_GET, PUT, UPDATE)
        self._data.secrets.allow_read_identity(function)

    def _function(
        self,
        name: str,
        description: str,
        *,
        environment: Mapping[str, str],
        timeout: Duration = HTTP_TIMEOUT,
        memory_mib: int = MEMORY_MIB,
        layers: Sequence[lambda_.LayerVersion] | None = None,
        disk_mib: int | None = None,
    ) -> CapabilityFunction:
        return CapabilityFunction(
            self,
            name,
            settings=self._settings,
            build=self._build,
            layers=layers or self._layers.common,
            environment=environment,
            timeout=timeout,
            memory_mib=memory_mib,
            description=description,
            disk_mib=disk_mib,
        )

    @property
    def _table_name(self) -> dict[str, str]:
        return {"LOYALTY_TABLE": self._data.table.name}

    @property
    def _claims(self) -> dict[str, str]:
        return {f"LOYALTY_{name.upper()}": claim for name, claim in self._settings.claims}

    @property
    def _sign_in(self) -> dict[str, str]:
        """Where the pages of the reports send people to sign in, if they may come back from it."""
        identities, told = self._data.identities, self._settings.sign_in
        if told is None and identities is not None and self._settings.callback_urls:
            told = SignInSettings(
                authorize_url=identities.authorize_url,
                token_url=identities.token_url,
                client_id=identities.people_client_id,
            )
        if told is None:
            return {}
        return {f"LOYALTY_{name.upper()}": value for name, value in asdict(told).items()}

    @property
    def _identity_secret(self) -> dict[str, str]:
        return {"LOYALTY_IDENTITY_SECRET": self._data.secrets.identity_arn}

    @property
    def _storefront_secrets(self) -> dict[str, str]:
        return {"LOYALTY_STOREFRONT_SECRETS": self._data.secrets.storefront_prefix}

    @property
    def _lake_bucket(self) -> dict[str, str]:
        return {"LOYALTY_LAKE_BUCKET": self._data.buckets.lake.bucket_name}

    @property
    def _inbox_bucket(self) -> dict[str, str]:
        return {"LOYALTY_INBOX_BUCKET": self._data.buckets.inbox.bucket_name}

    def _publish(
        self,
        *,
        functions: Mapping[str, CapabilityFunction],
        readers: Mapping[str, StreamReader],
        works: Mapping[str, ScheduledWork],
    ) -> None:
        """Put the API in front, the alarms around, and the addresses into the outputs."""
        issuer, audience = self._trusted()
        api = HttpApi(
            self,
            "Http",
            settings=self._settings,
            routes=ROUTES,
            functions=functions,
            issuer=issuer,
            audience=audience,
        )
        monitoring = Monitoring(
            self,
            "Monitoring",
            settings=self._settings,
            api_id=api.id,
            functions=functions,
            intake=self._intake,
            readers=readers,
            queues={name: work.queue for name, work in works.items()}
            | self._outbound.queues
            | {"codes": self._codes, "exports": self._files},
            messages=self._messages,
        )
        functions["notifications"].function.add_environment(
            "LOYALTY_API_URL", self._settings.api_url or api.url
        )
        CfnOutput(self, "ApiId", value=api.id)
        CfnOutput(self, "ApiUrl", value=api.url)
        CfnOutput(self, "BusName", value=self._bus.event_bus_name)
        CfnOutput(self, "CatalogName", value=self._catalog.name)
        CfnOutput(self, "IntakeQueueUrl", value=self._intake.queue.queue_url)
        CfnOutput(self, "IntakeDeadLettersUrl", value=self._intake.dead_letters.queue_url)
        parked = {name: reader.dead_letters for name, reader in readers.items()}
        parked |= {name: work.queue.dead_letters for name, work in works.items()}
        parked["notifications"] = self._messages.dead_letters
        parked["codes"] = self._codes.dead_letters
        parked["exports"] = self._files.dead_letters
        parked |= {name: queue.dead_letters for name, queue in self._outbound.queues.items()}
        for name, queue in parked.items():
            CfnOutput(self, f"{name.capitalize()}DeadLettersUrl", value=queue.queue_url)
        for name, work in works.items():
            function_name = work.function.function.function_name
            CfnOutput(self, f"{name.capitalize()}FunctionName", value=function_name)
        CfnOutput(self, "AlarmTopicArn", value=monitoring.topic.topic_arn)
        CfnOutput(self, "DashboardName", value=monitoring.dashboard_name)

    def _trusted(self) -> tuple[str, tuple[str, ...]]:
        """Whose tokens the API takes, and made for which clients."""
        if self._settings.issuer:
            return self._settings.issuer, self._settings.audience
        if self._data.identities is None:
            raise TypeError("A deployment has an issuer or identities of its own.")
        return self._data.identities.issuer, self._data.identities.audience
